/** Labels in a bucket of a server that says what it likes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Labels } from '../../../src/storage/labels.ts';

const label = { key: 'sales/.keep', name: 'owner' };

/** Answers with one status after the other; the last one stays. */
async function labelsAt(...statuses: readonly number[]) {
  const asked: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    const status = statuses[asked.length] ?? statuses.at(-1) ?? 500;
    asked.push(`${method} ${url} ${headers['x-amz-meta-owner'] ?? ''}`.trim());
    response.writeHead(status, { 'x-amz-meta-owner': 'anna' }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signer = { endpoint, region: 'r', accessKeyId: 'id', secretAccessKey: 'secret' };
  return { labels: new Labels({ ...signer, bucket: 'data' }), asked };
}

test('are asked for again when the store could not answer', async () => {
  const { labels, asked } = await labelsAt(503, 200);
  expect(await labels.read('read it', label)).toBe('anna');
  expect(asked).toEqual(['HEAD /data/sales/.keep', 'HEAD /data/sales/.keep']);
});

test('are given up when the store goes on like that', async () => {
  const { labels, asked } = await labelsAt(503);
  await expect(labels.write('write it', label, 'anna')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(asked).toEqual(new Array(3).fill('PUT /data/sales/.keep anna'));
});

test('are not asked for again when the store refuses', async () => {
  const { labels, asked } = await labelsAt(403);
  await expect(labels.read('read it', label)).rejects.toMatchObject({ code: 'STORE_DENIED' });
  expect(asked).toHaveLength(1);
});

test('are not there when the store says so', async () => {
  const { labels } = await labelsAt(404);
  expect(await labels.read('read it', label)).toBeNull();
});
