/** Managed policies of the AWS IAM API, made for one user each. All calls can be repeated. */
import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachUserPolicyCommand,
  GetPolicyVersionCommand,
  type IAMClient,
  ListAttachedUserPoliciesCommand,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iam';
import { type PolicyDocument, samePolicy } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import { attempt, exists, gone, isUnknownCall, parsePolicy } from './aws-calls.ts';

/** A policy has five versions at most (IAM quotas). */
const versionCount = 5;

export interface AttachedPolicy {
  readonly name: string;
  readonly arn: string;
}

interface Version {
  readonly id: string;
  readonly inForce: boolean;
}

export class ManagedPolicies {
  readonly #client: IAMClient;

  constructor(client: IAMClient) {
    this.#client = client;
  }

  /** Whether the server has managed policies at all. */
  async areSupported(): Promise<boolean> {
    try {
      await this.listAttached('dp-probe');
      return true;
    } catch (thrown) {
      if (thrown instanceof ProvisionerError && isUnknownCall(thrown)) return false;
      throw thrown;
    }
  }

  /** Nothing when there is no such user. */
  async listAttached(user: string): Promise<readonly AttachedPolicy[]> {
    const command = new ListAttachedUserPoliciesCommand({ UserName: user });
    const answer = await attempt('list attached policies', gone, () => this.#client.send(command));
    return (answer?.AttachedPolicies ?? []).flatMap(({ PolicyName: name, PolicyArn: arn }) =>
      name === undefined || arn === undefined ? [] : [{ name, arn }],
    );
  }

  async isThere(arn: string): Promise<boolean> {
    return (await this.#versions(arn)) !== null;
  }

  /** The document in force; `null` when there is none that can be read. */
  async read(arn: string): Promise<unknown> {
    return this.#readInForce(arn, await this.#versions(arn));
  }

  /** Makes the policy, or puts a new version of it in force. */
  async put(arn: string, policy: PolicyDocument): Promise<void> {
    const versions = await this.#versions(arn);
    if (versions === null) return this.#create(arn, policy);
    if (samePolicy(policy, await this.#readInForce(arn, versions))) return;
    const old = versions.filter(({ inForce }) => !inForce).sort((a, b) => numberOf(a) - numberOf(b));
    if (versions.length >= versionCount && old[0] !== undefined) await this.#deleteVersion(arn, old[0]);
    const PolicyDocument = JSON.stringify(policy);
    const command = new CreatePolicyVersionCommand({ PolicyArn: arn, PolicyDocument, SetAsDefault: true });
    await attempt('change a managed policy', [], () => this.#client.send(command));
  }

  async attach(user: string, arn: string): Promise<void> {
    const command = new AttachUserPolicyCommand({ UserName: user, PolicyArn: arn });
    await attempt('attach a managed policy', [], () => this.#client.send(command));
  }

  async detach(user: string, arn: string): Promise<void> {
    const command = new DetachUserPolicyCommand({ UserName: user, PolicyArn: arn });
    await attempt('detach a managed policy', gone, () => this.#client.send(command));
  }

  /** It must be attached to nobody. */
  async delete(arn: string): Promise<void> {
    const versions = await this.#versions(arn);
    if (versions === null) return;
    for (const version of versions) if (!version.inForce) await this.#deleteVersion(arn, version);
    const command = new DeletePolicyCommand({ PolicyArn: arn });
    await attempt('delete a managed policy', gone, () => this.#client.send(command));
  }

  async #create(arn: string, policy: PolicyDocument): Promise<void> {
    const command = new CreatePolicyCommand({
      PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
      Path: arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1),
      PolicyDocument: JSON.stringify(policy),
      Tags: [{ Key: 'managed-by', Value: 'data-product-provisioner' }],
    });
    const made = await attempt('make a managed policy', exists, () => this.#client.send(command));
    if (made !== null) return;
    // Made by a run that was cut off a moment ago: what it says can not be compared yet.
    throw new ProvisionerError('STORE_UNAVAILABLE', `The policy ${arn} is there and can not be seen yet.`);
  }

  async #versions(arn: string): Promise<readonly Version[] | null> {
    const command = new ListPolicyVersionsCommand({ PolicyArn: arn });
    const answer = await attempt('look at a managed policy', gone, () => this.#client.send(command));
    if (answer === null) return null;
    return (answer.Versions ?? []).flatMap(({ VersionId: id, IsDefaultVersion: inForce = false }) =>
      id === undefined ? [] : [{ id, inForce }],
    );
  }

  async #readInForce(arn: string, versions: readonly Version[] | null): Promise<unknown> {
    const VersionId = versions?.find(({ inForce }) => inForce)?.id;
    if (VersionId === undefined) return null;
    const command = new GetPolicyVersionCommand({ PolicyArn: arn, VersionId });
    const answer = await attempt('read a managed policy', gone, () => this.#client.send(command));
    return parsePolicy(answer?.PolicyVersion?.Document);
  }

  async #deleteVersion(arn: string, { id }: Version): Promise<void> {
    const command = new DeletePolicyVersionCommand({ PolicyArn: arn, VersionId: id });
    await attempt('delete a version of a policy', gone, () => this.#client.send(command));
  }
}

/** `v12` → 12. */
function numberOf({ id }: Version): number {
  return Number(id.slice(1));
}
