/** Webhooks as nobody should send them: recorded ones, damaged, with headers of all kinds. */
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PortalUser } from '../../../demo/people/portal-user.ts';
import { canonicalJson } from '../../../src/intake/python-json.ts';
import { recordedV1, recordedV2 } from '../../spec/intake/recorded-webhooks.ts';
import { damaged, damagedText, fuzzRuns } from '../../support/mutations.ts';
import { createWorld, eventually } from '../../support/world.ts';

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** By hand: fetch would refuse to send much of it. */
function statusOf(url: string, { path, headers, body }: Sent): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(url + path, {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
  });
  sent.on('response', (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode ?? 0));
  });
  sent.on('error', reject).end(body);
  return promise;
}

const bodies = [...recordedV1.map(({ body }) => body), ...recordedV2.flatMap((each) => each.bodies)].map(
  String,
);

const body = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...bodies)
      .chain((text) => damaged(JSON.parse(text)).map((value) => JSON.stringify(value) ?? '')),
  },
  { weight: 2, arbitrary: fc.constantFrom(...bodies).chain(damagedText) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
);

const headerValue = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abcdefXYZ0189 =,;:/"+-_\t'), maxLength: 60 }),
  fc.constantFrom(
    'application/json',
    'application/cloudevents+json; charset=utf-16',
    'text/plain',
    'gzip',
    'br',
    'Bearer ',
    'v1,AAAA',
  ),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'sign',
    'authorization',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'x-forwarded-for',
  ),
  headerValue.map((value) => value.trim()),
  { maxKeys: 4 },
);
const path = fc.oneof(
  fc.constantFrom('/', '/webhooks/v1', '/webhooks/v2'),
  fc.webQueryParameters().map((query) => `/webhooks/v2?token=${query}`),
  fc.constantFrom('/?token[]=1', '/webhooks/v2?token[a][b]=c', '/%', '/%00', '/webhooks/v2?token=%ff'),
);

test('whatever is sent, with a good proof or none, is taken or refused: no 5xx, no crash, and it goes on', async () => {
  await using world = await createWorld();
  const { url } = world.daemon();
  const proven = fc.boolean();
  await fc.assert(
    fc.asyncProperty(path, headers, body, proven, async (at, some, text, good) => {
      const bytes = Buffer.from(text);
      const canonical = canonicalJson(bytes);
      const sign = canonical.ok
        ? createHmac('sha512', world.secret).update(canonical.text).digest('hex')
        : '';
      const proof = {
        'content-type': 'application/json',
        sign,
        authorization: `Bearer token-${world.secret}`,
      };
      const sent = good
        ? { path: '/', headers: proof, body: bytes }
        : { path: at, headers: some, body: bytes };
      const status = await statusOf(url, sent);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: fuzzRuns(400) },
  );
  await new PortalUser(world.portal.url).createProduct('after', 'after');
  await eventually('a home after all that', () => world.workspaceFile('after', '.env'), 30_000);
});
