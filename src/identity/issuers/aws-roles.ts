/**
 * Sessions on AWS: an IAM role per product, which only we may assume. Its inline policy is evaluated at each call, so a
 * change of it bites sessions that are open.
 */
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  type IAMClient,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  type Role,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import pRetry from 'p-retry';
import { z } from 'zod';
import { canonicalForm, type PolicyDocument } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../issuer.ts';
import { newSessionName } from '../names.ts';
import { assumeRole, whoWeAre } from '../sts.ts';
import { besideIn, policyName, withBeside } from './aws-beside.ts';
import { attempt, createIamClient, exists, gone, parsePolicy } from './aws-calls.ts';
import type { AwsIamOptions } from './aws-iam.ts';
import { RolePolicies } from './aws-role-policies.ts';
import { RoleSessions, sessionsPolicyName, sessionsPolicySize } from './aws-role-sessions.ts';

export interface AwsRolesOptions extends AwsIamOptions {
  /** STS, where it has an address of its own. */
  readonly stsEndpoint: string;
  /** From 900 on; a role gives 43,200 at most. */
  readonly seconds: number;
  /** How long a role may take to be seen everywhere. */
  readonly patienceMs: number;
}

/** AWS: inline policies of a role, 10,240 characters in all (IAM quotas); ten sessions by name keep a mistake bounded. */
const limits = { policySize: 10_240 - sessionsPolicySize, keysPerPrincipal: 10 };

/** `MaxSessionDuration` of a role (AWS documentation). */
const shortestMax = 3600;
const longestMax = 43_200;

const FoundTrust = z.record(z.string(), z.unknown());

export class AwsRoleIssuer implements Issuer {
  readonly kind: IssuerKind;
  readonly #options: AwsRolesOptions;
  readonly #client: IAMClient;
  readonly #policies: RolePolicies;
  readonly #sessions: RoleSessions;
  /** Our own ARN: the only one that a product's role trusts. */
  #ourselves: Promise<string> | null = null;

  /** Asks nothing yet. */
  constructor(options: AwsRolesOptions) {
    this.#options = options;
    const { store = 'AWS IAM API' } = options;
    this.kind = { store, limits, credentials: 'sessions', fixedForMs: null };
    this.#client = createIamClient(options, 5);
    this.#policies = new RolePolicies(this.#client, [policyName, sessionsPolicyName]);
    this.#sessions = new RoleSessions(this.#policies);
  }

  async observe(principal: PrincipalName, { thorough }: ObserveOptions): Promise<ObservedPrincipal> {
    const [role, trust, policy, keys, others] = await Promise.all([
      this.#readRole(principal),
      this.#trust(),
      this.#policies.read(principal, policyName),
      this.#sessions.list(principal),
      thorough ? this.#policies.look(principal) : {},
    ]);
    if (role === null) return { exists: false, policy: null, keys: [] };
    const found = parsePolicy(role.AssumeRolePolicyDocument);
    const trusted = canonicalForm(found) === canonicalForm(trust);
    return {
      // One that is not as it should be is put right by `ensurePrincipal`.
      exists: this.#isBounded(role) && role.MaxSessionDuration === this.#maxSeconds,
      policy: withBeside(policy, {
        ...others,
        ...(trusted ? {} : { trust: FoundTrust.safeParse(found).data ?? { unreadable: true } }),
      }),
      keys,
    };
  }

  async ensurePrincipal(principal: PrincipalName): Promise<void> {
    const { permissionsBoundary: boundary, path } = this.#options.users;
    const role = {
      RoleName: principal,
      AssumeRolePolicyDocument: JSON.stringify(await this.#trust()),
      MaxSessionDuration: this.#maxSeconds,
      Tags: [{ Key: 'managed-by', Value: 'data-product-provisioner' }],
      ...(path === undefined ? {} : { Path: path }),
      ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
    };
    const made = await attempt('create the principal', exists, () =>
      this.#client.send(new CreateRoleCommand(role)),
    );
    if (made === null) await this.#putRight(principal);
  }

  async putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void> {
    const beside = besideIn(found);
    if (Object.keys(beside.trust).length > 0) await this.#putTrust(principal);
    await this.#policies.takeOff(principal, beside);
    await this.#policies.put(principal, policyName, policy);
  }

  proposeKeyId(): string {
    return newSessionName();
  }

  async createKey(principal: PrincipalName, name: string | null): Promise<AccessKey> {
    const chosen = name ?? newSessionName();
    await this.#sessions.begin(principal, chosen);
    return this.renewKey(principal, chosen);
  }

  /** A role that was made, or trusts us, since a moment is not known everywhere: until then STS refuses. */
  renewKey(principal: PrincipalName, name: string): Promise<AccessKey> {
    return pRetry(() => this.#open(principal, name), {
      retries: 100,
      minTimeout: 250,
      maxTimeout: 2000,
      maxRetryTime: this.#options.patienceMs,
      shouldRetry: ({ error }) =>
        error instanceof ProvisionerError &&
        !error.turnedAway &&
        (error.retryable || error.code === 'STORE_DENIED'),
    });
  }

  disableKey(principal: PrincipalName, name: string): Promise<void> {
    return this.#sessions.switchOff(principal, name);
  }

  deleteKey(principal: PrincipalName, name: string): Promise<void> {
    return this.#sessions.end(principal, name);
  }

  async deletePrincipal(principal: PrincipalName): Promise<void> {
    await this.#policies.removeAll(principal);
    await attempt('delete the principal', gone, () =>
      this.#client.send(new DeleteRoleCommand({ RoleName: principal })),
    );
    this.#sessions.forget(principal);
  }

  async check(): Promise<void> {
    await attempt('list principals', [], () => this.#client.send(new ListRolesCommand({ MaxItems: 1 })));
  }

  get #maxSeconds(): number {
    return Math.min(longestMax, Math.max(shortestMax, this.#options.seconds));
  }

  #isBounded({ PermissionsBoundary: found }: Role): boolean {
    const wanted = this.#options.users.permissionsBoundary;
    return wanted === undefined || wanted === found?.PermissionsBoundaryArn;
  }

  async #putRight(principal: PrincipalName): Promise<void> {
    const { permissionsBoundary: boundary } = this.#options.users;
    const role = { RoleName: principal, MaxSessionDuration: this.#maxSeconds };
    await attempt('change the principal', [], () => this.#client.send(new UpdateRoleCommand(role)));
    if (boundary === undefined) return;
    const bounded = { RoleName: principal, PermissionsBoundary: boundary };
    await attempt('bound the principal', [], () =>
      this.#client.send(new PutRolePermissionsBoundaryCommand(bounded)),
    );
  }

  async #putTrust(principal: PrincipalName): Promise<void> {
    const PolicyDocument = JSON.stringify(await this.#trust());
    const command = new UpdateAssumeRolePolicyCommand({ RoleName: principal, PolicyDocument });
    await attempt('say who may assume the role', [], () => this.#client.send(command));
  }

  async #open(principal: PrincipalName, name: string): Promise<AccessKey> {
    const role = await this.#readRole(principal);
    if (role?.Arn === undefined)
      throw new ProvisionerError('STORE_UNAVAILABLE', 'The role can not be seen yet.');
    const { stsEndpoint: endpoint, seconds: wanted } = this.#options;
    // One from before a longer life was asked for gives what it gave, until it is put right.
    const seconds = Math.min(wanted, role.MaxSessionDuration ?? shortestMax);
    return assumeRole({ ...this.#options, endpoint, roleArn: role.Arn, sessionName: name, seconds });
  }

  async #readRole(principal: PrincipalName): Promise<Role | null> {
    const answer = await attempt('look at the principal', gone, () =>
      this.#client.send(new GetRoleCommand({ RoleName: principal })),
    );
    return answer?.Role ?? null;
  }

  async #trust() {
    this.#ourselves ??= whoWeAre({ ...this.#options, endpoint: this.#options.stsEndpoint }).catch(
      (thrown: unknown) => {
        this.#ourselves = null;
        throw thrown;
      },
    );
    return {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: await this.#ourselves }, Action: 'sts:AssumeRole' }],
    };
  }
}
