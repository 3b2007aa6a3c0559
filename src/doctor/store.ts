/** The object store and its identity API: reached, let in, and held to what they promise. */
import { issuerOptionsOf, probeThrowAway } from '../compose/connections.ts';
import type { Environment } from '../config/schema.ts';
import { issuerFinder } from '../identity/find-issuer.ts';
import { asProvisionerError } from '../model/errors.ts';
import { type Capabilities, limitationsOf } from '../model/store-report.ts';
import type { ObjectStore } from '../storage/store.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const reachTimeoutMs = 5000;

export async function examineStore(env: Environment, store: ObjectStore): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    await store.check();
    findings.push(ok(`${env.S3_ENDPOINT} answers and takes our key for the bucket ${env.S3_BUCKET}`));
  } catch (thrown) {
    findings.push(failure(thrown));
  }
  const workspaces = env.S3_WORKSPACE_ENDPOINT;
  if (workspaces !== undefined && workspaces !== env.S3_ENDPOINT) findings.push(await reach(workspaces));
  else if (/\/\/(localhost|127\.|\[::1\])/.test(env.S3_ENDPOINT))
    findings.push(
      warn(
        `workspaces are told ${env.S3_ENDPOINT}, which in an editor’s container is that container itself`,
        'Set S3_WORKSPACE_ENDPOINT to the store’s address as the editors reach it.',
      ),
    );
  return findings;
}

/** @param probing makes a throw-away principal with keys in the store, and removes it */
export async function examineIdentity(
  env: Environment,
  store: ObjectStore,
  probing: boolean,
): Promise<readonly Finding[]> {
  try {
    const issuer = await issuerFinder({ ...issuerOptionsOf(env), onFound: () => undefined })();
    await issuer.check();
    const { store: name, credentials } = issuer.kind;
    const found = ok(`${name}: gives ${credentials}, and takes our key`);
    if (!probing) return [found];
    if (env.PROV_OBSERVE_ONLY) return [found, ok('not probed: PROV_OBSERVE_ONLY=true applies nothing')];
    return [found, ...judge(name, await probeThrowAway(env, store, issuer, 'dp-probe-doctor'))];
  } catch (thrown) {
    return [failure(thrown)];
  }
}

function judge(store: string, capabilities: Capabilities): readonly Finding[] {
  const { policies } = capabilities;
  const kept = ok('it keeps a throw-away principal to its policy');
  const notKept = fail(
    `it does not keep a principal to its policy: ${policies}`,
    'Do not use this store for data that not everybody may see; see docs/stores.md.',
  );
  const others = limitationsOf({ ...capabilities, policies: 'enforced' });
  return [
    policies === 'enforced' ? kept : notKept,
    ...others.map((limitation) =>
      warn(`${store}: ${limitation}`, 'Know of it, or use another store; see docs/stores.md.'),
    ),
  ];
}

function failure(thrown: unknown): Finding {
  const { code, message } = asProvisionerError(thrown);
  return fail(message, cures[code] ?? 'See docs/errors.md and the store’s own log.');
}

const cures: Readonly<Record<string, string>> = {
  STORE_UNAVAILABLE:
    'Is S3_ENDPOINT right as seen from here (inside a container `localhost` is the container), does the store run, is its certificate known (PROV_CA_FILE)?',
  STORE_DENIED:
    'S3_ACCESS_KEY and S3_SECRET_KEY must be an admin’s; docs/stores.md lists the rights per store.',
  STORE_REJECTED:
    'Is the store one of docs/stores.md? If its IAM API has another address, set PROV_IAM_ENDPOINT.',
};

/** Any answer will do: who may do what there is another question. */
async function reach(address: string): Promise<Finding> {
  try {
    await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(reachTimeoutMs), redirect: 'manual' });
    return ok(`the address that workspaces get, ${address}, answers here too`);
  } catch {
    const todo = 'That is right if only the editors’ network knows it; else correct S3_WORKSPACE_ENDPOINT.';
    return warn(`the address that workspaces get, ${address}, does not answer here`, todo);
  }
}
