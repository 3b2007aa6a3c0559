/** What a user of the AWS IAM API may do: our inline policy or, when that would be too small, parts of it attached. */
import { type IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { type PolicyDocument, policySize } from '../../grants/policy.ts';
import { joinPolicies, overlap, splitPolicy } from '../../grants/policy-parts.ts';
import { ProvisionerError } from '../../model/errors.ts';
import { FoundPolicy, growsFrom } from '../found-policy.ts';
import type { PrincipalName } from '../issuer.ts';
import { besideIn, policyName, UserSurroundings, withBeside } from './aws-beside.ts';
import { attempt } from './aws-calls.ts';
import { PolicyParts } from './aws-policy-parts.ts';

/** AWS: inline policies of a user, 2,048 characters in all; managed ones 6,144 each, 10 attached (IAM quotas). */
const inlineSize = 2048;
export const partLimits = { size: 6144, count: 10 };

/** A policy of this size can be cut into parts within the limits, whatever its names: a test holds it to that. */
export const partedSize = 55_000;

const noneAttached = { ours: [], theirs: [] };

export class UserPolicies {
  readonly #client: IAMClient;
  readonly #surroundings: UserSurroundings;
  /** `null`: the server has no managed policies. */
  readonly #parts: PolicyParts | null;

  private constructor(client: IAMClient, parts: PolicyParts | null) {
    this.#client = client;
    this.#surroundings = new UserSurroundings(client);
    this.#parts = parts;
  }

  /** Finds out what the server has. */
  static async connect(client: IAMClient): Promise<UserPolicies> {
    const parts = new PolicyParts(client);
    return new UserPolicies(client, (await parts.areSupported()) ? parts : null);
  }

  /** Characters that a policy may have. */
  get size(): number {
    return this.#parts === null ? inlineSize : partedSize;
  }

  /**
   * The policy as one document, with what stands beside it; `null`: nothing.
   *
   * @param thorough also looks for inline policies and groups that are not ours, and for parts that were left
   */
  async read(user: PrincipalName, thorough: boolean): Promise<unknown> {
    const [inline, attached, others] = await Promise.all([
      this.#surroundings.readInline(user, policyName),
      this.#parts?.listAttached(user) ?? noneAttached,
      thorough ? this.#surroundings.look(user) : { inlinePolicies: {}, groups: [] },
    ]);
    const last = attached.ours.at(-1)?.number ?? 0;
    const [documents, left] = await Promise.all([
      this.#parts?.read(attached.ours) ?? [],
      thorough ? (this.#parts?.findLeft(user, last + 1) ?? []) : [],
    ]);
    // Both forms at once: growing or shrinking was cut off.
    const late = documents.length > 0 && inline !== null ? { [policyName]: inline } : {};
    return withBeside(documents.length === 0 ? inline : joined(documents), {
      inlinePolicies: { ...others.inlinePolicies, ...late },
      attachedPolicies: [...attached.theirs],
      groups: others.groups,
      leftPolicies: [...left],
    });
  }

  /**
   * A change that only gives, or only takes, refuses nothing on the way that is granted before and after.
   *
   * @param found what `read` gave: what it names beside ours is taken off, and nothing else
   * @throws ProvisionerError `STORE_REJECTED` when the policy has no room
   */
  async put(user: PrincipalName, policy: PolicyDocument, found: unknown): Promise<void> {
    const beside = besideIn(found);
    // First, because it takes room.
    await this.#takeOff(user, beside);
    const attached = (await this.#parts?.listAttached(user)) ?? noneAttached;
    const documents = policySize(policy) <= inlineSize ? [] : this.#split(policy);
    if (documents.length === 0) await this.#putInline(user, policy);
    else {
      await this.#parts?.put(user, documents, attached, growsFrom(found, policy));
      const grew = attached.ours.length === 0 || policyName in beside.inlinePolicies;
      if (grew) await this.#surroundings.deleteInline(user, policyName);
    }
    if (attached.ours.length > documents.length || beside.leftPolicies.length > 0)
      await this.#parts?.removeFrom(user, documents.length + 1, attached);
  }

  /** Everything that the user has, whoever gave it: with any of it, it can not be deleted. */
  async removeAll(user: PrincipalName): Promise<void> {
    const [names, groups, attached] = await Promise.all([
      this.#surroundings.listInline(user),
      this.#surroundings.listGroups(user),
      this.#parts?.listAttached(user) ?? noneAttached,
    ]);
    for (const name of names) await this.#surroundings.deleteInline(user, name);
    for (const group of groups) await this.#surroundings.leaveGroup(user, group);
    for (const arn of attached.theirs) await this.#parts?.detach(user, arn);
    await this.#parts?.removeFrom(user, 1, attached);
  }

  async #takeOff(user: PrincipalName, beside: ReturnType<typeof besideIn>): Promise<void> {
    const names = Object.keys(beside.inlinePolicies).filter((name) => name !== policyName);
    for (const name of names) await this.#surroundings.deleteInline(user, name);
    for (const group of beside.groups) await this.#surroundings.leaveGroup(user, group);
    for (const arn of beside.attachedPolicies) await this.#parts?.detach(user, arn);
  }

  #split(policy: PolicyDocument): readonly PolicyDocument[] {
    const documents = this.#parts === null ? null : splitPolicy(policy, partLimits);
    if (documents !== null) return documents;
    const message = `The policy has ${policySize(policy)} characters; the store has room for ${this.size}.`;
    throw new ProvisionerError('STORE_REJECTED', message);
  }

  async #putInline(user: PrincipalName, policy: PolicyDocument): Promise<void> {
    const PolicyDocument = JSON.stringify(policy);
    const command = new PutUserPolicyCommand({ UserName: user, PolicyName: policyName, PolicyDocument });
    await attempt('put the policy', [], () => this.#client.send(command));
  }
}

/** As one document; parts that are not as a finished change leaves them stay apart, and so differ from every wish. */
function joined(documents: readonly unknown[]): unknown {
  const read = documents.map((document) => FoundPolicy.safeParse(document));
  const parts = read.flatMap(({ data }) => data ?? []);
  return parts.length < documents.length || overlap(parts) ? { Parts: documents } : joinPolicies(parts);
}
