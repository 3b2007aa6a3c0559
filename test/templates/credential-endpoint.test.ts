/** A workspace without any key in it: the tools fetch one from the provisioner, and work as they do with one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { freePort } from '../../demo/store/free-port.ts';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { objectsBelow } from '../stores/access.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { startMinio } from '../support/stores/minio.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { expectDone, type Outcome, runIn, templateFolder } from './project.ts';

/** A product of that template whose workspace holds a token and no key. */
async function makeProduct(template: string) {
  const port = await freePort();
  const world = await createWorldOn(startMinio, {
    PROV_CREDENTIALS: 'sessions',
    PROV_CREDENTIALS_URL: `http://127.0.0.1:${port}`,
    PROV_PORT: String(port),
  });
  // The folder is made by the world: the workspaces are where the daemon put them.
  const platform = join(world.folder, 'platform.yaml');
  await writeFile(platform, `version: 1\nrules: [{ domain: Sales, template: ${template} }]\n`);
  await world.restart({
    PROV_WORKSPACE_MOUNT: join(world.folder, 'products'),
    PROV_PLATFORM_FILE: platform,
  });
  await new PortalUser(world.portal.url).createProduct('Product', 'product');
  const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
  expect(env).not.toMatch(/SECRET|SESSION/);
  await eventually('the project', () => world.workspaceFile('product', '.git/index'));
  return { world, folder: join(world.folder, 'products/product') };
}

/** As a terminal has it that loaded `.env`. */
const withEnv = (folder: string, venv: string, command: string): Promise<Outcome> =>
  runIn(folder, venv, 'bash', '-c', `set -a; . ./.env; set +a; ${command}`);

test.each([
  ['sqlmesh', 'sqlmesh plan --auto-apply'],
  ['dbt-duckdb', 'dbt build --target prod'],
])(
  '%s publishes with a session that it fetches itself, without ./run.sh',
  async (id, command) => {
    const venv = await pythonVenv(cacheFolder, join(templateFolder(id), 'files/requirements.txt'));
    const { world, folder } = await makeProduct(id);
    await using _ = world;
    expectDone(await withEnv(folder, venv, command));
    expect(await objectsBelow(world.store, 'product/output/')).toEqual([
      'product/output/example/data.parquet',
    ]);
  },
  15 * 60_000,
);

const boto3 = `
import boto3, os
objects = boto3.client("s3")
bucket = os.environ["S3_BUCKET"]
objects.put_object(Bucket=bucket, Key="product/by-boto3", Body=b"1")
print([each["Key"] for each in objects.list_objects_v2(Bucket=bucket, Prefix="product/by")["Contents"]])
try:
    objects.list_objects_v2(Bucket=bucket, Prefix="other/")
except objects.exceptions.ClientError as refused:
    print(refused.response["Error"]["Code"])
`;

test('boto3 and the AWS command line fetch sessions themselves, and are held to the policy', async () => {
  const venv = await pythonVenv(cacheFolder, join(import.meta.dirname, 'aws-tools-requirements.txt'));
  const { world, folder } = await makeProduct('sqlmesh');
  await using _ = world;
  await writeFile(join(folder, 'by_boto3.py'), boto3);
  expectDone(await withEnv(folder, venv, 'python by_boto3.py'), "['product/by-boto3']", 'AccessDenied');
  expectDone(await withEnv(folder, venv, 'aws s3 cp README.md s3://$S3_BUCKET/product/by-cli'));
  expectDone(await withEnv(folder, venv, 'aws s3 ls s3://$S3_BUCKET/product/by'), 'by-boto3', 'by-cli');
  const refused = await withEnv(folder, venv, 'aws s3 ls s3://$S3_BUCKET/other/');
  expect([refused.code, refused.output]).toEqual([
    expect.any(Number),
    expect.stringContaining('AccessDenied'),
  ]);
  expect(refused.code).not.toBe(0);
});
