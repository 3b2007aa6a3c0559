/** The bucket over the S3 API. */
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { ProvisionerError } from '../model/errors.ts';
import { gateMiddleware, insideRetries, type RequestGate } from '../model/gate.ts';
import { type HomeName, isHomeName, prefixOf } from '../model/home.ts';
import { ProductId } from '../model/ids.ts';
import { storeClient } from '../model/store-client.ts';
import { httpStatusOf, storeError } from '../model/store-error.ts';
import type { Signer } from '../signing/signed-exchange.ts';
import type { BucketPlace } from './bucket-at.ts';
import { type Label, Labels } from './labels.ts';
import { type FileColumn, readParquetColumns } from './parquet-columns.ts';
import type { ObjectStore } from './store.ts';
import { type FoundTable, isTableName, type ListedObject, tablesOf } from './tables.ts';

/** Credentials and place for an S3 client. */
export interface S3Options extends BucketPlace, Signer {
  /** Which single requests pass; all of them when left out. */
  readonly gate?: RequestGate;
}

/** The one way a client is made here: checksums only where the protocol asks for them. */
export function createS3Client(options: Omit<S3Options, 'bucket'>, maxAttempts: number): S3Client {
  const client = new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    forcePathStyle: options.addressing !== 'virtual',
    maxAttempts,
    ...storeClient,
    // Servers other than AWS differ in the newer default checksums; each request that needs one still has it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    credentials: {
      accessKeyId: options.accessKeyId,
      secretAccessKey: options.secretAccessKey,
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken }),
    },
  });
  const { gate } = options;
  if (gate !== undefined) client.middlewareStack.addRelativeTo(gateMiddleware(gate), insideRetries);
  return client;
}

/** Key of the marker object: keeps an empty prefix visible and says whose it is. */
export function markerKey(home: HomeName): string {
  return `${prefixOf(home)}.keep`;
}

/** No home begins with a dot, so no policy opens this. */
function pointerKey(product: ProductId): string {
  return `.provisioner/homes/${product}`;
}

const ownerOf = (home: HomeName): Label => ({ key: markerKey(home), name: 'product-id' });
const homeOf = (product: ProductId): Label => ({ key: pointerKey(product), name: 'home' });
/** Where one listing does not tell all, so many folders are listed one by one. */
const foldersLookedInto = 50;

export class S3ObjectStore implements ObjectStore, Disposable {
  readonly #client: S3Client;
  readonly #labels: Labels;
  readonly #bucket: string;

  constructor(options: S3Options) {
    this.#client = createS3Client(options, 3);
    this.#labels = new Labels(options);
    this.#bucket = options.bucket;
  }

  async readMarker(home: HomeName): Promise<ProductId | 'unknown' | null> {
    const owner = await this.#labels.read('read the marker of a prefix', ownerOf(home));
    return owner === null ? null : (ProductId.safeParse(owner).data ?? 'unknown');
  }

  async writeMarker(home: HomeName, product: ProductId): Promise<void> {
    const write = () => this.#labels.write('write the marker of a prefix', ownerOf(home), product);
    await write().catch(async (thrown: unknown) => {
      if (!(thrown instanceof ProvisionerError) || !isNamed(thrown.cause, 'NoSuchBucket')) throw thrown;
      await this.#createBucket();
      await write();
    });
  }

  async readPointer(product: ProductId): Promise<HomeName | null> {
    const home = (await this.#labels.read('read where a home is', homeOf(product))) ?? '';
    return isHomeName(home) ? home : null;
  }

  writePointer(product: ProductId, home: HomeName): Promise<void> {
    return this.#labels.write('note where a home is', homeOf(product), home);
  }

  async listTables(prefix: string): Promise<readonly FoundTable[]> {
    try {
      const all = await this.#list({ Prefix: prefix });
      if (all.IsTruncated !== true) return tablesOf(prefix, listed(all));
      const folders = await this.#list({ Prefix: prefix, Delimiter: '/' });
      const names = (folders.CommonPrefixes ?? []).map((common) =>
        (common.Prefix ?? '').slice(prefix.length, -1),
      );
      return await this.#lookIntoFolders(prefix, names.filter(isTableName));
    } catch (error) {
      // The first marker makes the bucket: until then nobody has published anything.
      if (isNamed(error, 'NoSuchBucket')) return [];
      throw storeError('list a prefix', error);
    }
  }

  readColumns({ key, size }: ListedObject, signal: AbortSignal): Promise<readonly FileColumn[] | null> {
    return readParquetColumns((from, to) => this.#readRange(key, from, to, signal), size);
  }

  async #readRange(key: string, from: number, to: number, abortSignal: AbortSignal): Promise<Uint8Array> {
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Range: `bytes=${from}-${to - 1}`,
    });
    try {
      const { Body, ContentLength } = await this.#client.send(command, { abortSignal });
      // A server that does not know ranges sends the whole.
      if (Body === undefined || (ContentLength ?? 0) > to - from) {
        if (Body instanceof Readable) Body.destroy();
        throw new Error('it did not answer with the range');
      }
      return await Body.transformToByteArray();
    } catch (error) {
      throw storeError('read a part of an object', error);
    }
  }

  /** More objects than one listing tells: the newest of what the first ones say, for the first folders. */
  async #lookIntoFolders(prefix: string, names: readonly string[]): Promise<FoundTable[]> {
    const found = await Promise.all(
      names.slice(0, foldersLookedInto).map(async (name) => {
        const page = await this.#list({ Prefix: `${prefix}${name}/`, MaxKeys: 100 });
        return tablesOf(prefix, listed(page))[0] ?? { name, newest: null };
      }),
    );
    return [...found, ...names.slice(foldersLookedInto).map((name) => ({ name, newest: null }))];
  }

  #list(which: { Prefix: string; Delimiter?: string; MaxKeys?: number }) {
    return this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, ...which }));
  }

  async purge(home: HomeName): Promise<void> {
    const marker = markerKey(home);
    await this.#deleteBelow(prefixOf(home), (key) => key !== marker);
    await this.#deleteBelow(prefixOf(home), () => true);
  }

  async check(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      // The first marker makes the bucket.
      if (httpStatusOf(error) !== 404) throw storeError(`look at the bucket ${this.#bucket}`, error);
    }
  }

  /** Two products may do this at the same moment. */
  async #createBucket(): Promise<void> {
    try {
      await this.#client.send(new CreateBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      if (!isNamed(error, 'BucketAlreadyOwnedByYou')) throw storeError('make the bucket', error);
    }
  }

  async #deleteBelow(prefix: string, wanted: (key: string) => boolean): Promise<void> {
    let token: string | undefined;
    do {
      const page = await this.#client
        .send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }))
        .catch((error: unknown) => {
          throw storeError('list a prefix', error);
        });
      const keys = (page.Contents ?? []).flatMap((object) => object.Key ?? []).filter(wanted);
      await this.#deleteKeys(keys);
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async #deleteKeys(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const command = new DeleteObjectsCommand({
      Bucket: this.#bucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
    });
    const answer = await this.#client.send(command).catch((error: unknown) => {
      throw storeError('delete objects', error);
    });
    // A bulk delete answers 200 with errors per key.
    const [first] = answer.Errors ?? [];
    if (first !== undefined) {
      const refusal = Object.assign(new Error(first.Message), {
        name: first.Code ?? 'unknown',
        $metadata: answer.$metadata,
      });
      throw storeError('delete objects', refusal);
    }
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}

function listed({ Contents = [] }: ListObjectsV2CommandOutput): ListedObject[] {
  return Contents.map(({ Key = '', Size = 0, ETag = '', LastModified }) => ({
    key: Key,
    size: Size,
    etag: ETag,
    modifiedMs: LastModified?.getTime() ?? 0,
  }));
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
