/** The workspace as its people see it: files, the masked `.env`, and the store through its key. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { httpStatusOf } from '../../src/model/store-error.ts';
import { createS3Client } from '../../src/storage/s3.ts';
import { readEnvBlock } from '../../src/workspace/env-block.ts';

const run = promisify(execFile);

export class WorkspaceView {
  readonly folder: string;

  constructor(products: string, home: string) {
    this.folder = join(products, home);
  }

  /** The `.env`, or null while there is none. */
  async env(): Promise<string | null> {
    return readFile(join(this.folder, '.env'), 'utf8').catch(() => null);
  }

  async keyId(): Promise<string | null> {
    return (await this.#entries())?.S3_ACCESS_KEY ?? null;
  }

  /** The managed lines with the secret masked. */
  async maskedEnv(): Promise<string> {
    return ((await this.env()) ?? '').replace(/(SECRET[A-Z_]*=).*/g, '$1(masked)');
  }

  async tree(): Promise<string> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)));
    return files.sort().join('\n');
  }

  /** What the store says to this workspace's key: an HTTP status. */
  async tries(what: 'read' | 'write', key: string): Promise<number> {
    const client = await this.#client();
    const { S3_BUCKET: Bucket } = (await this.#entries()) ?? {};
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
    const client = await this.#client();
    const { S3_BUCKET: Bucket, S3_PREFIX = '' } = (await this.#entries()) ?? {};
    const answer = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${S3_PREFIX}output/` }));
    client.destroy();
    return (answer.Contents ?? []).flatMap((object) => object.Key ?? []);
  }

  /** Runs the workspace's own `run.sh` with the tools of a virtual environment; gives what it printed last. */
  async runSh(venv: string, ...args: string[]): Promise<string> {
    const env = {
      ...process.env,
      PATH: `${join(venv, 'bin')}:${process.env.PATH ?? ''}`,
      NO_COLOR: '1',
      COLUMNS: '100',
    };
    const { stdout } = await run(join(this.folder, 'run.sh'), args, {
      cwd: this.folder,
      env,
      maxBuffer: 16 * 1024 * 1024,
    });
    const lines = stdout.split('\n').map((line) => line.replace(/━+.*/, '').trim());
    return lines
      .filter((line) => line !== '')
      .slice(-3)
      .join('\n');
  }

  async #entries() {
    const text = await this.env();
    return text === null ? null : readEnvBlock(text);
  }

  async #client() {
    const {
      S3_ENDPOINT = '',
      S3_REGION = '',
      S3_ACCESS_KEY = '',
      S3_SECRET_KEY = '',
    } = (await this.#entries()) ?? {};
    const credentials = { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY };
    return createS3Client({ endpoint: S3_ENDPOINT, region: S3_REGION, ...credentials }, 1);
  }
}
