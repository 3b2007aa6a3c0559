/**
 * Sessions of one role that the platform made: no product has a principal, and what a session may do is a policy that it
 * is opened with. It keeps that to its end, and nothing ends it before.
 */
import type { PolicyDocument } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import type {
  AccessKey,
  Issuer,
  IssuerKind,
  ObservedPrincipal,
  ObserveOptions,
  PrincipalName,
} from '../issuer.ts';
import { kindOfName, newFixedName } from '../names.ts';
import { assumeRole, type StsPlace, whoWeAre } from '../sts.ts';

export interface PlatformRoleOptions extends Omit<StsPlace, 'endpoint'> {
  readonly stsEndpoint: string;
  readonly roleArn: string;
  /** The store's name, where it is known. */
  readonly store?: string;
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
      store: options.store ?? 'AWS IAM API',
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
    await whoWeAre({ ...this.#options, endpoint: this.#options.stsEndpoint });
  }
}
