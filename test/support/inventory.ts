/** What identities the store has, held against what the workspaces hold: nothing too many, nothing too few. */
import { IAMClient, ListAccessKeysCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { expect, vi } from 'vitest';
import { createS3Client } from '../../src/storage/s3.ts';
import { entriesOf, s3As } from './s3-as.ts';
import type { Stage } from './world.ts';

/** Principals of ours and their access keys, as the store lists them. */
interface Inventory {
  readonly principals: readonly string[];
  readonly keys: readonly { readonly id: string; readonly of: string }[];
}

async function takeInventory({ store }: Pick<Stage, 'store'>): Promise<Inventory> {
  const iam = new IAMClient({
    endpoint: store.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: store.accessKey, secretAccessKey: store.secretKey },
  });
  const { Users = [] } = await iam.send(new ListUsersCommand({ MaxItems: 1000 }));
  const principals = Users.flatMap(({ UserName = '' }) => (UserName.startsWith('dp-') ? [UserName] : []));
  const lists = await Promise.all(
    principals.map((UserName) => iam.send(new ListAccessKeysCommand({ UserName }))),
  );
  iam.destroy();
  const keys = lists.flatMap(({ AccessKeyMetadata = [] }) => AccessKeyMetadata);
  return { principals, keys: keys.map(({ AccessKeyId: id = '', UserName: of = '' }) => ({ id, of })) };
}

/** Names of all buckets of the store. */
export async function bucketsOf(store: Stage['store']): Promise<readonly string[]> {
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = store;
  const client = createS3Client({ endpoint, region: 'us-east-1', accessKeyId, secretAccessKey }, 1);
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  client.destroy();
  return Buckets.flatMap(({ Name }) => Name ?? []);
}

/** One principal per home, and of keys just the one in each `.env`. Waits for it; fails with what is odd. */
export async function exactInventory(
  stage: Stage,
  homes: readonly string[],
  timeout = 60_000,
): Promise<void> {
  const look = async () => expect(await oddities(stage, homes)).toEqual([]);
  await vi.waitFor(look, { timeout, interval: 200 });
}

async function oddities(stage: Stage, homes: readonly string[]): Promise<string[]> {
  const [{ principals, keys }, inUse] = await Promise.all([
    takeInventory(stage),
    Promise.all(homes.map((home) => keyOf(stage, home))),
  ]);
  return [
    ...(principals.length === homes.length ? [] : [`${principals.length} principals of ${homes.length}`]),
    ...keys.filter(({ id }) => !inUse.includes(id)).map(({ id, of }) => `${id} of ${of} is in nobody's .env`),
    ...homes
      .filter((_, index) => !keys.some(({ id }) => id === inUse[index]))
      .map((home) => `no key in ${home}`),
  ];
}

/** Id of the key in the home's `.env`; `null` while there is none. */
async function keyOf(stage: Stage, home: string): Promise<string | null> {
  const text = await stage.workspaceFile(home, '.env');
  return text === null ? null : (entriesOf(text).S3_ACCESS_KEY ?? null);
}

/** The key in `.env` opens the home's own prefix, and not one that belongs to nobody. */
export async function worksAlone(stage: Stage, home: string): Promise<boolean> {
  const text = await stage.workspaceFile(home, '.env');
  if (text === null) return false;
  const store = s3As(stage.store.endpoint, text);
  return (await store.put(`${home}/alive`)) === 200 && (await store.get('provisioner-canary/.keep')) === 403;
}
