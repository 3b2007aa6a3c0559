/**
 * Sessions on MinIO and RustFS. A session's name is that of a user in the product's group whom nobody is: before each
 * session its secret is made anew, used once and forgotten. What a session may do is the group's policy at the moment of
 * each call, so a change of it bites sessions that are open, and the end of that user ends all that are open by its name.
 */
import pRetry from 'p-retry';
import type { PolicyDocument } from '../../../grants/policy.ts';
import { ProvisionerError } from '../../../model/errors.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../../issuer.ts';
import { newSessionName } from '../../names.ts';
import { assumeRole } from '../../sts.ts';
import type { AdminOptions } from './admin-api.ts';
import { MinioIssuer } from './minio.ts';

export class MinioSessionIssuer implements Issuer {
  readonly kind: IssuerKind;
  readonly #users: MinioIssuer;
  readonly #options: AdminOptions;
  readonly #seconds: number;

  private constructor(users: MinioIssuer, options: AdminOptions, seconds: number) {
    this.kind = { ...users.kind, credentials: 'sessions' };
    this.#users = users;
    this.#options = options;
    this.#seconds = seconds;
  }

  /** @param seconds how long a session lasts: 900 to 43,200 on RustFS, longer on MinIO */
  static async connect(options: AdminOptions, seconds: number): Promise<MinioSessionIssuer> {
    return new MinioSessionIssuer(await MinioIssuer.connect(options, 'allowed'), options, seconds);
  }

  observe(principal: PrincipalName, options: ObserveOptions): Promise<ObservedPrincipal> {
    return this.#users.observe(principal, options);
  }

  ensurePrincipal(principal: PrincipalName): Promise<void> {
    return this.#users.ensurePrincipal(principal);
  }

  putPolicy(principal: PrincipalName, policy: PolicyDocument, found?: unknown): Promise<void> {
    return this.#users.putPolicy(principal, policy, found);
  }

  proposeKeyId(): string {
    return newSessionName();
  }

  createKey(principal: PrincipalName, name: string | null): Promise<AccessKey> {
    return this.#open(principal, name ?? newSessionName(), 'new');
  }

  renewKey(principal: PrincipalName, name: string): Promise<AccessKey> {
    return this.#open(principal, name, 'member');
  }

  disableKey(principal: PrincipalName, name: string): Promise<void> {
    return this.#users.disableKey(principal, name);
  }

  deleteKey(principal: PrincipalName, name: string): Promise<void> {
    return this.#users.deleteKey(principal, name);
  }

  deletePrincipal(principal: PrincipalName): Promise<void> {
    return this.#users.deletePrincipal(principal);
  }

  check(): Promise<void> {
    return this.#users.check();
  }

  #open(principal: PrincipalName, name: string, standing: 'new' | 'member'): Promise<AccessKey> {
    const open = () =>
      this.#users.asUser(principal, name, standing, ({ id: accessKeyId, secret: secretAccessKey }) =>
        assumeRole({
          ...this.#options,
          accessKeyId,
          secretAccessKey,
          roleArn: 'arn:aws:iam::000000000000:role/data-product',
          sessionName: name,
          seconds: this.#seconds,
        }),
      );
    return pRetry(open, {
      retries: 5,
      minTimeout: 20,
      randomize: true,
      // Another replica made the secret anew in between.
      shouldRetry: ({ error }) => error instanceof ProvisionerError && error.code === 'STORE_DENIED',
    });
  }
}
