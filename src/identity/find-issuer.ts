/**
 * Which identity API the store has. The daemon starts while the store is away, so the question is asked when the first
 * answer is needed, and again until there is one.
 */
import { ProvisionerError } from '../model/errors.ts';
import type { RequestGate } from '../model/gate.ts';
import { askForToken } from './ask-for-token.ts';
import type { Issuer } from './issuer.ts';
import { AwsChangeover, type Former } from './issuers/aws-changeover.ts';
import { AwsIamIssuer, type UserOptions } from './issuers/aws-iam.ts';
import { PlatformRoleIssuer } from './issuers/aws-platform-role.ts';
import { AwsRoleIssuer } from './issuers/aws-roles.ts';
import { MinioIssuer } from './issuers/minio/minio.ts';
import { MinioSessionIssuer } from './issuers/minio/sessions.ts';
import { kindOfName, type NameKind } from './names.ts';
import { storeNameAt } from './store-name.ts';
import type { StsPlace } from './sts.ts';

/** What sessions are like. */
export interface SessionOptions {
  /** How long they last; stores give less when they have a maximum. */
  readonly seconds: number;
  /** How long a store may take until it opens the first one of a new principal. */
  readonly patienceMs: number;
  /** The one role that all sessions are of (AWS); without it each product has a role of its own. */
  readonly roleArn?: string | undefined;
}

export interface IssuerOptions {
  /** `auto`: by asking the store. */
  readonly api: 'auto' | 'minio' | 'aws-iam';
  /** Address of the S3 API; MinIO and RustFS have their admin API there too. */
  readonly endpoint: string;
  /** Address of the IAM API where it is another one. */
  readonly iamEndpoint: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What products get. */
  readonly credentials?: 'keys' | SessionOptions;
  /** STS, where it has an address of its own (AWS). */
  readonly stsEndpoint?: string | undefined;
  /** For the AWS IAM API. */
  readonly users?: UserOptions;
  /** Which single requests pass; all of them when left out. */
  readonly gate?: RequestGate;
  /** Told once. */
  readonly onFound: (issuer: Issuer) => void;
}

/**
 * @returns a function that gives the issuer, found at its first call and then kept; it throws `STORE_UNAVAILABLE`,
 * `STORE_DENIED` (wrong key, or too few rights) or `STORE_REJECTED` (no such API there)
 */
export function issuerFinder(options: IssuerOptions): () => Promise<Issuer> {
  return once(async () => {
    const issuer = await choose(options);
    options.onFound(issuer);
    return issuer;
  });
}

async function choose(options: IssuerOptions): Promise<Issuer> {
  const { api, iamEndpoint, credentials = 'keys' } = options;
  if (api === 'minio') return connectMinio(options);
  const ofOneRole = credentials !== 'keys' && credentials.roleArn !== undefined;
  if (api === 'aws-iam' || iamEndpoint !== undefined || ofOneRole) return connectIam(options);
  // MinIO's first: a server without that API takes the call for one about an object, and says 404 or 403.
  const minio = await attempt(connectMinio(options));
  if (!(minio instanceof ProvisionerError)) return minio;
  const iam = await attempt(connectIam(options));
  if (!(iam instanceof ProvisionerError)) return iam;
  throw whyNone(minio, iam);
}

function connectMinio({ credentials = 'keys', ...options }: IssuerOptions): Promise<Issuer> {
  if (credentials === 'keys') return MinioIssuer.connect(options);
  return MinioSessionIssuer.connect(options, credentials.seconds);
}

/** Whatever gave keys before, and what gives them now. */
async function connectIam(options: IssuerOptions): Promise<Issuer> {
  const { endpoint: s3Endpoint, iamEndpoint: endpoint = s3Endpoint, stsEndpoint = endpoint } = options;
  const { users = { permissionsBoundary: undefined, path: undefined }, credentials = 'keys' } = options;
  const askName = () => storeNameAt(s3Endpoint);
  const store = await (options.gate?.add(askName) ?? askName());
  const place = { ...options, endpoint, stsEndpoint, users, store };
  const formerUsers = formerOf('key', () => AwsIamIssuer.connect(place));
  const formerRoles = formerOf('session', async () => new AwsRoleIssuer({ ...place, ...leftSessions }));
  if (credentials === 'keys') return new AwsChangeover(await AwsIamIssuer.connect(place), formerRoles);
  const { roleArn, ...session } = credentials;
  await requireSessions(place);
  if (roleArn === undefined) {
    const roles = new AwsRoleIssuer({ ...place, ...session });
    await roles.check();
    return new AwsChangeover(roles, formerUsers);
  }
  const platform = new PlatformRoleIssuer({ ...place, ...session, roleArn });
  await platform.check();
  return new AwsChangeover(new AwsChangeover(platform, formerUsers), formerRoles);
}

async function requireSessions({
  stsEndpoint: endpoint,
  store,
  ...who
}: StsPlace & { readonly stsEndpoint: string; readonly store: string }): Promise<void> {
  if ((await askForToken({ ...who, endpoint })) !== 'none') return;
  const message = `The store (${store}) gives no sessions: set PROV_CREDENTIALS=keys, or PROV_STS_ENDPOINT where STS has an address of its own.`;
  throw new ProvisionerError('STORE_REJECTED', message);
}

/** Of sessions that are only ended. */
const leftSessions = { seconds: 3600, patienceMs: 0 };

function formerOf(kind: NameKind, connect: () => Promise<Issuer>): Former {
  return { owns: (name) => kindOfName(name) === kind, connect: once(connect) };
}

/** The first answer, once there is one. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    answer ??= ask().catch((thrown: unknown) => {
      answer = null;
      throw thrown;
    });
    return answer;
  };
}

async function attempt(connecting: Promise<Issuer>): Promise<Issuer | ProvisionerError> {
  try {
    return await connecting;
  } catch (error) {
    if (error instanceof ProvisionerError) return error;
    throw error;
  }
}

/** A store that did not answer is asked again; one that knows the call and refuses us says what is wrong. */
function whyNone(minio: ProvisionerError, iam: ProvisionerError): ProvisionerError {
  if (minio.code !== 'STORE_REJECTED') return minio;
  if (iam.code === 'STORE_DENIED') return iam;
  const message =
    'The store has no identity API that is known here: neither MinIO’s admin API nor the AWS IAM API. If it has an address of its own, set PROV_IAM_ENDPOINT.';
  return new ProvisionerError('STORE_REJECTED', message, { cause: iam, facts: { minio: minio.message } });
}
