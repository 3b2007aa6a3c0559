/** Settings → where portal and store are and who we are there; for the daemon and for what looks at it from beside. */
import type { Environment } from '../config/schema.ts';
import { assemblePolicy } from '../grants/policy.ts';
import { askForToken } from '../identity/ask-for-token.ts';
import type { IssuerOptions, SessionOptions } from '../identity/find-issuer.ts';
import type { Issuer } from '../identity/issuer.ts';
import { type ProbeName, probeStore } from '../identity/probe.ts';
import { canaryHome, closedCanaryHome } from '../model/home.ts';
import { noProduct } from '../model/ids.ts';
import type { Capabilities } from '../model/store-report.ts';
import type { PortalClientOptions } from '../portal/create-client.ts';
import type { PortalAuth } from '../portal/credentials.ts';
import { isRefused, proveKey } from '../storage/proof.ts';
import type { S3Options } from '../storage/s3.ts';
import type { ObjectStore } from '../storage/store.ts';

/** The bucket and where it is. */
export function placeOf(env: Environment) {
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket, PROV_S3_ADDRESSING: addressing } = env;
  return { endpoint, region, bucket, addressing };
}

/** Our own identity in the store. */
export function adminOf(env: Environment): Pick<S3Options, 'accessKeyId' | 'secretAccessKey'> {
  return { accessKeyId: env.S3_ACCESS_KEY, secretAccessKey: env.S3_SECRET_KEY };
}

/** Where the store's identity API is to be looked for. */
export function issuerOptionsOf(env: Environment): Omit<IssuerOptions, 'onFound'> {
  return {
    ...placeOf(env),
    ...adminOf(env),
    api: env.PROV_ISSUER,
    iamEndpoint: env.PROV_IAM_ENDPOINT,
    credentials: env.PROV_CREDENTIALS === 'keys' ? 'keys' : sessionsOf(env),
    stsEndpoint: env.PROV_STS_ENDPOINT,
    users: { permissionsBoundary: env.PROV_AWS_PERMISSIONS_BOUNDARY, path: env.PROV_AWS_IAM_PATH },
  };
}

function sessionsOf(env: Environment): SessionOptions {
  const { PROV_SESSION_LIFETIME: lifeMs, PROV_PROOF_TIMEOUT: patienceMs, PROV_AWS_ROLE_ARN: roleArn } = env;
  return { seconds: lifeMs / 1000, patienceMs, roleArn };
}

/** Where the portal is, and as whom we come. */
export function portalOptionsOf(env: Environment): Pick<PortalClientOptions, 'baseUrl' | 'auth'> {
  return { baseUrl: env.PROV_DPP_API_URL, auth: portalAuth(env) };
}

/**
 * Finds out with a principal that is thrown away what the store keeps of what it promises.
 *
 * @throws ProvisionerError as `probeStore` does
 */
export async function probeThrowAway(
  env: Environment,
  store: ObjectStore,
  issuer: Issuer,
  principal: ProbeName,
): Promise<Capabilities> {
  const claim = { own: canaryHome, inputs: [], foreign: [closedCanaryHome] };
  const options = { store: placeOf(env), timeoutMs: env.PROV_PROOF_TIMEOUT };
  // They stay: of what is not there a store may say "refused" whatever the policy, or, without a bucket, never.
  for (const home of [canaryHome, closedCanaryHome]) await store.writeMarker(home, noProduct);
  return probeStore(issuer, {
    principal,
    policy: assemblePolicy(env.S3_BUCKET, canaryHome, []),
    prove: (key) => proveKey(key, claim, options),
    isRefused: (key) => isRefused(key, canaryHome, options),
    askForToken: ({ id, secret }) =>
      askForToken({
        endpoint: stsEndpointOf(env),
        region: env.S3_REGION,
        accessKeyId: id,
        secretAccessKey: secret,
      }),
  });
}

/** Where sessions are asked for. */
function stsEndpointOf({
  S3_ENDPOINT,
  PROV_IAM_ENDPOINT = S3_ENDPOINT,
  PROV_STS_ENDPOINT,
}: Environment): string {
  return PROV_STS_ENDPOINT ?? PROV_IAM_ENDPOINT;
}

function portalAuth(env: Environment): PortalAuth {
  if (env.PORTAL_API_KEY !== undefined) return { kind: 'api-key', key: env.PORTAL_API_KEY };
  const { PORTAL_CLIENT_ID: clientId, PORTAL_CLIENT_SECRET: clientSecret, PORTAL_TOKEN_URL: tokenUrl } = env;
  if (clientId === undefined || clientSecret === undefined || tokenUrl === undefined) return { kind: 'none' };
  return { kind: 'client-credentials', tokenUrl, clientId, clientSecret, scope: env.PORTAL_SCOPE };
}
