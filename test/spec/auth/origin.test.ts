import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLocalCall, isLoopback, isSameOrigin } from '../../../src/auth/origin.ts';

const app = express();
app.use((request, response) => {
  response.json({ local: isLocalCall(request), same: isSameOrigin(request, 'provisioner.example.com') });
});
const server = createServer(app);
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

/** `fetch` does not let a caller name the host and the origin. */
function judged(headers: Readonly<Record<string, string>>): Promise<{ local: boolean; same: boolean }> {
  const { port } = server.address() as AddressInfo;
  const { promise, resolve, reject } = Promise.withResolvers<{ local: boolean; same: boolean }>();
  httpRequest({ host: '127.0.0.1', port, headers }, async (response) => {
    resolve(JSON.parse(Buffer.concat(await response.toArray()).toString()));
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('a request', () => {
  it.each([
    [{ host: 'localhost:8090' }, true],
    [{ host: '127.0.0.1:8090' }, true],
    [{ host: '[::1]:8090' }, true],
    [{ host: 'localhost.evil.example' }, false],
    [{ host: '127.0.0.1.evil.example' }, false],
    [{ host: 'evil.example' }, false],
    [{ host: 'localhost', forwarded: 'for=203.0.113.7' }, false],
    [{ host: 'localhost', 'x-forwarded-for': '127.0.0.1' }, false],
  ])('with %j is local: %s', async (headers, local) => {
    expect((await judged(headers)).local).toBe(local);
  });

  it.each([
    [{ host: 'a.example' }, true],
    [{ host: 'a.example', origin: 'https://a.example' }, true],
    [{ host: 'inside:8090', origin: 'https://provisioner.example.com' }, true],
    [{ host: 'a.example', origin: 'https://b.example' }, false],
    [{ host: 'a.example', origin: 'https://a.example:8443' }, false],
    [{ host: 'a.example', origin: 'null' }, false],
    [{ host: 'a.example', origin: 'https://a.example', 'sec-fetch-site': 'same-site' }, false],
    [{ host: 'a.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ host: 'a.example', 'sec-fetch-site': 'same-origin' }, true],
  ])('with %j comes from our own pages, or from none: %s', async (headers, same) => {
    expect((await judged(headers)).same).toBe(same);
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.1.1', false],
])('to listen on %s is to be reached by this machine alone: %s', (host, alone) => {
  expect(isLoopback(host)).toBe(alone);
});
