/** Policies of a role of the AWS IAM API: ours, and what somebody else gave it beside them. All calls can be repeated. */
import {
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { Beside } from './aws-beside.ts';
import { attempt, gone, parsePolicy } from './aws-calls.ts';

export class RolePolicies {
  readonly #client: IAMClient;
  readonly #ours: readonly string[];

  /** @param ours names of our inline policies */
  constructor(client: IAMClient, ours: readonly string[]) {
    this.#client = client;
    this.#ours = ours;
  }

  /** `null` when there is none. */
  async read(role: string, name: string): Promise<unknown> {
    const command = new GetRolePolicyCommand({ RoleName: role, PolicyName: name });
    const answer = await attempt('read the policy', gone, () => this.#client.send(command));
    return parsePolicy(answer?.PolicyDocument);
  }

  async put(role: string, name: string, policy: unknown): Promise<void> {
    const PolicyDocument = JSON.stringify(policy);
    const command = new PutRolePolicyCommand({ RoleName: role, PolicyName: name, PolicyDocument });
    await attempt('put the policy', [], () => this.#client.send(command));
  }

  /** What is not ours. */
  async look(role: string): Promise<Pick<Beside, 'inlinePolicies' | 'attachedPolicies'>> {
    const [names, attachedPolicies] = await Promise.all([this.#listInline(role), this.#listAttached(role)]);
    const theirs = names.filter((name) => !this.#ours.includes(name));
    const documents = await Promise.all(
      theirs.map(async (name) => [name, await this.read(role, name)] as const),
    );
    return { inlinePolicies: Object.fromEntries(documents), attachedPolicies: [...attachedPolicies] };
  }

  async takeOff(
    role: string,
    { inlinePolicies, attachedPolicies }: Pick<Beside, 'inlinePolicies' | 'attachedPolicies'>,
  ): Promise<void> {
    for (const name of Object.keys(inlinePolicies)) await this.#delete(role, name);
    for (const arn of attachedPolicies) await this.#detach(role, arn);
  }

  /** Everything that the role has, whoever gave it: with any of it, it can not be deleted. */
  async removeAll(role: string): Promise<void> {
    for (const name of await this.#listInline(role)) await this.#delete(role, name);
    for (const arn of await this.#listAttached(role)) await this.#detach(role, arn);
  }

  async #listInline(role: string): Promise<readonly string[]> {
    const command = new ListRolePoliciesCommand({ RoleName: role });
    const answer = await attempt('list policies', gone, () => this.#client.send(command));
    return answer?.PolicyNames ?? [];
  }

  /** ARNs. */
  async #listAttached(role: string): Promise<readonly string[]> {
    const command = new ListAttachedRolePoliciesCommand({ RoleName: role });
    const answer = await attempt('list attached policies', gone, () => this.#client.send(command));
    return (answer?.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []);
  }

  async #delete(role: string, name: string): Promise<void> {
    const command = new DeleteRolePolicyCommand({ RoleName: role, PolicyName: name });
    await attempt('delete the policy', gone, () => this.#client.send(command));
  }

  async #detach(role: string, arn: string): Promise<void> {
    const command = new DetachRolePolicyCommand({ RoleName: role, PolicyArn: arn });
    await attempt('detach a managed policy', gone, () => this.#client.send(command));
  }
}
