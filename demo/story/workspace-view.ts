/** The workspace as its people see it: files, the masked `.env`, and the store through its key. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { httpStatusOf } from '../../src/model/store-error.ts';
import { createS3Client } from '../../src/storage/s3.ts';
import { type EnvEntries, readEnvBlock } from '../../src/workspace/env-block.ts';

const run = promisify(execFile);
const shownLines = 4;

export class WorkspaceView {
  readonly folder: string;

  constructor(products: string, home: string) {
    this.folder = join(products, home);
  }

  /** The `.env`, or null while there is none. */
  async env(): Promise<string | null> {
    return readFile(join(this.folder, '.env'), 'utf8').catch(() => null);
  }

  /** Managed settings of the `.env` with the key in them, or null while there are none. Holds a secret: never shown. */
  async entries(): Promise<EnvEntries | null> {
    const text = await this.env();
    return text === null ? null : readEnvBlock(text);
  }

  async keyId(): Promise<string | null> {
    return (await this.entries())?.S3_ACCESS_KEY ?? null;
  }

  /** The managed lines with the secret masked. */
  async maskedEnv(): Promise<string> {
    return ((await this.env()) ?? '').replace(/(SECRET[A-Z_]*=).*/g, '$1(masked)');
  }

  /** Paths of the files, one a line, without SQLMesh's own cache. */
  async tree(): Promise<string> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)));
    return files
      .filter((file) => !file.startsWith('.cache/'))
      .sort()
      .join('\n');
  }

  /** What the store says to this workspace's key, or to the one of `entries`: an HTTP status, 0 without an answer. */
  async tries(what: 'read' | 'write', key: string, entries?: EnvEntries): Promise<number> {
    const as = entries ?? (await this.entries()) ?? {};
    const client = clientOf(as);
    const { S3_BUCKET: Bucket } = as;
    const call =
      what === 'read'
        ? client.send(new GetObjectCommand({ Bucket, Key: key }))
        : client.send(new PutObjectCommand({ Bucket, Key: key, Body: new Uint8Array([1]) }));
    const status = await call.then(
      () => 200,
      (error: unknown) => httpStatusOf(error) ?? 0,
    );
    client.destroy();
    return status;
  }

  /** Keys of the Parquet files that were published below the own prefix. */
  async published(): Promise<string[]> {
    const entries = (await this.entries()) ?? {};
    const client = clientOf(entries);
    const { S3_BUCKET: Bucket, S3_PREFIX = '' } = entries;
    const answer = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${S3_PREFIX}output/` }));
    client.destroy();
    return (answer.Contents ?? []).flatMap((object) => object.Key ?? []);
  }

  /**
   * Runs the workspace's own `run.sh` with the tools of a virtual environment.
   *
   * @returns the last lines it printed
   * @throws Error with the last lines, the workspace's secret masked, when it fails
   */
  async runSh(venv: string, ...args: string[]): Promise<string> {
    const env = {
      ...process.env,
      PATH: `${join(venv, 'bin')}:${process.env.PATH ?? ''}`,
      NO_COLOR: '1',
      COLUMNS: '100',
    };
    const options = { cwd: this.folder, env, maxBuffer: 16 * 1024 * 1024 };
    const ended = await run(join(this.folder, 'run.sh'), args, options).catch(async (error: unknown) => {
      const secret = (await this.entries())?.S3_SECRET_KEY ?? '';
      const words = lastLines(printedBy(error), 12);
      throw new Error(
        `run.sh ${args[0]} failed:\n${secret === '' ? words : words.replaceAll(secret, '(masked)')}`,
      );
    });
    return lastLines(ended.stdout, shownLines);
  }
}

function clientOf(entries: EnvEntries) {
  const { S3_ENDPOINT = '', S3_REGION = '', S3_ACCESS_KEY = '', S3_SECRET_KEY = '' } = entries;
  const credentials = { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY };
  return createS3Client({ endpoint: S3_ENDPOINT, region: S3_REGION, ...credentials }, 1);
}

function printedBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const printed = [
    'stdout' in error ? String(error.stdout) : '',
    'stderr' in error ? String(error.stderr) : '',
  ].join('\n');
  return printed.trim() === '' ? error.message : printed;
}

/** The last lines that say something: progress bars, and the blanks that overwrite them, are cut off. */
function lastLines(text: string, count: number): string {
  const lines = text.split('\n').map((line) =>
    line
      .replace(/━+.*/, '')
      .replace(/^ {40,}/, '')
      .trimEnd(),
  );
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
