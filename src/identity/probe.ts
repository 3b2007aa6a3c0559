/** What a store really does, shown at start with a principal that is thrown away: a policy is only as good as who keeps it. */
import type { PolicyDocument } from '../grants/policy.ts';
import { ProvisionerError } from '../model/errors.ts';
import type { Capabilities, SelfService } from '../model/store-report.ts';
import type { AccessKey, Issuer, PrincipalName } from './issuer.ts';

export interface ProbeOptions {
  /** One for each place that probes: two probes of one name would delete each other's keys. */
  readonly principal: ProbeName;
  /** Opens one prefix that belongs to no product. */
  readonly policy: PolicyDocument;
  /**
   * Shows with a key that it opens that prefix and nothing else; throws `PROOF_FAILED` when it does not, with the fact
   * `opens`: `too much` or `too little`.
   */
  readonly prove: (key: AccessKey) => Promise<void>;
  /** Whether the store comes to refuse the key. */
  readonly isRefused: (key: AccessKey) => Promise<boolean>;
  /** What a key that asks for a session token of its own is told; `none`: nobody gives any there. */
  readonly askForToken: (key: AccessKey) => Promise<'given' | 'refused' | 'none'>;
}

/** The same each time, so that what a killed probe left is used and removed by the next. */
export type ProbeName = 'dp-probe' | 'dp-probe-doctor';

/**
 * @throws ProvisionerError as `Issuer` does, or `PROOF_FAILED` when the store did not let the key in where its policy
 * does: then nothing was learned
 */
export async function probeStore(issuer: Issuer, options: ProbeOptions): Promise<Capabilities> {
  const probe = new Probe(issuer, options);
  await probe.clear();
  try {
    return await probe.run();
  } finally {
    await probe.clear();
  }
}

class Probe {
  readonly #issuer: Issuer;
  readonly #options: ProbeOptions;
  readonly #principal: PrincipalName;

  constructor(issuer: Issuer, options: ProbeOptions) {
    this.#issuer = issuer;
    this.#options = options;
    this.#principal = options.principal as string as PrincipalName;
  }

  async run(): Promise<Capabilities> {
    await this.#issuer.ensurePrincipal(this.#principal);
    await this.#issuer.putPolicy(this.#principal, this.#options.policy);
    const first = await this.#makeKey();
    const policies = await this.#whatIsAllowed(first);
    const secondKey = this.#issuer.kind.limits.keysPerPrincipal > 1 && (await this.#takesAnother());
    if (this.#issuer.kind.credentials === 'sessions')
      return { policies, secondKey, switchOff: true, selfService: [], sessions: true };
    await this.#issuer.disableKey(this.#principal, first.id);
    const switchOff = await this.#options.isRefused(first);
    return { policies, secondKey, switchOff, ...(await this.#trySelfService()) };
  }

  async clear(): Promise<void> {
    const { exists } = await this.#endKeys();
    if (exists) await this.#issuer.deletePrincipal(this.#principal);
  }

  #makeKey(): Promise<AccessKey> {
    return this.#issuer.createKey(this.#principal, this.#issuer.proposeKeyId(), this.#options.policy);
  }

  async #endKeys(): Promise<{ readonly exists: boolean }> {
    const { keys, exists } = await this.#issuer.observe(this.#principal, { booked: [], thorough: true });
    for (const { id } of keys) await this.#issuer.deleteKey(this.#principal, id);
    return { exists: exists || keys.length > 0 };
  }

  /** `enforced`, or what the store allowed beside the policy; anything else that is thrown says nothing about it. */
  async #whatIsAllowed(key: AccessKey): Promise<string> {
    try {
      await this.#options.prove(key);
      return 'enforced';
    } catch (thrown) {
      if (thrown instanceof ProvisionerError && thrown.facts.opens === 'too much') return thrown.message;
      throw thrown;
    }
  }

  async #takesAnother(): Promise<boolean> {
    const second = await this.#makeKey();
    // What is wrong with the policies was seen with the first key: here it is about being let in at all.
    await this.#whatIsAllowed(second);
    const { keys } = await this.#issuer.observe(this.#principal, { booked: [second.id], thorough: false });
    return this.#issuer.kind.credentials === 'sessions' || keys.filter(({ active }) => active).length === 2;
  }

  /** With a key of its own, which may be worth nothing afterwards; a store with room for few has it by then. */
  async #trySelfService(): Promise<Pick<Capabilities, 'selfService' | 'sessions'>> {
    await this.#endKeys();
    const key = await this.#makeKey();
    await this.#whatIsAllowed(key);
    const token = await this.#options.askForToken(key);
    const tokens: readonly SelfService[] = token === 'given' ? ['session tokens'] : [];
    const others = (await this.#issuer.trySelfService?.(this.#principal, key)) ?? [];
    return { selfService: [...others, ...tokens], sessions: token !== 'none' };
  }
}
