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
import { tryEach } from '../../self-service.ts';
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
  /** What was asked last for each principal: RustFS loses concurrent changes to one group. */
  readonly #queues = new Map<PrincipalName, Promise<unknown>>();

  private constructor(
    options: AdminOptions,
    api: AdminApi,
    store: 'MinIO' | 'RustFS',
    tokens: 'allowed' | 'denied',
  ) {
    this.#options = options;
    this.#api = api;
    this.kind = { store, limits, credentials: 'keys' };
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

  /** A user of this name in the product's group, with a fresh secret: what it had before ends, its tokens do not. */
  renewUser(
    principal: PrincipalName,
    name: string,
  ): Promise<{ readonly id: string; readonly secret: string }> {
    const user = { id: name, secret: newSecret() };
    return this.#inTurn(principal, async () => {
      const group = await this.#api.readGroup(principal);
      // Joining would make it: a product that was torn down a moment ago must not come back by this.
      if (group === null)
        throw new ProvisionerError('STORE_REJECTED', 'There is no such principal (any more).');
      await this.#api.putUser(user.id, user.secret, 'enabled');
      if (!group.members.includes(name)) await this.#api.joinGroup(principal, [name]);
      return user;
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
    return this.#inTurn(principal, async () => {
      await this.#api.joinGroup(principal, []);
      if ((await this.#api.readGroup(principal))?.enabled !== true) await this.#api.enableGroup(principal);
    });
  }

  /**
   * What moves from one part to another stands in its new one before it leaves the old one: a change that only gives, or
   * only takes, refuses nothing on the way that is granted before and after.
   */
  putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void> {
    return this.#inTurn(principal, async () => {
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

  createKey(principal: PrincipalName, id: string | null): Promise<AccessKey> {
    const key = { id: id ?? newKeyId(), secret: newSecret(), session: null };
    return this.#inTurn(principal, async () => {
      await this.#api.putUser(key.id, key.secret, 'enabled');
      await this.#api.joinGroup(principal, [key.id]);
      const group = await this.#api.readGroup(principal);
      if (group?.members.includes(key.id) !== true)
        throw new ProvisionerError('STORE_UNAVAILABLE', 'The store lost the new key’s place in its group.');
      return key;
    });
  }

  disableKey(principal: PrincipalName, keyId: string): Promise<void> {
    return this.#inTurn(principal, async () => {
      const user = await this.#api.readUser(keyId).catch(async (thrown: unknown) => {
        // About one that somebody made below a key of ours the stores do not answer as about a user.
        if (await this.#disableServiceAccount(keyId)) return null;
        throw thrown;
      });
      if (user?.enabled === true) await this.#api.disableUser(keyId);
    });
  }

  deleteKey(principal: PrincipalName, keyId: string): Promise<void> {
    return this.#inTurn(principal, async () => {
      // One that somebody made below a key of ours is no user: asked about as one, the stores refuse.
      await this.#api.removeServiceAccount(keyId);
      await this.#api.removeUser(keyId);
      const group = await this.#api.readGroup(principal);
      if (group?.members.includes(keyId) === true) await this.#layGhost(principal, keyId);
    });
  }

  deletePrincipal(principal: PrincipalName): Promise<void> {
    return this.#inTurn(principal, async () => {
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

  /** One change after another for each principal. */
  async #inTurn<T>(principal: PrincipalName, change: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(principal) ?? Promise.resolve();
    const mine = before.then(change, change);
    const settled = mine.catch(() => undefined);
    this.#queues.set(principal, settled);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(principal) === settled) this.#queues.delete(principal);
    }
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

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * `AKIA` and 16 characters, as AWS's ids look. 80 random bits, so that none is used twice: on MinIO, tokens that a user
 * of that name once had would live again.
 */
function newKeyId(): string {
  return `AKIA${[...randomBytes(16)].map((byte) => base32[byte & 31]).join('')}`;
}

/** 40 characters, 240 random bits, none that a shell or a URL reads otherwise. */
function newSecret(): string {
  return randomBytes(30).toString('base64url');
}
