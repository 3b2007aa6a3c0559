/** Examines everything that the daemon needs, with the daemon's own settings and ways. */
import { adminOf, placeOf, portalOptionsOf } from '../compose/connections.ts';
import { secretsOf } from '../config/env.ts';
import type { Environment } from '../config/schema.ts';
import { asProvisionerError } from '../model/errors.ts';
import { createPortalClient } from '../portal/create-client.ts';
import { S3ObjectStore } from '../storage/s3.ts';
import { Redactor } from '../telemetry/redact.ts';
import type { Editor } from './access.ts';
import { examineClock } from './clock.ts';
import { askDaemon, examineDaemon } from './daemon.ts';
import { examineDatabase, examineProducts } from './database.ts';
import { type Finding, fail, type Report, type Trouble } from './finding.ts';
import { examinePortal, examineWebhooks } from './portal.ts';
import { examineSecrets } from './secrets.ts';
import { examineIdentity, examineStore } from './store.ts';
import { examineTemplates } from './templates.ts';
import { examineTls } from './tls.ts';
import { examineVolume } from './volume.ts';

export interface Examination {
  readonly env: Environment;
  readonly daemonUrl: string;
  readonly editors: readonly Editor[];
  /** Whether the store may be asked with a throw-away principal. */
  readonly probing: boolean;
  /** Only parts that may explain this; `null` = all. */
  readonly trouble: Trouble | null;
  /** Told what is being looked at. */
  readonly onPart: (part: string) => void;
}

interface Part {
  readonly name: string;
  readonly troubles: readonly Trouble[];
  readonly examine: () => Promise<readonly Finding[]> | readonly Finding[];
}

/** Never throws: what can not be examined is a finding. No secret is in the reports. */
export async function examineAll(examination: Examination): Promise<readonly Report[]> {
  const redactor = new Redactor();
  for (const secret of secretsOf(examination.env)) redactor.register(secret);
  const reports: Report[] = [];
  const store = new S3ObjectStore({ ...placeOf(examination.env), ...adminOf(examination.env) });
  for (const { name, troubles, examine } of partsOf(examination, store, redactor)) {
    if (examination.trouble !== null && !troubles.includes(examination.trouble)) continue;
    examination.onPart(name);
    const findings = await Promise.resolve()
      .then(examine)
      .catch((thrown: unknown) => [
        fail(asProvisionerError(thrown).message, 'This is a fault of the doctor.'),
      ]);
    for (const { verdict, seen, todo } of findings)
      reports.push({ part: name, troubles, verdict, seen: redactor.redact(seen), todo });
  }
  store[Symbol.dispose]();
  return reports;
}

/** In the order in which they are told; what several need is asked once. */
function partsOf(
  { env, daemonUrl, editors, probing }: Examination,
  store: S3ObjectStore,
  redactor: Redactor,
): readonly Part[] {
  const portal = createPortalClient({
    ...portalOptionsOf(env),
    registerSecret: (secret) => redactor.register(secret),
  });
  const asked = askDaemon(daemonUrl, env.PROV_METRICS_TOKEN);
  const books = once(async () => examineDatabase(env, await asked));
  return [
    {
      name: 'daemon',
      troubles: ['webhooks', 'scaffolding'],
      examine: async () => examineDaemon(await asked, daemonUrl),
    },
    { name: 'portal', troubles: ['webhooks', 'scaffolding'], examine: () => examinePortal(env, portal) },
    {
      name: 'webhooks',
      troubles: ['webhooks'],
      examine: async () => examineWebhooks(env, await asked, (await books()).last),
    },
    { name: 'store', troubles: ['s3', 'scaffolding'], examine: () => examineStore(env, store) },
    {
      name: 'identity',
      troubles: ['s3', 'scaffolding'],
      examine: () => examineIdentity(env, store, probing),
    },
    { name: 'database', troubles: ['scaffolding'], examine: async () => (await books()).findings },
    {
      name: 'products',
      troubles: ['scaffolding'],
      examine: async () => examineProducts((await books()).products, await asked),
    },
    { name: 'volume', troubles: ['scaffolding', 'editors'], examine: () => examineVolume(env, editors) },
    { name: 'templates', troubles: ['scaffolding'], examine: () => examineTemplates(env) },
    { name: 'clock', troubles: ['webhooks', 's3'], examine: () => examineClock(env) },
    { name: 'secrets', troubles: ['webhooks'], examine: () => examineSecrets(env) },
    { name: 'tls', troubles: ['s3'], examine: () => examineTls(env) },
  ];
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    answer ??= ask();
    return answer;
  };
}
