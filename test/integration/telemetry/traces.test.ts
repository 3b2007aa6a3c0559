/** One trace from a webhook to the files, and its id in the log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../../demo/people/portal-user.ts';
import { type CollectedSpan, type Collector, startCollector } from '../../support/collector.ts';
import { createWorld, eventually, type World } from '../../support/world.ts';

let world: World;
let collector: Collector;

beforeAll(async () => {
  collector = await startCollector();
  world = await createWorld({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of-the-collector',
    OTEL_SERVICE_NAME: 'provisioner-under-test',
  });
  await new PortalUser(world.portal.url).createProduct('traced', 'traced');
  await eventually('.env', () => world.workspaceFile('traced', '.env'));
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

const spansOf = (name: string) => collector.spans.filter((span) => span.name === name);
const parentOf = (span: CollectedSpan) => collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
/** Names from the span up to its trace's root. */
const pathOf = (span: CollectedSpan | undefined): readonly string[] =>
  span === undefined ? [] : [span.name, ...pathOf(parentOf(span))];
const LogLine = (line: string): Record<string, unknown> => JSON.parse(line);

describe('a trace', () => {
  test.each([
    ['identity createKey', ['action issue-key', 'run', 'webhook']],
    ['store proveKey', ['action prove-key', 'run', 'webhook']],
    ['workspace writeEnv', ['action write-env', 'run', 'webhook']],
    ['portal readProduct', ['run', 'webhook']],
  ])('leads from %s back to the webhook', async (name, path) => {
    const span = await eventually(name, () =>
      spansOf(name).find((each) => pathOf(each).join() === [name, ...path].join()),
    );
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    const traces = new Set([span.traceId, ...path.flatMap(() => parentOf(span)?.traceId ?? [])]);
    expect(traces.size).toBe(1);
  });

  test('has its id on the log lines of the delivery and of the run', async () => {
    const run = await eventually('the run', () =>
      spansOf('run').find((span) => pathOf(span).at(-1) === 'webhook'),
    );
    const lines = world.lines.map(LogLine).filter((line) => line.trace === run.traceId);
    const messages = lines.map(({ message }) => message);
    expect(messages).toContain('took a delivery');
    expect(
      messages.some((message) => message === 'brought the product in order' || message === 'nothing to do'),
    ).toBe(true);
  });

  test('goes to the collector under our name, with its headers, and holds no secret', async () => {
    await eventually('spans', () => collector.spans.length > 0);
    expect([...collector.services]).toEqual(['provisioner-under-test']);
    expect(collector.headers()).toMatchObject({ authorization: 'Bearer of-the-collector' });
    const text = JSON.stringify(collector.spans) + world.lines.join('');
    for (const secret of [world.secret, world.store.secretKey, 'of-the-collector'])
      expect(text).not.toContain(secret);
    const env = (await world.workspaceFile('traced', '.env')) ?? '';
    expect(text).not.toContain(/S3_SECRET_KEY=(\S+)/.exec(env)?.[1] ?? 'no secret was found');
  });
});

test('a run that failed is marked in its trace, with the code of the error', async () => {
  await using other = await createWorld({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: 'provisioner-under-test',
  });
  const product = await new PortalUser(other.portal.url).createProduct('broken', 'broken');
  await eventually('.env', () => other.workspaceFile('broken', '.env'));
  await other.restart({ S3_ACCESS_KEY: 'AKIANOBODY0000000000' });
  const run = await eventually('a failed run', () =>
    spansOf('run').find(
      ({ attributes, status }) =>
        status.code === 2 && attributes.some(({ value }) => value.stringValue === product),
    ),
  );
  expect(run.attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'STORE_DENIED' } });
});

test('a collector that is away is complained about, and holds nothing up', async () => {
  await using other = await createWorld({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  await new PortalUser(other.portal.url).createProduct('alone', 'alone');
  await eventually('.env', () => other.workspaceFile('alone', '.env'));
  await eventually(
    'the complaint',
    () => other.lines.some((line) => line.includes('traces could not be sent')),
    30_000,
  );
  const asked = performance.now();
  await other.daemon()[Symbol.asyncDispose]();
  expect(performance.now() - asked).toBeLessThan(10_000);
});

test('without a collector no line speaks of traces', async () => {
  await using other = await createWorld();
  await eventually('lines', () => other.lines.some((line) => line.includes('resync')));
  expect(other.lines.filter((line) => line.includes('"trace"'))).toEqual([]);
});
