/** One signed exchange with a server that says what it likes. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { httpStatusOf } from '../../../src/model/store-error.ts';
import { type SignedRequest, signedExchange } from '../../../src/signing/signed-exchange.ts';

async function asked(answer: (response: ServerResponse) => void, request: Partial<SignedRequest> = {}) {
  const hungUp = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    response.once('close', () => hungUp.resolve());
    answer(response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const exchange = signedExchange({ endpoint, region: 'r', accessKeyId: 'id', secretAccessKey: 'secret' });
  return { said: exchange({ method: 'GET', path: '/bucket/key', ...request }), hungUp: hungUp.promise };
}

const lateError = '<?xml version="1.0"?>\n<Error><Code>InternalError</Code></Error>';

test('is not kept up by an answer without an end', async () => {
  const endless = (response: ServerResponse) => {
    const more = () =>
      void (response.write('x'.repeat(10_000)) ? setImmediate(more) : response.once('drain', more));
    more();
  };
  const { said, hungUp } = await asked(endless, { mostBytes: 16_384 });
  expect((await said).body.length).toBeLessThan(100_000);
  await hungUp;
});

test('tells a refusal by its status and the store’s code', async () => {
  const { said } = await asked((response) => {
    response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
  });
  const refusal = await said.catch((error: unknown) => error);
  expect(refusal).toMatchObject({ name: 'AccessDenied', message: 'no' });
  expect(httpStatusOf(refusal)).toBe(403);
});

test('has failed when a copy says so after its status', async () => {
  const { said } = await asked((response) => response.end(lateError), { method: 'PUT', body: '' });
  await expect(said).rejects.toMatchObject({ name: 'InternalError', $metadata: { httpStatusCode: 500 } });
});

test('has not failed when an object that is read holds such words', async () => {
  const { said } = await asked((response) => response.end(lateError));
  expect(String((await said).body)).toBe(lateError);
});

test('does not wait for ever for the rest of an answer', { timeout: 30_000 }, async () => {
  const { said } = await asked((response) => void response.write('so far'));
  await expect(said).rejects.toThrow();
});
