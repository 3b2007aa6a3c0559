/** Adapter for the AWS IAM Query API: AWS itself, versitygw, MiniStack, moto, SeaweedFS. */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  GetUserCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListUsersCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import pRetry from 'p-retry';
import { z } from 'zod';
import { assemblePolicy, type PolicyDocument } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import type { HomeName } from '../../model/home.ts';
import type { SelfService } from '../../model/store-report.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ListedKey,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../issuer.ts';
import { tryEach } from '../self-service.ts';
import { policyName } from './aws-beside.ts';
import { attempt, createIamClient, exists, gone, type IamPlace, isThrottled } from './aws-calls.ts';
import { UserPolicies } from './aws-user-policies.ts';

export interface AwsIamOptions extends IamPlace {
  readonly users: UserOptions;
  /** The store's name, where it is known. */
  readonly store?: string;
}

/** What each user gets beside its policy, where the platform wants it. */
export interface UserOptions {
  /** ARN of the policy that bounds what any policy can grant. */
  readonly permissionsBoundary: string | undefined;
  /** Path of our users, for example `/data-products/`: policies of people can name it. */
  readonly path: string | undefined;
}

const CreatedKey = z.object({ AccessKeyId: z.string().min(16), SecretAccessKey: z.string().min(16) });

export class AwsIamIssuer implements Issuer, Disposable {
  readonly kind: IssuerKind;
  readonly #place: IamPlace;
  readonly #client: IAMClient;
  readonly #onceClient: IAMClient;
  readonly #policies: UserPolicies;
  readonly #users: UserOptions;

  private constructor(
    { users, store = 'AWS IAM API', ...place }: AwsIamOptions,
    client: IAMClient,
    onceClient: IAMClient,
    policies: UserPolicies,
  ) {
    this.#place = place;
    this.#client = client;
    this.#onceClient = onceClient;
    this.#policies = policies;
    this.#users = users;
    // Two access keys per user (IAM quotas).
    const limits = { policySize: policies.size, keysPerPrincipal: 2 };
    this.kind = { store, limits, credentials: 'keys', fixedForMs: null };
  }

  /** Finds out what the server has; fails as every call does when the API is not there or refuses us. */
  static async connect(options: AwsIamOptions): Promise<AwsIamIssuer> {
    const client = createIamClient(options, 5);
    // An answer that was lost on its way may have made a key: asked again, there would be two. (One that was throttled
    // has made none, and is asked again: see `createKey`.)
    const onceClient = createIamClient(options, 1);
    try {
      await listUsers(client);
      return new AwsIamIssuer(options, client, onceClient, await UserPolicies.connect(client));
    } catch (error) {
      client.destroy();
      onceClient.destroy();
      throw error;
    }
  }

  async observe(principal: PrincipalName, { thorough }: ObserveOptions): Promise<ObservedPrincipal> {
    // Asked by itself: MiniStack lists no keys for a user that does not exist, where AWS says so.
    const [user, keys, policy] = await Promise.all([
      attempt('look at the principal', gone, () =>
        this.#client.send(new GetUserCommand({ UserName: principal })),
      ),
      this.#listKeys(principal),
      this.#policies.read(principal, thorough),
    ]);
    // A user from before the boundary was wanted is not as it should be: `ensurePrincipal` bounds it.
    const bounded = this.#isBounded(user?.User?.PermissionsBoundary?.PermissionsBoundaryArn);
    return { exists: user !== null && bounded, policy, keys };
  }

  async ensurePrincipal(principal: PrincipalName): Promise<void> {
    const { permissionsBoundary: boundary, path } = this.#users;
    const user = {
      UserName: principal,
      Tags: [{ Key: 'managed-by', Value: 'data-product-provisioner' }],
      ...(path === undefined ? {} : { Path: path }),
      ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
    };
    const made = await attempt('create the principal', exists, () =>
      this.#client.send(new CreateUserCommand(user)),
    );
    if (made !== null || boundary === undefined) return;
    await attempt('bound the principal', [], () =>
      this.#client.send(
        new PutUserPermissionsBoundaryCommand({ UserName: principal, PermissionsBoundary: boundary }),
      ),
    );
  }

  putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void> {
    return this.#policies.put(principal, policy, found);
  }

  proposeKeyId(): null {
    return null;
  }

  async createKey(principal: PrincipalName): Promise<AccessKey> {
    const command = new CreateAccessKeyCommand({ UserName: principal });
    const make = () => attempt('create an access key', [], () => this.#onceClient.send(command));
    const answer = await pRetry(make, {
      retries: 4,
      minTimeout: 200,
      shouldRetry: ({ error }) => error instanceof ProvisionerError && isThrottled(error),
    });
    const key = CreatedKey.safeParse(answer?.AccessKey);
    if (!key.success)
      throw new ProvisionerError('STORE_REJECTED', 'The store made an access key without id or secret.');
    const { AccessKeyId: id, SecretAccessKey: secret } = key.data;
    return { name: id, id, secret, session: null };
  }

  renewKey(): Promise<never> {
    throw new ProvisionerError('INTERNAL', 'A lasting key is not renewed.');
  }

  async disableKey(principal: PrincipalName, keyId: string): Promise<void> {
    const command = new UpdateAccessKeyCommand({
      UserName: principal,
      AccessKeyId: keyId,
      Status: 'Inactive',
    });
    await attempt('switch an access key off', gone, () => this.#client.send(command));
  }

  async deleteKey(principal: PrincipalName, keyId: string): Promise<void> {
    await attempt('delete an access key', gone, () =>
      this.#client.send(new DeleteAccessKeyCommand({ UserName: principal, AccessKeyId: keyId })),
    );
  }

  async deletePrincipal(principal: PrincipalName): Promise<void> {
    await this.#policies.removeAll(principal);
    await attempt('delete the principal', gone, () =>
      this.#client.send(new DeleteUserCommand({ UserName: principal })),
    );
  }

  async trySelfService(
    principal: PrincipalName,
    { id: accessKeyId, secret: secretAccessKey }: AccessKey,
  ): Promise<readonly SelfService[]> {
    const client = createIamClient({ ...this.#place, accessKeyId, secretAccessKey }, 3);
    const PolicyDocument = JSON.stringify(assemblePolicy('none', 'none' as HomeName, []));
    const policy = { UserName: principal, PolicyName: policyName, PolicyDocument };
    try {
      return await tryEach([
        [
          'own policy',
          () => attempt('put the policy', [], () => client.send(new PutUserPolicyCommand(policy))),
        ],
        [
          'further keys',
          () =>
            attempt('create an access key', [], () =>
              client.send(new CreateAccessKeyCommand({ UserName: principal })),
            ),
        ],
      ]);
    } finally {
      client.destroy();
    }
  }

  async check(): Promise<void> {
    await listUsers(this.#client);
  }

  #isBounded(found: string | undefined): boolean {
    const wanted = this.#users.permissionsBoundary;
    return wanted === undefined || wanted === found;
  }

  async #listKeys(principal: PrincipalName): Promise<readonly ListedKey[]> {
    const answer = await attempt('list access keys', gone, () =>
      this.#client.send(new ListAccessKeysCommand({ UserName: principal })),
    );
    return (answer?.AccessKeyMetadata ?? []).flatMap((key) =>
      key.AccessKeyId === undefined ? [] : [{ id: key.AccessKeyId, active: key.Status !== 'Inactive' }],
    );
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
    this.#onceClient.destroy();
  }
}

async function listUsers(client: IAMClient): Promise<void> {
  await attempt('list principals', [], () => client.send(new ListUsersCommand({ MaxItems: 1 })));
}
