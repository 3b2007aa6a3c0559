/**
 * `npm run test:stores -- --endpoint http://… [--store minio|aws-iam] [--iam-endpoint …] [--sts-endpoint …]
 * [--addressing path|virtual] [--json]`: the acceptance matrix against any server; the admin identity from
 * `S3_ACCESS_KEY` and `S3_SECRET_KEY`. Without an endpoint: the suites of this folder, on the servers that the tests
 * start. Ends with 1 when an answer was wrong.
 */
import { spawn } from 'node:child_process';
import { parseArgs, styleText } from 'node:util';
import { type Row, runMatrix } from './matrix.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'auto' },
    endpoint: { type: 'string' },
    'iam-endpoint': { type: 'string' },
    'sts-endpoint': { type: 'string' },
    addressing: { type: 'string', default: 'path' },
    region: { type: 'string', default: 'us-east-1' },
    bucket: { type: 'string', default: 'data-products' },
    'access-key': { type: 'string', default: process.env.S3_ACCESS_KEY ?? '' },
    'secret-key': { type: 'string', default: process.env.S3_SECRET_KEY ?? '' },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = values.endpoint === undefined ? await runSuites() : await runOn(values.endpoint);

async function runSuites(): Promise<number> {
  const child = spawn('vitest', ['run', '--project', 'stores'], { stdio: 'inherit' });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function runOn(endpoint: string): Promise<number> {
  const api = apiOf(values.store);
  const addressing =
    values.addressing === 'path' || values.addressing === 'virtual' ? values.addressing : null;
  if (values['access-key'] === '' || values['secret-key'] === '' || api === null || addressing === null) {
    process.stderr.write(
      'Give --store auto, minio, rustfs, aws-iam or versitygw, --addressing path or virtual, and the admin identity: S3_ACCESS_KEY and S3_SECRET_KEY.\n',
    );
    return 2;
  }
  const result = await runMatrix({
    api,
    endpoint,
    iamEndpoint: values['iam-endpoint'],
    stsEndpoint: values['sts-endpoint'],
    addressing,
    region: values.region,
    bucket: values.bucket,
    accessKey: values['access-key'],
    secretKey: values['secret-key'],
  });
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else print(result.store, result.rows);
  return result.rows.every(({ right }) => right) ? 0 : 1;
}

function apiOf(store: string): 'auto' | 'minio' | 'aws-iam' | null {
  if (store === 'auto') return 'auto';
  if (store === 'minio' || store === 'rustfs') return 'minio';
  return store === 'aws-iam' || store === 'aws' || store === 'versitygw' ? 'aws-iam' : null;
}

function print(store: string, rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const paint = (style: 'green' | 'red', text: string) => styleText(style, text, { stream: process.stdout });
  for (const { area, what, allowed, answer, right } of rows) {
    const verdict = right ? paint('green', 'right') : paint('red', 'WRONG');
    const wanted = allowed ? 'allowed' : 'refused';
    process.stdout.write(
      `${area.padEnd(8)}  ${what.padEnd(width)}  ${wanted}  ${String(answer).padStart(3)}  ${verdict}\n`,
    );
  }
  const wrong = rows.filter(({ right }) => !right).length;
  process.stdout.write(`\n${store}: ${rows.length} answers, ${wrong} wrong\n`);
}
