/**
 * The AWS IAM API knows lasting keys by users and sessions by roles. A platform that goes over from one to the other
 * leaves principals of the kind before: as long as our books name keys of theirs, those are seen, narrowed and ended as
 * all others are.
 */
import { canonicalForm, type PolicyDocument } from '../../grants/policy.ts';
import type { SelfService } from '../../model/store-report.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../issuer.ts';

/** Gives what is not given any more. */
export interface Former {
  /** Whether a key of this name is its. */
  readonly owns: (name: string) => boolean;
  /** Made when it is first needed: it asks for rights that are needed for nothing else. */
  readonly connect: () => Promise<Issuer>;
}

export class AwsChangeover implements Issuer {
  readonly kind: IssuerKind;
  readonly #present: Issuer;
  readonly #former: Former;
  /** Principals of which a former one was seen at the last look, which comes before each change. */
  readonly #left = new Set<PrincipalName>();

  constructor(present: Issuer, former: Former) {
    this.kind = present.kind;
    this.#present = present;
    this.#former = former;
  }

  async observe(principal: PrincipalName, options: ObserveOptions): Promise<ObservedPrincipal> {
    const found = await this.#present.observe(principal, options);
    this.#left.delete(principal);
    if (!options.booked.some(this.#former.owns)) return found;
    this.#left.add(principal);
    const former = await (await this.#former.connect()).observe(principal, options);
    const keys = [...found.keys, ...former.keys];
    const { policy } = found;
    if (former.policy === null || canonicalForm(former.policy) === canonicalForm(policy))
      return { ...found, keys };
    // It differs from every wish until both say the same.
    return {
      ...found,
      policy: { ...(typeof policy === 'object' ? policy : {}), Former: former.policy },
      keys,
    };
  }

  ensurePrincipal(principal: PrincipalName): Promise<void> {
    return this.#present.ensurePrincipal(principal);
  }

  async putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void> {
    await this.#present.putPolicy(principal, policy, found);
    if (!this.#left.has(principal)) return;
    const former = await this.#former.connect();
    // Its last key may have gone in this very run.
    const { exists } = await former.observe(principal, { booked: [], thorough: false });
    if (exists) await former.putPolicy(principal, policy);
  }

  proposeKeyId(): string | null {
    return this.#present.proposeKeyId();
  }

  createKey(...words: Parameters<Issuer['createKey']>): Promise<AccessKey> {
    return this.#present.createKey(...words);
  }

  renewKey(...words: Parameters<Issuer['renewKey']>): Promise<AccessKey> {
    return this.#present.renewKey(...words);
  }

  async disableKey(principal: PrincipalName, name: string): Promise<void> {
    await (await this.#ownerOf(name)).disableKey(principal, name);
  }

  /** With the last key of a former principal goes that principal. */
  async deleteKey(principal: PrincipalName, name: string): Promise<void> {
    const owner = await this.#ownerOf(name);
    await owner.deleteKey(principal, name);
    if (owner === this.#present) return;
    const { keys } = await owner.observe(principal, { booked: [], thorough: false });
    if (keys.length === 0) await owner.deletePrincipal(principal);
  }

  async deletePrincipal(principal: PrincipalName): Promise<void> {
    await this.#present.deletePrincipal(principal);
    if (this.#left.has(principal)) await (await this.#former.connect()).deletePrincipal(principal);
    this.#left.delete(principal);
  }

  async trySelfService(principal: PrincipalName, key: AccessKey): Promise<readonly SelfService[]> {
    return (await this.#present.trySelfService?.(principal, key)) ?? [];
  }

  check(): Promise<void> {
    return this.#present.check();
  }

  async #ownerOf(name: string): Promise<Issuer> {
    return this.#former.owns(name) ? this.#former.connect() : this.#present;
  }
}
