/**
 * Which identity API the store has. The daemon starts while the store is away, so the question is asked when the first
 * answer is needed, and again until there is one.
 */
import { ProvisionerError } from '../model/errors.ts';
import { askForToken } from './ask-for-token.ts';
import type { Issuer, RequestBudget } from './issuer.ts';
import { AwsIamIssuer, type UserOptions } from './issuers/aws-iam.ts';
import { AwsRoleIssuer } from './issuers/aws-roles.ts';
import { MinioIssuer } from './issuers/minio/minio.ts';
import { MinioSessionIssuer } from './issuers/minio/sessions.ts';
import { storeNameAt } from './store-name.ts';

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
  /** What products get: lasting keys, or sessions of so many seconds. */
  readonly credentials?: 'keys' | { readonly seconds: number };
  /** STS, where it has an address of its own (AWS). */
  readonly stsEndpoint?: string | undefined;
  /** For the AWS IAM API. */
  readonly users?: UserOptions;
  /** Bounds single requests; none when left out. */
  readonly budget?: RequestBudget;
  /** Told once. */
  readonly onFound: (issuer: Issuer) => void;
}

/**
 * @returns a function that gives the issuer, found at its first call and then kept; it throws `STORE_UNAVAILABLE`,
 * `STORE_DENIED` (wrong key, or too few rights) or `STORE_REJECTED` (no such API there)
 */
export function issuerFinder(options: IssuerOptions): () => Promise<Issuer> {
  let found: Promise<Issuer> | null = null;
  const find = async () => {
    const issuer = await choose(options);
    options.onFound(issuer);
    return issuer;
  };
  return () => {
    found ??= find().catch((error: unknown) => {
      found = null;
      throw error;
    });
    return found;
  };
}

async function choose(options: IssuerOptions): Promise<Issuer> {
  const { api, iamEndpoint } = options;
  if (api === 'minio') return connectMinio(options);
  if (api === 'aws-iam' || iamEndpoint !== undefined) return connectIam(options);
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

async function connectIam(options: IssuerOptions): Promise<Issuer> {
  const {
    endpoint: s3Endpoint,
    iamEndpoint: endpoint = s3Endpoint,
    stsEndpoint = endpoint,
    credentials = 'keys',
  } = options;
  const { users = { permissionsBoundary: undefined, path: undefined } } = options;
  const store = await storeNameAt(s3Endpoint);
  if (credentials === 'keys') return AwsIamIssuer.connect({ ...options, endpoint, users, store });
  const { seconds } = credentials;
  const issuer = new AwsRoleIssuer({ ...options, endpoint, stsEndpoint, users, seconds, store });
  await issuer.check();
  if ((await askForToken({ ...options, endpoint: stsEndpoint })) === 'none') {
    const message = `The store (${store}) gives no sessions: set PROV_CREDENTIALS=keys, or PROV_STS_ENDPOINT where STS has an address of its own.`;
    throw new ProvisionerError('STORE_REJECTED', message);
  }
  return issuer;
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
