/**
 * Sessions on AWS: an IAM role per product, which only we may assume. Its inline policy is evaluated at each call, so a
 * change of it bites sessions that are open.
 */
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { PolicyDocument } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import { storeError } from '../../model/store-error.ts';
import { storePatience } from '../../model/store-patience.ts';
import { assumeRole } from '../assume-role.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../issuer.ts';
import { policyName } from './aws-beside.ts';
import { attempt, exists, gone, parsePolicy } from './aws-calls.ts';
import type { AwsIamOptions } from './aws-iam.ts';

export interface AwsRolesOptions extends AwsIamOptions {
  /** STS, where it has an address of its own. */
  readonly stsEndpoint: string;
  /** 900 to 43,200. */
  readonly seconds: number;
}

/** AWS: inline policies of a role, 10,240 characters in all (IAM quotas); sessions are not counted. */
const kind: IssuerKind = {
  store: 'AWS IAM API',
  limits: { policySize: 10_240, keysPerPrincipal: 100 },
  credentials: 'sessions',
};

export class AwsRoleIssuer implements Issuer {
  readonly kind = kind;
  readonly #options: AwsRolesOptions;
  readonly #client: IAMClient;

  constructor(options: AwsRolesOptions) {
    const { endpoint, region, accessKeyId, secretAccessKey } = options;
    const credentials = { accessKeyId, secretAccessKey };
    this.#options = options;
    this.#client = new IAMClient({
      endpoint,
      region,
      credentials,
      requestHandler: storePatience,
      maxAttempts: 5,
    });
  }

  /** Sessions can not be listed: those in our books stand as they are, and end by themselves. */
  async observe(principal: PrincipalName, { booked }: ObserveOptions): Promise<ObservedPrincipal> {
    const [role, policy] = await Promise.all([
      this.#readRole(principal),
      attempt('read the policy', gone, () =>
        this.#client.send(new GetRolePolicyCommand({ RoleName: principal, PolicyName: policyName })),
      ),
    ]);
    return {
      exists: role !== null,
      policy: parsePolicy(policy?.PolicyDocument),
      keys: role === null ? [] : booked.map((id) => ({ id, active: true })),
    };
  }

  async ensurePrincipal(principal: PrincipalName): Promise<void> {
    const { permissionsBoundary: boundary, path } = this.#options.users;
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: await this.#whoWeAre() }, Action: 'sts:AssumeRole' }],
    };
    const role = {
      RoleName: principal,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      MaxSessionDuration: Math.max(3600, this.#options.seconds),
      Tags: [{ Key: 'managed-by', Value: 'data-product-provisioner' }],
      ...(path === undefined ? {} : { Path: path }),
      ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
    };
    await attempt('create the principal', exists, () => this.#client.send(new CreateRoleCommand(role)));
  }

  async putPolicy(principal: PrincipalName, policy: PolicyDocument): Promise<void> {
    const PolicyDocument = JSON.stringify(policy);
    await attempt('put the policy', [], () =>
      this.#client.send(
        new PutRolePolicyCommand({ RoleName: principal, PolicyName: policyName, PolicyDocument }),
      ),
    );
  }

  proposeKeyId(): null {
    return null;
  }

  async createKey(principal: PrincipalName): Promise<AccessKey> {
    const roleArn = await this.#readRole(principal);
    if (roleArn === null) throw new ProvisionerError('STORE_UNAVAILABLE', 'The role can not be seen yet.');
    const { stsEndpoint: endpoint, region, accessKeyId, secretAccessKey, seconds } = this.#options;
    const who = { endpoint, region, accessKeyId, secretAccessKey };
    return assumeRole({ ...who, roleArn, sessionName: principal, seconds });
  }

  async disableKey(): Promise<void> {}

  /** A session ends by itself; there is nothing else that could be ended. */
  async deleteKey(): Promise<void> {}

  async deletePrincipal(principal: PrincipalName): Promise<void> {
    await attempt('delete the policy', gone, () =>
      this.#client.send(new DeleteRolePolicyCommand({ RoleName: principal, PolicyName: policyName })),
    );
    await attempt('delete the principal', gone, () =>
      this.#client.send(new DeleteRoleCommand({ RoleName: principal })),
    );
  }

  async check(): Promise<void> {
    await attempt('list principals', [], () => this.#client.send(new ListRolesCommand({ MaxItems: 1 })));
  }

  /** Its ARN. */
  async #readRole(principal: PrincipalName): Promise<string | null> {
    const answer = await attempt('look at the principal', gone, () =>
      this.#client.send(new GetRoleCommand({ RoleName: principal })),
    );
    return answer?.Role?.Arn ?? null;
  }

  /** Our own ARN: the only one that a product's role trusts. */
  async #whoWeAre(): Promise<string> {
    const { stsEndpoint: endpoint, region, accessKeyId, secretAccessKey } = this.#options;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new STSClient({ endpoint, region, credentials, requestHandler: storePatience });
    try {
      const { Arn } = await client.send(new GetCallerIdentityCommand({}));
      if (Arn === undefined) throw new Error('the answer names nobody');
      return Arn;
    } catch (error) {
      throw storeError('say who we are', error);
    } finally {
      client.destroy();
    }
  }
}
