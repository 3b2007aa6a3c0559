/**
 * Adapter for MinIO and RustFS: a group per product that the policy is attached to, and a user in it per access key,
 * whose name is the key's id. Two keys side by side are two users.
 */
import { randomBytes } from 'node:crypto';
import { canonicalForm, type PolicyDocument, type PolicyStatement } from '../../../grants/policy.ts';
import { joinPolicies, splitPolicy } from '../../../grants/policy-parts.ts';
import { ProvisionerError } from '../../../model/errors.ts';
import type { SelfService } from '../../../model/store-report.ts';
import { FoundPolicy, growsFrom } from '../../found-policy.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ListedKey,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../../issuer.ts';
import { newKeyId } from '../../names.ts';
import { tryEach } from '../../self-service.ts';
import { Turns } from '../../turns.ts';
import { AdminApi, type AdminOptions, type GroupInfo } from './admin-api.ts';

/** With several policies on a group there is no limit that a product could meet; this one keeps a mistake bounded. */
const limits = { policySize: 500_000, keysPerPrincipal: 10 };

/** MinIO refuses more than 20 KiB (`EntityTooLarge`), and takes any number on a group. */
const partLimits = { size: 20_000, count: Number.POSITIVE_INFINITY };

/**
 * What a key could do to itself without it: replace its own secret, make service accounts and, on RustFS, tokens of its
 * own. (MinIO refuses a policy that names `sts:AssumeRole`; tokens there end with their user.)
 */
const guardAdmin: PolicyStatement = {
  Sid: 'NoAdmin',
  Effect: 'Deny',
  Action: ['admin:*'],
  Resource: ['arn:aws:s3:::*'],
};
const guardTokens: PolicyStatement = {
  Sid: 'NoTokens',
  Effect: 'Deny',
  Action: ['sts:AssumeRole'],
  Resource: ['arn:aws:s3:::*'],
};

export class MinioIssuer implements Issuer {
  readonly kind: IssuerKind;
  readonly #options: AdminOptions;
  readonly #api: AdminApi;
  readonly #guard: readonly PolicyStatement[];
  /** RustFS loses concurrent changes to one group. */
  readonly #turns = new Turns();

  private constructor(
    options: AdminOptions,
    api: AdminApi,
    store: 'MinIO' | 'RustFS',
    tokens: 'allowed' | 'denied',
  ) {
    this.#options = options;
    this.#api = api;
    this.kind = { store, limits, credentials: 'keys', fixedForMs: null };
    this.#guard = store === 'RustFS' && tokens === 'denied' ? [guardAdmin, guardTokens] : [guardAdmin];
  }

  /**
   * Finds out which of the two it is; fails as every call does when the API is not there or refuses us.
   *
   * @param tokens whether a product's key may take session tokens, where the store can tell
   */
  static async connect(options: AdminOptions, tokens: 'allowed' | 'denied' = 'denied'): Promise<MinioIssuer> {
    const api = new AdminApi(options);
    // Both have this policy built in; only RustFS answers with an envelope around the document.
    const [builtIn] = await Promise.all([api.readPolicy('readwrite'), api.listGroups()]);
    return new MinioIssuer(options, api, builtIn?.envelope === true ? 'RustFS' : 'MinIO', tokens);
  }

  /**
   * Works as a user of this name in the product's group, whose secret is made anew for that. Sessions that the user has
   * open stay.
   *
   * @param standing `member`: the user is there, and is not made once more after its end
   * @throws ProvisionerError also `STORE_REJECTED` when there is no such group, or no such member
   */
  asUser<T>(
    principal: PrincipalName,
    name: string,
    standing: 'new' | 'member',
    use: (user: { readonly id: string; readonly secret: string }) => Promise<T> | T,
  ): Promise<T> {
    const user = { id: name, secret: newSecret() };
    const put = () => this.#api.putUser(name, user.secret, 'enabled');
    // A user without a group opens nothing, so that MinIO may make it while the group is changed.
    const early = standing === 'new' && this.kind.store === 'MinIO' ? put() : null;
    early?.catch(() => undefined);
    return this.#turns.take(principal, async () => {
      const group = await this.#api.readGroup(principal);
      // Joining would make it: a product that was torn down a moment ago must not come back by this.
      if (group === null) {
        await early?.then(() => this.#api.removeUser(name));
        throw new ProvisionerError('STORE_REJECTED', 'There is no such principal (any more).');
      }
      if (standing === 'member' && !(await this.#lookAtKey(name, group)).some(({ active }) => active))
        throw new ProvisionerError('STORE_REJECTED', `${name} was ended, or switched off.`);
      await (early ?? put());
      if (standing === 'new') await this.#join(principal, name);
      return use(user);
    });
  }

  async observe(principal: PrincipalName, { booked, thorough }: ObserveOptions): Promise<ObservedPrincipal> {
    const group = await this.#api.readGroup(principal);
    const members = group?.members ?? [];
    const [policy, keys, selfMade] = await Promise.all([
      this.#readPolicy(group),
      Promise.all([...new Set([...members, ...booked])].map((id) => this.#lookAtKey(id, group))),
      thorough ? this.#selfMadeKeys(members) : [],
    ]);
    return {
      // A group that was switched off is switched on again by `ensurePrincipal`.
      exists: group?.enabled ?? false,
      policy,
      keys: [...keys.flat(), ...selfMade],
    };
  }

  ensurePrincipal(principal: PrincipalName): Promise<void> {
    return this.#turns.take(principal, async () => {
      await this.#api.joinGroup(principal, []);
      if ((await this.#api.readGroup(principal))?.enabled !== true) await this.#api.enableGroup(principal);
    });
  }

  /**
   * What moves from one part to another stands in its new one before it leaves the old one: a change that only gives, or
   * only takes, refuses nothing on the way that is granted before and after.
   */
  putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void> {
    return this.#turns.take(principal, async () => {
      const before = (await this.#api.readGroup(principal))?.policies ?? [];
      const standing = before.filter((name) => isPart(principal, name)).sort(byNumber);
      const guarded = { ...policy, Statement: [...this.#guard, ...policy.Statement] };
      const parts = (splitPolicy(guarded, partLimits) ?? []).map((part, index) => ({
        part,
        name: partName(principal, index),
      }));
      const names = parts.map(({ name }) => name);
      for (const { name, part } of parts.filter((each) => !standing.includes(each.name)))
        await this.#api.putPolicy(name, part);
      // What somebody else attached is detached by this and stays theirs.
      const all = [...new Set([...standing, ...names])];
      if (all.toSorted().join() !== before.toSorted().join()) await this.#api.attachPolicies(principal, all);
      const changed = parts.filter(({ name }) => standing.includes(name));
      for (const { name, part } of growsFrom(found, policy) ? changed.toReversed() : changed)
        await this.#api.putPolicy(name, part);
      if (all.length === names.length) return;
      await this.#api.attachPolicies(principal, names);
      // Downwards: what a change that was cut off has left is found by counting up.
      for (const name of standing.slice(names.length).toReversed()) await this.#api.removePolicy(name);
    });
  }

  proposeKeyId(): string {
    return newKeyId();
  }

  createKey(principal: PrincipalName, name: string | null): Promise<AccessKey> {
    return this.asUser(principal, name ?? newKeyId(), 'new', ({ id, secret }) => {
      return { name: id, id, secret, session: null };
    });
  }

  renewKey(): Promise<never> {
    throw new ProvisionerError('INTERNAL', 'A lasting key is not renewed.');
  }

  disableKey(principal: PrincipalName, keyId: string): Promise<void> {
    return this.#turns.take(principal, async () => {
      const user = await this.#api.readUser(keyId).catch(async (thrown: unknown) => {
        // About one that somebody made below a key of ours the stores do not answer as about a user.
        if (await this.#disableServiceAccount(keyId)) return null;
        throw thrown;
      });
      if (user?.enabled === true) await this.#api.disableUser(keyId);
    });
  }

  deleteKey(principal: PrincipalName, keyId: string): Promise<void> {
    return this.#turns.take(principal, async () => {
      // One that somebody made below a key of ours is no user: asked about as one, the stores refuse.
      await this.#api.removeServiceAccount(keyId);
      await this.#api.removeUser(keyId);
      const group = await this.#api.readGroup(principal);
      if (group?.members.includes(keyId) === true) await this.#layGhost(principal, keyId);
    });
  }

  deletePrincipal(principal: PrincipalName): Promise<void> {
    return this.#turns.take(principal, async () => {
      const group = await this.#api.readGroup(principal);
      if (group !== null && group.policies.length > 0) await this.#api.attachPolicies(principal, []);
      // Counted up and removed downwards: a tear-down that was cut off finds the rest.
      let parts = 0;
      while ((await this.#api.readPolicy(partName(principal, parts))) !== null) parts += 1;
      while (parts > 0) await this.#api.removePolicy(partName(principal, --parts));
      if (group !== null) await this.#api.removeGroup(principal);
    });
  }

  trySelfService(principal: PrincipalName, { id, secret }: AccessKey): Promise<readonly SelfService[]> {
    const api = new AdminApi({ ...this.#options, accessKeyId: id, secretAccessKey: secret });
    return tryEach([
      ['own policy', () => api.putPolicy(principal, { Version: '2012-10-17', Statement: [guardAdmin] })],
      ['further keys', () => api.addServiceAccount(newKeyId(), newSecret())],
      ['own secret', () => api.putUser(id, newSecret(), 'enabled')],
    ]);
  }

  async check(): Promise<void> {
    await this.#api.listGroups();
  }

  /** The attached parts as one document without the guard; `null` when a part or the guard is missing. */
  async #readPolicy(group: GroupInfo | null): Promise<PolicyDocument | null> {
    if (group === null || group.policies.length === 0) return null;
    const answers = await Promise.all(group.policies.map((name) => this.#api.readPolicy(name)));
    const parts = answers.flatMap((answer) => FoundPolicy.safeParse(answer?.policy).data ?? []);
    if (parts.length < answers.length) return null;
    const whole = joinPolicies(parts);
    const guard = new Set(this.#guard.map(canonicalForm));
    const rest = whole.Statement.filter((statement) => !guard.has(canonicalForm(statement)));
    return rest.length === whole.Statement.length - guard.size ? { ...whole, Statement: rest } : null;
  }

  /**
   * A key that stands in the group, or whose user was made and did not get there. One that somebody gave more than the
   * group has is not in order either.
   */
  async #lookAtKey(id: string, group: GroupInfo | null): Promise<ListedKey[]> {
    const user = await this.#api.readUser(id);
    const member = group?.members.includes(id) ?? false;
    if (user === null) return member ? [{ id, active: false }] : [];
    const widened = user.policies.length > 0 || user.groups.length > 1;
    return [{ id, active: user.enabled && member && !widened }];
  }

  /** On RustFS only its owner and root may switch one off: there it is ended at once. `false`: there is none. */
  async #disableServiceAccount(id: string): Promise<boolean> {
    try {
      return await this.#api.disableServiceAccount(id);
    } catch (thrown) {
      const denied = thrown instanceof ProvisionerError && thrown.code === 'STORE_DENIED';
      if (this.kind.store !== 'RustFS' || !denied) throw thrown;
      await this.#api.removeServiceAccount(id);
      return true;
    }
  }

  async #selfMadeKeys(members: readonly string[]): Promise<ListedKey[]> {
    const found = await Promise.all(members.map((member) => this.#api.listServiceAccounts(member)));
    return found.flat().map((id) => ({ id, active: true }));
  }

  /**
   * RustFS can leave a removed user among its group's members, where only a user of that name can be taken out: it is
   * made once more, switched off and with a secret nobody has.
   */
  async #layGhost(principal: PrincipalName, keyId: string): Promise<void> {
    await this.#api.putUser(keyId, newSecret(), 'disabled');
    await this.#api.leaveGroup(principal, keyId);
    await this.#api.removeUser(keyId);
  }

  async #join(principal: PrincipalName, name: string): Promise<void> {
    await this.#api.joinGroup(principal, [name]);
    const group = await this.#api.readGroup(principal);
    if (group?.members.includes(name) !== true)
      throw new ProvisionerError('STORE_UNAVAILABLE', 'The store lost the new key’s place in its group.');
  }
}

function partName(principal: PrincipalName, index: number): string {
  return index === 0 ? principal : `${principal}.${index}`;
}

function isPart(principal: PrincipalName, name: string): boolean {
  return name === principal || name.startsWith(`${principal}.`);
}

/** Parts of one principal: `dp-…`, `dp-….1`, `dp-….2` … */
function byNumber(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : 1);
}

/** 40 characters, 240 random bits, none that a shell or a URL reads otherwise. */
function newSecret(): string {
  return randomBytes(30).toString('base64url');
}
