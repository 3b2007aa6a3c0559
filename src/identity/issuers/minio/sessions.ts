/**
 * Sessions on MinIO and RustFS. The product's group has one user whom nobody is: before each session its secret is made
 * anew, used once and forgotten. What a session may do is the group's policy at the moment of each call, so a change of
 * it bites sessions that are open, and the end of that user ends them all.
 */
import type { PolicyDocument } from '../../../grants/policy.ts';
import { assumeRole } from '../../assume-role.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../../issuer.ts';
import type { AdminOptions } from './admin-api.ts';
import { MinioIssuer } from './minio.ts';

export class MinioSessionIssuer implements Issuer {
  readonly kind: IssuerKind;
  readonly #keys: MinioIssuer;
  readonly #options: AdminOptions;
  readonly #seconds: number;

  private constructor(keys: MinioIssuer, options: AdminOptions, seconds: number) {
    this.kind = { ...keys.kind, credentials: 'sessions' };
    this.#keys = keys;
    this.#options = options;
    this.#seconds = seconds;
  }

  /** @param seconds how long a session lasts: 900 to 43,200 on RustFS, longer on MinIO */
  static async connect(options: AdminOptions, seconds: number): Promise<MinioSessionIssuer> {
    return new MinioSessionIssuer(await MinioIssuer.connect(options, 'allowed'), options, seconds);
  }

  /** Sessions can not be listed: those in our books stand as they are, and end by themselves. */
  async observe(principal: PrincipalName, { booked, thorough }: ObserveOptions): Promise<ObservedPrincipal> {
    const found = await this.#keys.observe(principal, { booked: [], thorough });
    const sessions = booked.map((id) => ({ id, active: true }));
    const others = found.keys.filter(({ id }) => id !== dealerOf(principal));
    return { ...found, keys: [...sessions, ...others] };
  }

  ensurePrincipal(principal: PrincipalName): Promise<void> {
    return this.#keys.ensurePrincipal(principal);
  }

  putPolicy(principal: PrincipalName, policy: PolicyDocument): Promise<void> {
    return this.#keys.putPolicy(principal, policy);
  }

  proposeKeyId(): null {
    return null;
  }

  async createKey(principal: PrincipalName): Promise<AccessKey> {
    const { endpoint, region } = this.#options;
    const dealer = await this.#keys.renewUser(principal, dealerOf(principal));
    return assumeRole({
      endpoint,
      region,
      accessKeyId: dealer.id,
      secretAccessKey: dealer.secret,
      roleArn: 'arn:aws:iam::000000000000:role/data-product',
      sessionName: principal,
      seconds: this.#seconds,
    });
  }

  disableKey(principal: PrincipalName, keyId: string): Promise<void> {
    return this.#keys.disableKey(principal, keyId);
  }

  /** Ends lasting keys, of an earlier time or not ours. A session ends by itself. */
  deleteKey(principal: PrincipalName, keyId: string): Promise<void> {
    return this.#keys.deleteKey(principal, keyId);
  }

  async deletePrincipal(principal: PrincipalName): Promise<void> {
    await this.#keys.deleteKey(principal, dealerOf(principal));
    await this.#keys.deletePrincipal(principal);
  }

  check(): Promise<void> {
    return this.#keys.check();
  }
}

/** No access key looks like this, so it is never taken for one. */
function dealerOf(principal: PrincipalName): string {
  return `${principal}-sessions`;
}
