/** What a consumer is told of the tables that it may read, through the daemon. */
import { readFileSync } from 'node:fs';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { createS3Client } from '../../src/storage/s3.ts';
import { createWorld, eventually } from '../support/world.ts';

const inputsFile = 'external_models/inputs.yaml';

/** A consumer with an approved input, and a file that its provider published. */
async function aConsumer() {
  const world = await createWorld();
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('Provider', 'provider');
  const consumer = await user.createProduct('Consumer', 'consumer');
  const port = await user.createPort(provider, 'port');
  await eventually('both homes', async () => {
    const made = ['provider', 'consumer'].map((home) => world.workspaceFile(home, '.env'));
    return (await Promise.all(made)).every((text) => text !== null);
  });
  await eventually('the contract', () => world.workspaceFile('provider', 'datacontract.yaml'));
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = world.store;
  const client = createS3Client({ endpoint, region: 'us-east-1', accessKeyId, secretAccessKey }, 3);
  const publish = (key: string, Body: Uint8Array) =>
    client.send(new PutObjectCommand({ Bucket: 'data-products', Key: `provider/output/${key}`, Body }));
  await user.requestAccess(consumer, port);
  return {
    world,
    publish,
    approve: () => user.decide(provider, port, consumer, 'approve'),
    contract: join(world.folder, 'products/provider/datacontract.yaml'),
    inputs: (words: string) =>
      eventually(`inputs with ${words}`, async () => {
        const text = await world.workspaceFile('consumer', inputsFile);
        return text?.includes(words) ? text : null;
      }),
    [Symbol.asyncDispose]: () => {
      client.destroy();
      return world[Symbol.asyncDispose]();
    },
  };
}

const parquet = readFileSync('test/fixtures/parquet/every-type.parquet');

test('a consumer is told columns from the provider’s contract, else from its files', async () => {
  await using consumer = await aConsumer();
  await consumer.publish('example/data.parquet', parquet);
  await consumer.publish('types/data.parquet', parquet);
  await consumer.approve();
  const inputs = await consumer.inputs('"provider"."example"');
  expect(inputs).toContain('"total": decimal(18, 2)');
  expect(inputs).toContain('Orders and their worth, by country.');
  // Nested columns have no type here, and a part of the columns would be taken for all.
  expect(inputs).not.toContain('"flag"');
  const promise = await consumer.world.workspaceFile('consumer', 'datacontract.inputs.yaml');
  expect(promise).toContain('physicalType: timestamp with time zone');
});

test('a contract that can not be understood, or lies elsewhere, is passed over', async () => {
  await using consumer = await aConsumer();
  await consumer.publish('example/data.parquet', parquet);
  const elsewhere = join(consumer.world.folder, 'elsewhere.yaml');
  await writeFile(
    elsewhere,
    'schema: [{ name: example, properties: [{ name: stolen, physicalType: date }] }]',
  );
  await rm(consumer.contract);
  await symlink(elsewhere, consumer.contract);
  await consumer.approve();
  await consumer.inputs('"provider"."example"');
  const told = () => consumer.world.workspaceFile('consumer', 'datacontract.inputs.yaml');
  expect(await told()).toContain('name: "flag"');
  expect(await told()).not.toContain('stolen');
  await rm(consumer.contract);
  await writeFile(
    consumer.contract,
    'schema: [{ name: example, properties: [{ name: promised, physicalType: date }] }]',
  );
  await consumer.world.restart({ PROV_DRIFT_INTERVAL: '1s' });
  await consumer.inputs('"promised": date');
  await writeFile(consumer.contract, 'schema: [unclosed');
  await consumer.world.restart({ PROV_DRIFT_INTERVAL: '1s' });
  await eventually('the file’s columns', async () => (await told())?.includes('name: "flag"'));
  const lines = consumer.world.lines.filter((line) => line.includes('can not be understood'));
  expect(lines.length).toBeGreaterThan(0);
});
