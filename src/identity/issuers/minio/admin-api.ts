/**
 * The calls of `/minio/admin/v3` that the adapter needs, as MinIO and RustFS both answer them. Signed like S3
 * (service `s3`; `iam` is refused), with the hash of the body as it is sent.
 */
import { z } from 'zod';
import { ProvisionerError } from '../../../model/errors.ts';
import type { RequestGate } from '../../../model/gate.ts';
import { httpStatusOf, storeError } from '../../../model/store-error.ts';
import { jsonOf } from '../../../signing/answer-error.ts';
import { type SignedRequest, type Signer, signedExchange } from '../../../signing/signed-exchange.ts';
import { inTries } from '../../../signing/tries.ts';
import { openPayload, payloadSealer } from './payload.ts';

export interface AdminOptions extends Signer {
  /** Which single requests pass; all of them when left out. */
  readonly gate?: RequestGate;
}

const Group = z.object({
  status: z.enum(['enabled', 'disabled']),
  members: z.array(z.string()).nullish(),
  policy: z.string().nullish(),
});
const User = z.object({
  status: z.enum(['enabled', 'disabled']),
  policyName: z.string().nullish(),
  memberOf: z.array(z.string()).nullish(),
});
const PolicyDocumentAnswer = z.union([
  z
    .object({ policy_name: z.string(), policy: z.unknown() })
    .transform(({ policy }) => ({ policy, envelope: true })),
  z
    .object({ Statement: z.unknown() })
    .loose()
    .transform((policy) => ({ policy, envelope: false })),
]);
const ServiceAccounts = z.object({
  accounts: z.array(z.object({ accessKey: z.string() })).nullish(),
});

/** A group as the store describes it. */
export interface GroupInfo {
  readonly enabled: boolean;
  readonly members: readonly string[];
  readonly policies: readonly string[];
}

/** A user as the store describes it. */
export interface UserInfo {
  readonly enabled: boolean;
  /** Attached to the user itself. */
  readonly policies: readonly string[];
  readonly groups: readonly string[];
}

/**
 * All methods throw `STORE_UNAVAILABLE`, `STORE_DENIED` or `STORE_REJECTED`, and can be repeated: what a repeated call
 * finds done already is done. `null` = there is no such thing.
 */
export class AdminApi {
  readonly #options: AdminOptions;
  readonly #exchange: ReturnType<typeof signedExchange>;
  readonly #seal: ReturnType<typeof payloadSealer>;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#exchange = signedExchange(options);
    this.#seal = payloadSealer(options.secretAccessKey);
  }

  async listGroups(): Promise<readonly string[]> {
    const text = await this.#ask('list groups', { method: 'GET', path: 'groups' });
    return this.#parse('list groups', z.array(z.string()), text ?? '[]');
  }

  async readGroup(group: string): Promise<GroupInfo | null> {
    const text = await this.#askForOne('read a group', { method: 'GET', path: 'group', query: { group } });
    if (text === null) return null;
    const { status, members, policy } = this.#parse('read a group', Group, text);
    return { enabled: status === 'enabled', members: members ?? [], policies: namesIn(policy) };
  }

  /** Adds the members, making the group when it is new; one that was switched off stays so. */
  async joinGroup(group: string, members: readonly string[]): Promise<void> {
    const body = JSON.stringify({ group, members, groupStatus: 'enabled', isRemove: false });
    await this.#ask('change a group', { method: 'PUT', path: 'update-group-members', body });
  }

  async enableGroup(group: string): Promise<void> {
    const query = { group, status: 'enabled' };
    await this.#ask('switch a group on', { method: 'PUT', path: 'set-group-status', query });
  }

  async leaveGroup(group: string, member: string): Promise<void> {
    const body = JSON.stringify({ group, members: [member], groupStatus: 'enabled', isRemove: true });
    await this.#askForOne('change a group', { method: 'PUT', path: 'update-group-members', body });
  }

  /** The group must be empty. */
  async removeGroup(group: string): Promise<void> {
    const body = JSON.stringify({ group, members: [], groupStatus: 'enabled', isRemove: true });
    await this.#askForOne('remove a group', { method: 'PUT', path: 'update-group-members', body });
  }

  /** Attaches exactly these policies to the group; none = detach. */
  async attachPolicies(group: string, policies: readonly string[]): Promise<void> {
    const query = { policyName: policies.join(','), userOrGroup: group, isGroup: 'true' };
    await this.#ask('attach a policy', { method: 'PUT', path: 'set-user-or-group-policy', query });
  }

  async putPolicy(name: string, policy: unknown): Promise<void> {
    const body = JSON.stringify(policy);
    await this.#ask('put the policy', { method: 'PUT', path: 'add-canned-policy', query: { name }, body });
  }

  /** The document, and whether it came in RustFS's envelope (MinIO sends it bare). */
  async readPolicy(name: string): Promise<{ policy: unknown; envelope: boolean } | null> {
    const call: SignedRequest = { method: 'GET', path: 'info-canned-policy', query: { name } };
    const text = await this.#askForOne('read the policy', call);
    return text === null ? null : this.#parse('read the policy', PolicyDocumentAnswer, text);
  }

  /** The policy must be attached to nothing. */
  async removePolicy(name: string): Promise<void> {
    await this.#askForOne('delete the policy', {
      method: 'DELETE',
      path: 'remove-canned-policy',
      query: { name },
    });
  }

  async readUser(accessKey: string): Promise<UserInfo | null> {
    const call: SignedRequest = { method: 'GET', path: 'user-info', query: { accessKey } };
    const text = await this.#askForOne('look at an access key', call);
    if (text === null) return null;
    const { status, policyName, memberOf } = this.#parse('look at an access key', User, text);
    return { enabled: status === 'enabled', policies: namesIn(policyName), groups: memberOf ?? [] };
  }

  /** An existing user of that name gets this secret and status: look first. */
  async putUser(accessKey: string, secretKey: string, status: 'enabled' | 'disabled'): Promise<void> {
    const body = await this.#seal(JSON.stringify({ secretKey, status }));
    await this.#ask('create an access key', { method: 'PUT', path: 'add-user', query: { accessKey }, body });
  }

  async removeUser(accessKey: string): Promise<void> {
    const call: SignedRequest = { method: 'DELETE', path: 'remove-user', query: { accessKey } };
    await this.#askForOne('delete an access key', call);
  }

  /** Keys that the user's own key (or an administrator) made below it. Costs an Argon2 on MinIO. */
  async listServiceAccounts(user: string): Promise<readonly string[]> {
    const call: SignedRequest = { method: 'GET', path: 'list-service-accounts', query: { user } };
    const sealed = await this.#send('list service accounts', call);
    if (sealed === null || sealed.length === 0) return [];
    const text = await openPayload(this.#options.secretAccessKey, sealed).catch((cause: unknown) => {
      throw new ProvisionerError(
        'STORE_REJECTED',
        'The store sent service accounts that can not be decrypted.',
        {
          cause,
        },
      );
    });
    const { accounts } = this.#parse('list service accounts', ServiceAccounts, text);
    return (accounts ?? []).map((account) => account.accessKey);
  }

  /** Makes one below the identity that we are here. */
  async addServiceAccount(accessKey: string, secretKey: string): Promise<void> {
    const body = await this.#seal(JSON.stringify({ accessKey, secretKey }));
    await this.#ask('make a service account', { method: 'PUT', path: 'add-service-account', body });
  }

  async disableUser(accessKey: string): Promise<void> {
    const query = { accessKey, status: 'disabled' };
    await this.#ask('switch an access key off', { method: 'PUT', path: 'set-user-status', query });
  }

  /** `false`: there is no such service account, though there may be a user of that name. */
  async disableServiceAccount(accessKey: string): Promise<boolean> {
    const body = await this.#seal(JSON.stringify({ newStatus: 'off' }));
    const call: SignedRequest = {
      method: 'POST',
      path: 'update-service-account',
      query: { accessKey },
      body,
    };
    return (await this.#send('switch a service account off', call, [404, 400])) !== null;
  }

  /** A user of that name stays. RustFS answers 400 where MinIO says 404. */
  async removeServiceAccount(accessKey: string): Promise<void> {
    const call: SignedRequest = { method: 'DELETE', path: 'delete-service-account', query: { accessKey } };
    await this.#send('delete a service account', call, [404, 400]);
  }

  async #ask(what: string, call: SignedRequest): Promise<string | null> {
    return (await this.#send(what, call))?.toString('utf8') ?? null;
  }

  async #askForOne(what: string, call: SignedRequest): Promise<string | null> {
    return (await this.#send(what, call, [404]))?.toString('utf8') ?? null;
  }

  /** Sends, again when the store could not answer. A status of `missing` gives `null`. */
  async #send(what: string, call: SignedRequest, missing: readonly number[] = []): Promise<Buffer | null> {
    return inTries(this.#options.gate, () => this.#sendOnce(what, call, missing));
  }

  async #sendOnce(what: string, call: SignedRequest, missing: readonly number[]): Promise<Buffer | null> {
    try {
      return (await this.#exchange({ ...call, path: `/minio/admin/v3/${call.path}` })).body;
    } catch (error) {
      if (missing.includes(httpStatusOf(error) ?? 0)) return null;
      throw storeError(what, error);
    }
  }

  #parse<T extends z.ZodType>(what: string, schema: T, text: string): z.infer<T> {
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    const message = `The store's answer to the call to ${what} is not understood: ${z.prettifyError(parsed.error)}`;
    throw new ProvisionerError('STORE_REJECTED', message);
  }
}

function namesIn(list: string | null | undefined): readonly string[] {
  return (list ?? '').split(',').filter((name) => name !== '');
}
