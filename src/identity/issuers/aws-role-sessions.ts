/**
 * Which sessions of a role are in force. IAM neither lists sessions nor ends one: an inline policy of ours denies
 * everything to all whose name it does not have. (`aws:userid` of a session is `<role's id>:<session's name>`: IAM user
 * guide, "AWS global condition context keys".)
 */
import { z } from 'zod';
import type { ListedKey, PrincipalName } from '../issuer.ts';
import { Turns } from '../turns.ts';
import type { RolePolicies } from './aws-role-policies.ts';

/** Name of that policy. */
export const sessionsPolicyName = 'data-product-sessions';

/** Characters that it may take: ten names, and what stands around them. */
export const sessionsPolicySize = 600;

/** IAM shows a change everywhere within seconds (AWS documentation); what we wrote ourselves we know until then. */
const settledMs = 60_000;

/** No role's id is `off`: a session that was switched off stands there and fits nobody. */
const entryForm = /^(\*|off):(session-[A-Z2-7]{16})$/;
/** IAM takes no empty list. */
const noEntry = 'off:nobody';

/** What has more in it, or less, is not as we wrote it: then no session counts as in force. */
const SessionsPolicy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.tuple([
    z.strictObject({
      Sid: z.literal('Sessions'),
      Effect: z.literal('Deny'),
      Action: z.literal('*'),
      Resource: z.literal('*'),
      Condition: z.strictObject({
        StringNotLike: z.strictObject({
          'aws:userid': z.array(z.union([z.literal(noEntry), z.string().regex(entryForm)])),
        }),
      }),
    }),
  ]),
});

export class RoleSessions {
  readonly #policies: RolePolicies;
  readonly #turns = new Turns();
  readonly #written = new Map<
    PrincipalName,
    { readonly keys: readonly ListedKey[]; readonly atMs: number }
  >();

  constructor(policies: RolePolicies) {
    this.#policies = policies;
  }

  async list(role: PrincipalName): Promise<readonly ListedKey[]> {
    const found = SessionsPolicy.safeParse(await this.#policies.read(role, sessionsPolicyName));
    const entries = found.data?.Statement[0].Condition.StringNotLike['aws:userid'] ?? [];
    return entries.flatMap((entry) => {
      const [, reach, id] = entryForm.exec(entry) ?? [];
      return id === undefined ? [] : [{ id, active: reach === '*' }];
    });
  }

  begin(role: PrincipalName, name: string): Promise<void> {
    return this.#change(role, (keys) => [
      ...keys.filter(({ id }) => id !== name),
      { id: name, active: true },
    ]);
  }

  /** A name that is not there stays so. */
  switchOff(role: PrincipalName, name: string): Promise<void> {
    return this.#change(role, (keys) =>
      keys.map((key) => (key.id === name ? { ...key, active: false } : key)),
    );
  }

  end(role: PrincipalName, name: string): Promise<void> {
    return this.#change(role, (keys) => keys.filter(({ id }) => id !== name));
  }

  /** Forgets what was written, as the role is gone. */
  forget(role: PrincipalName): void {
    this.#written.delete(role);
  }

  #change(role: PrincipalName, change: (keys: readonly ListedKey[]) => readonly ListedKey[]): Promise<void> {
    return this.#turns.take(role, async () => {
      const before = await this.#known(role);
      const after = change(before);
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      // What came of a change without an answer is not known.
      this.#written.delete(role);
      await this.#policies.put(role, sessionsPolicyName, policyOf(after));
      this.#written.set(role, { keys: after, atMs: Date.now() });
    });
  }

  async #known(role: PrincipalName): Promise<readonly ListedKey[]> {
    for (const [other, { atMs }] of this.#written)
      if (Date.now() - atMs > settledMs) this.#written.delete(other);
    return this.#written.get(role)?.keys ?? (await this.list(role));
  }
}

function policyOf(keys: readonly ListedKey[]): z.infer<typeof SessionsPolicy> {
  const entries = keys.map(({ id, active }) => `${active ? '*' : 'off'}:${id}`);
  const StringNotLike = { 'aws:userid': entries.length === 0 ? [noEntry] : entries };
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Sessions', Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringNotLike } },
    ],
  };
}
