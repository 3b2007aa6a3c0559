import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affectedProducts } from '../../../src/intake/affected-products.ts';
import { describeEvent, parseEvent, type WebhookEvent } from '../../../src/intake/event.ts';
import { recordedV1, recordedV2, recordingV1 } from './recorded-webhooks.ts';

const v1 = { method: 'POST', url: '/api/v2/tags', query: '', response: 'null', status_code: 200 };
const v2 = {
  specversion: '1.0',
  id: 'e',
  source: 's',
  type: 'data_product.event',
  time: 't',
  data: { id: 'p' },
};

function eventOf(value: unknown): WebhookEvent {
  const parsed = parseEvent(value);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.event;
}

function reasonOf(value: unknown): string {
  const parsed = parseEvent(value);
  return parsed.ok ? 'accepted' : parsed.reason;
}

describe('an event is told apart by its shape', () => {
  it.each(recordedV1.map((each) => [each.name, each.body] as const))('v1: %s', (_, body) => {
    expect(eventOf(JSON.parse(body.toString())).generation).toBe('v1');
  });

  it.each(recordedV2.flatMap((each) => each.bodies.map((body) => [each.name, body] as const)))(
    'v2: %s',
    (_, body) => expect(eventOf(JSON.parse(body.toString())).generation).toBe('v2'),
  );

  it('with an unknown type and unknown fields as well', () => {
    expect(eventOf({ ...v2, type: 'new.event', extra: 1 })).toMatchObject({
      generation: 'v2',
      type: 'new.event',
    });
  });
});

describe('what is no event', () => {
  it.each([
    [null, 'the body is not a JSON object'],
    ['text', 'the body is not a JSON object'],
    [[], 'the body has neither "status_code" (v1) nor "specversion" (v2)'],
    [{}, 'the body has neither "status_code" (v1) nor "specversion" (v2)'],
    [
      { status_code: '200' },
      'not a v1 message: missing or of a wrong type: method, url, response, status_code',
    ],
    [{ ...v1, status_code: 20.5 }, 'not a v1 message: missing or of a wrong type: status_code'],
    [{ ...v2, specversion: '2.0' }, 'not a v2 event: missing or of a wrong type: specversion'],
    [{ ...v2, data: 'x' }, 'not a v2 event: missing or of a wrong type: data'],
  ])('%j: %s', (value, reason) => expect(reasonOf(value)).toBe(reason));

  it('has a reason that quotes nothing of it', () => {
    const secret = 'hunter2';
    const faulty = {
      method: [secret],
      url: { [secret]: secret },
      response: 7,
      status_code: secret,
      [secret]: 1,
    };
    expect(reasonOf(faulty)).not.toContain(secret);
    expect(reasonOf({ specversion: secret, type: { secret }, data: [secret] })).not.toContain(secret);
  });
});

describe('what is kept of an event', () => {
  it('is nothing of the answer to a failed call, which echoes the request', () => {
    for (const name of [
      'fail-422-create',
      'fail-409-non-ascii',
      'input-port-request-duplicate-400',
      'fail-500',
    ]) {
      const event = eventOf(JSON.parse(recordingV1(name).body.toString()));
      expect(event).toMatchObject({ generation: 'v1', response: null });
    }
  });

  it('is not the query, where settings are set', () => {
    const event = eventOf(JSON.parse(recordingV1('setting-value-set').body.toString()));
    expect(JSON.stringify(event)).not.toContain('sqlmesh');
  });

  it('is only ids of v2 data, and those of a wrong type count as absent', () => {
    const data = { id: 7, data_product_id: 'p', note: 'free text' };
    expect(eventOf({ ...v2, data })).toMatchObject({ data: { data_product_id: 'p' } });
    expect(JSON.stringify(eventOf({ ...v2, data }))).not.toMatch(/7|free text/);
  });
});

describe('the description of an event', () => {
  it('says what was called and how it went', () => {
    expect(describeEvent(eventOf({ ...v1, url: '/api/v2/data_products' }))).toBe(
      'POST /api/v2/data_products -> 200',
    );
    expect(describeEvent(eventOf(v2))).toBe('data_product.event');
  });

  it('leaves a query out', () => {
    expect(describeEvent(eventOf({ ...v1, url: '/a?token=b', query: 'value=c' }))).toBe('POST /a -> 200');
  });

  it('writes control characters out', () => {
    expect(describeEvent(eventOf({ ...v2, type: 'a\nb\u001b[2J\u202e\u2028é' }))).toBe(
      'a\\u{a}b\\u{1b}[2J\\u{202e}\\u{2028}é',
    );
  });

  it('cuts a long one', () => {
    expect(describeEvent(eventOf({ ...v2, type: 'x'.repeat(1 << 20) }))).toBe(`${'x'.repeat(200)}…`);
    expect(describeEvent(eventOf({ ...v2, type: '😀'.repeat(201) }))).toBe(`${'😀'.repeat(200)}…`);
  });

  it('is one short printable line for any text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(text, text, fc.integer(), (method, url, status_code) => {
        for (const event of [eventOf({ ...v1, method, url, status_code }), eventOf({ ...v2, type: url })]) {
          const line = describeEvent(event);
          expect(line).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
          expect(Array.from(line).length).toBeLessThan(225);
        }
      }),
    );
  });
});

describe('any message at all', () => {
  const field = fc.oneof(fc.string(), fc.integer(), fc.jsonValue());
  const anyV1 = fc.record({
    method: field,
    url: field,
    query: field,
    response: field,
    status_code: fc.integer(),
  });
  const anyV2 = fc.record({ specversion: fc.constant('1.0'), id: field, type: field, data: fc.object() });

  it('is parsed, described and judged without an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), anyV1, anyV2), (value) => {
        const parsed = parseEvent(value);
        if (!parsed.ok) {
          expect(parsed.reason).not.toBe('');
          return;
        }
        expect(typeof describeEvent(parsed.event)).toBe('string');
        expect(['affected', 'ignored']).toContain(affectedProducts(parsed.event).kind);
      }),
      { numRuns: 1000 },
    );
  });
});
