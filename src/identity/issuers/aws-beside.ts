/** What somebody else gave a user of ours on the AWS IAM API, beside what we gave it: found, told and taken off. */
import {
  DeleteUserPolicyCommand,
  GetUserPolicyCommand,
  type IAMClient,
  ListGroupsForUserCommand,
  ListUserPoliciesCommand,
  RemoveUserFromGroupCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import { ProvisionerError } from '../../model/errors.ts';
import { attempt, gone, isUnknownCall, parsePolicy } from './aws-calls.ts';

/** Our one inline policy on each user. */
export const policyName = 'data-product';

/** It stands in what is found, so that it differs from what is wanted, and in the audit; what is empty is left out. */
const Beside = z.object({
  /** Name → document: these exist nowhere else. */
  inlinePolicies: z.record(z.string(), z.unknown()).default({}),
  /** ARNs of managed policies. */
  attachedPolicies: z.array(z.string()).default([]),
  groups: z.array(z.string()).default([]),
  /** ARNs of managed policies of ours that a change which was cut off has left. */
  leftPolicies: z.array(z.string()).default([]),
  /** Who may assume a role, where that is not ours alone. */
  trust: z.record(z.string(), z.unknown()).default({}),
});
export type Beside = z.infer<typeof Beside>;

const WithBeside = z.object({ Beside });

/** What `withBeside` put there. */
export function besideIn(found: unknown): Beside {
  return WithBeside.safeParse(found).data?.Beside ?? Beside.parse({});
}

/** The policy as it was found, which is no longer the one wanted when there is anything beside it. */
export function withBeside(policy: unknown, beside: Partial<Beside>): unknown {
  const some = Object.entries(beside).filter(([, found]) => Object.keys(found).length > 0);
  if (some.length === 0) return policy;
  return { ...(typeof policy === 'object' ? policy : {}), Beside: Object.fromEntries(some) };
}

/** Inline policies and groups of users; managed policies are `ManagedPolicies`. */
export class UserSurroundings {
  readonly #client: IAMClient;

  constructor(client: IAMClient) {
    this.#client = client;
  }

  /** Names of its inline policies, ours among them. */
  async listInline(user: string): Promise<readonly string[]> {
    const command = new ListUserPoliciesCommand({ UserName: user });
    const answer = await attempt('list policies', gone, () => this.#client.send(command));
    return answer?.PolicyNames ?? [];
  }

  /** `null` when there is none. */
  async readInline(user: string, name: string): Promise<unknown> {
    const command = new GetUserPolicyCommand({ UserName: user, PolicyName: name });
    const answer = await attempt('read the policy', gone, () => this.#client.send(command));
    return parsePolicy(answer?.PolicyDocument);
  }

  async deleteInline(user: string, name: string): Promise<void> {
    const command = new DeleteUserPolicyCommand({ UserName: user, PolicyName: name });
    await attempt('delete the policy', gone, () => this.#client.send(command));
  }

  /** None on a server that has no groups. */
  async listGroups(user: string): Promise<readonly string[]> {
    const command = new ListGroupsForUserCommand({ UserName: user });
    try {
      const answer = await attempt('list groups', gone, () => this.#client.send(command));
      return (answer?.Groups ?? []).flatMap(({ GroupName }) => GroupName ?? []);
    } catch (thrown) {
      if (thrown instanceof ProvisionerError && isUnknownCall(thrown)) return [];
      throw thrown;
    }
  }

  async leaveGroup(user: string, group: string): Promise<void> {
    const command = new RemoveUserFromGroupCommand({ UserName: user, GroupName: group });
    await attempt('leave a group', gone, () => this.#client.send(command));
  }

  /** Inline policies that are not ours, with what they say, and groups. */
  async look(user: string): Promise<Pick<Beside, 'inlinePolicies' | 'groups'>> {
    const [names, groups] = await Promise.all([this.listInline(user), this.listGroups(user)]);
    const theirs = names.filter((name) => name !== policyName);
    const documents = await Promise.all(
      theirs.map(async (name) => [name, await this.readInline(user, name)] as const),
    );
    return { inlinePolicies: Object.fromEntries(documents), groups: [...groups] };
  }
}
