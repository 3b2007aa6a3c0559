/** Adapter for the AWS IAM Query API: AWS itself, versitygw, MiniStack, moto, SeaweedFS. */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUsersCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import type { PolicyDocument } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import { storeError } from '../../model/store-error.ts';
import { storePatience } from '../../model/store-patience.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ListedKey,
  ObservedPrincipal,
  PrincipalName,
} from '../issuer.ts';

/** Our one inline policy on each user. */
export const policyName = 'data-product';

/** AWS: inline policies of a user, 2,048 characters in all; two access keys per user (IAM quotas). */
const kind: IssuerKind = {
  store: 'AWS IAM API',
  limits: { policySize: 2048, keysPerPrincipal: 2 },
  credentials: 'keys',
};

export interface AwsIamOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly users: UserOptions;
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
  readonly kind = kind;
  readonly #client: IAMClient;
  readonly #onceClient: IAMClient;
  readonly #users: UserOptions;

  constructor(options: AwsIamOptions) {
    const { endpoint, region, accessKeyId, secretAccessKey } = options;
    const place = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
    // IAM allows few writes a second and throttles the rest (AWS documentation).
    this.#client = new IAMClient({ ...place, requestHandler: storePatience, maxAttempts: 5 });
    // An answer that was lost on its way may have made a key: asked again, there would be two.
    this.#onceClient = new IAMClient({ ...place, requestHandler: storePatience, maxAttempts: 1 });
    this.#users = options.users;
  }

  async observe(principal: PrincipalName): Promise<ObservedPrincipal> {
    // Asked by itself: MiniStack lists no keys for a user that does not exist, where AWS says so.
    const [user, keys, policy] = await Promise.all([
      attempt('look at the principal', gone, () =>
        this.#client.send(new GetUserCommand({ UserName: principal })),
      ),
      this.#listKeys(principal),
      this.#readPolicy(principal),
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

  async putPolicy(principal: PrincipalName, policy: PolicyDocument): Promise<void> {
    await attempt('put the policy', [], () =>
      this.#client.send(
        new PutUserPolicyCommand({
          UserName: principal,
          PolicyName: policyName,
          PolicyDocument: JSON.stringify(policy),
        }),
      ),
    );
  }

  proposeKeyId(): null {
    return null;
  }

  async createKey(principal: PrincipalName): Promise<AccessKey> {
    const answer = await attempt('create an access key', [], () =>
      this.#onceClient.send(new CreateAccessKeyCommand({ UserName: principal })),
    );
    const key = CreatedKey.safeParse(answer?.AccessKey);
    if (!key.success)
      throw new ProvisionerError('STORE_REJECTED', 'The store made an access key without id or secret.');
    return { id: key.data.AccessKeyId, secret: key.data.SecretAccessKey, session: null };
  }

  async deleteKey(principal: PrincipalName, keyId: string): Promise<void> {
    await attempt('delete an access key', gone, () =>
      this.#client.send(new DeleteAccessKeyCommand({ UserName: principal, AccessKeyId: keyId })),
    );
  }

  async deletePrincipal(principal: PrincipalName): Promise<void> {
    await attempt('delete the policy', gone, () =>
      this.#client.send(new DeleteUserPolicyCommand({ UserName: principal, PolicyName: policyName })),
    );
    await attempt('delete the principal', gone, () =>
      this.#client.send(new DeleteUserCommand({ UserName: principal })),
    );
  }

  async check(): Promise<void> {
    await attempt('list principals', [], () => this.#client.send(new ListUsersCommand({ MaxItems: 1 })));
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

  async #readPolicy(principal: PrincipalName): Promise<unknown> {
    const answer = await attempt('read the policy', gone, () =>
      this.#client.send(new GetUserPolicyCommand({ UserName: principal, PolicyName: policyName })),
    );
    return parsePolicy(answer?.PolicyDocument);
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
    this.#onceClient.destroy();
  }
}

/** IAM returns the document URL-encoded (AWS documentation); some servers return it plain. Unreadable = not ours. */
export function parsePolicy(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text.trimStart().startsWith('{') ? text : decodeURIComponent(text));
  } catch {
    return null;
  }
}

export const exists = ['EntityAlreadyExistsException', 'EntityAlreadyExists'] as const;

/** What is gone is as good as deleted. The SDK's names end in `Exception`, the wire's do not. */
export const gone = ['NoSuchEntityException', 'NoSuchEntity'] as const;

/** Runs one call; the named outcomes are expected and give `null`. */
export async function attempt<T>(
  what: string,
  expected: readonly string[],
  call: () => Promise<T>,
): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && expected.includes(error.name)) return null;
    throw storeError(what, error);
  }
}
