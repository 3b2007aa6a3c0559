/**
 * Sessions of one role that the platform made: no product has a principal, and what a session may do is a policy that it
 * is opened with. It keeps that to its end, and nothing ends it before.
 */
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
import { kindOfName, newFixedName } from '../names.ts';

export interface PlatformRoleOptions {
  readonly stsEndpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly roleArn: string;
  /** 900 to what the role gives at most. */
  readonly seconds: number;
}

/** A session policy, in characters (AWS documentation, `AssumeRole`); STS bounds its packed form as well. */
const sessionPolicySize = 2048;

export class PlatformRoleIssuer implements Issuer {
  readonly kind: IssuerKind;
  readonly #options: PlatformRoleOptions;

  constructor(options: PlatformRoleOptions) {
    this.#options = options;
    this.kind = {
      store: 'AWS IAM API',
      limits: { policySize: sessionPolicySize, keysPerPrincipal: 10 },
      credentials: 'sessions',
      fixedForMs: options.seconds * 1000,
    };
  }

  /** Sessions can not be listed: those in our books stand as they are. */
  async observe(_principal: PrincipalName, { booked }: ObserveOptions): Promise<ObservedPrincipal> {
    const ours = booked.filter((name) => kindOfName(name) === 'fixed');
    return { exists: true, policy: null, keys: ours.map((id) => ({ id, active: true, endsAlone: true })) };
  }

  async ensurePrincipal(): Promise<void> {}

  async putPolicy(): Promise<void> {}

  proposeKeyId(): string {
    return newFixedName();
  }

  createKey(principal: PrincipalName, name: string | null, policy?: PolicyDocument): Promise<AccessKey> {
    return this.renewKey(principal, name ?? newFixedName(), policy);
  }

  async renewKey(principal: PrincipalName, name: string, policy?: PolicyDocument): Promise<AccessKey> {
    // Without one the session could do all that the role can.
    if (policy === undefined)
      throw new ProvisionerError('INTERNAL', 'A session was asked for without a policy.');
    const { stsEndpoint: endpoint, ...options } = this.#options;
    const key = await assumeRole({ ...options, endpoint, policy, sessionName: `${principal}-${name}` });
    return { ...key, name };
  }

  async disableKey(): Promise<void> {}

  async deleteKey(): Promise<void> {}

  async deletePrincipal(): Promise<void> {}

  async check(): Promise<void> {
    const { stsEndpoint: endpoint, region, accessKeyId, secretAccessKey } = this.#options;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new STSClient({ endpoint, region, credentials, requestHandler: storePatience });
    try {
      await client.send(new GetCallerIdentityCommand({}));
    } catch (error) {
      throw storeError('say who we are', error);
    } finally {
      client.destroy();
    }
  }
}
