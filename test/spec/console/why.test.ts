import { describe, expect, test } from 'vitest';
import { type AccessFacts, explainAccess } from '../../../src/console/why.ts';
import type { ProductDetail } from '../../../src/insight/product.ts';
import { OutputPortId, ProductId } from '../../../src/model/ids.ts';
import type { Input } from '../../../src/model/product.ts';

const now = new Date('2026-03-10T12:00:00Z');
const readerId = ProductId.parse('10000000-0000-4000-8000-000000000001');
const sourceId = ProductId.parse('10000000-0000-4000-8000-000000000002');
const port = OutputPortId.parse('20000000-0000-4000-8000-000000000001');

function product(id: ProductId, name: string, changes: Partial<ProductDetail> = {}): ProductDetail {
  return {
    id,
    name,
    namespace: name,
    home: name,
    state: 'live',
    headline: 'Ready',
    conditions: [{ type: 'Ready', status: true, reason: 'HomeInOrder', message: 'In order.' }],
    template: null,
    pausedAt: null,
    pausedBy: null,
    updatedAt: now,
    retiredAt: null,
    checkedAt: null,
    rotateWhy: null,
    archive: null,
    teardownAgreed: false,
    files: [],
    keys: [{ id: 'AKIA1', state: 'current', issuedAt: now, graceUntil: null, expiresAt: null }],
    inputs: [],
    consumers: [],
    nextLookAt: null,
    failures: 0,
    ...changes,
  };
}

function asked(status: string, validUntil: string | null = null): readonly Input[] {
  return [{ outputPortId: port, outputPortName: 'Leads', provider: sourceId, status, validUntil }];
}

const inForce: ProductDetail['inputs'] = [
  {
    consumer: { id: readerId, name: 'report', home: 'report' },
    provider: { id: sourceId, name: 'leads', home: 'leads' },
    outputPort: port,
    outputPortName: 'Leads',
    since: now,
    validUntil: null,
    keyProvenAt: now,
  },
];

function explain(facts: Partial<AccessFacts>) {
  return explainAccess({
    reader: product(readerId, 'report'),
    source: product(sourceId, 'leads'),
    asked: [],
    estatePaused: false,
    now,
    ...facts,
  });
}

describe('why there is no access', () => {
  test.each([
    ['nobody asked', {}, 'report never asked for an output port of leads.'],
    ['the owners did not decide yet', { asked: asked('pending') }, 'The request waits for a decision.'],
    ['it was denied', { asked: asked('denied') }, 'The request was denied.'],
    ['it was revoked', { asked: asked('revoked') }, 'The access was revoked.'],
    [
      'the last day is over',
      { asked: asked('approved', '2026-03-09') },
      'The approval ended with 2026-03-09.',
    ],
    ['a later portal has another word', { asked: asked('parked') }, 'The portal says “parked”.'],
    [
      'the provider is gone',
      { asked: asked('approved'), source: product(sourceId, 'leads', { state: 'retired' }) },
      'leads was deleted in the portal: there is nothing to read any more.',
    ],
    [
      'the last run failed',
      {
        asked: asked('approved'),
        reader: product(readerId, 'report', {
          conditions: [
            { type: 'Degraded', status: true, reason: 'StoreDenied', message: 'The store refused.' },
          ],
        }),
      },
      'The store refused.',
    ],
    [
      'the product is paused',
      { asked: asked('approved'), reader: product(readerId, 'report', { pausedAt: now, pausedBy: 'ben' }) },
      'report was paused by ben: its access is not changed.',
    ],
    [
      'everything is paused',
      { asked: asked('approved'), estatePaused: true },
      'Everything is paused: nothing is changed.',
    ],
    ['the run has yet to come', { asked: asked('approved') }, 'It is not in force yet.'],
  ] satisfies [string, Partial<AccessFacts>, string][])('%s', (_name, facts, answer) => {
    const found = explain(facts);
    expect(found.access).toBe(false);
    expect(found.answer).toBe(answer);
    expect(found.todo).toMatch(/\w\.$/);
  });
});

test('on the last day of an approval, and in force, there is access', () => {
  const found = explain({
    asked: asked('approved', '2026-03-10'),
    reader: product(readerId, 'report', { inputs: inForce }),
  });
  expect(found).toMatchObject({ access: true, todo: null });
  expect(found.checks.map(({ verdict }) => verdict)).not.toContain('no');
});

test('while the portal is away, what our books say is in force counts', () => {
  const reader = product(readerId, 'report', { inputs: inForce });
  expect(explain({ asked: 'no answer', reader }).access).toBe(true);
});

test('while the portal is away and nothing else is in the way, nobody claims to know', () => {
  const found = explain({ asked: 'no answer' });
  expect(found.checks[0]).toMatchObject({
    verdict: 'unknown',
    says: 'The portal could not be asked: no answer',
  });
  expect(found).toMatchObject({
    access: null,
    answer: 'The portal could not be asked: no answer',
    todo: 'See whether the portal is up (/health), then ask again.',
  });
});

test('while the portal is away, something else that is in the way is told', () => {
  const found = explain({ asked: 'no answer', source: product(sourceId, 'leads', { state: 'retired' }) });
  expect(found).toMatchObject({ access: false, answer: expect.stringContaining('leads was deleted') });
});

test.each(['no answer', []])('a product reads its own home (the portal says %j)', (answer) => {
  const own = product(readerId, 'report');
  const found = explain({ asked: answer, reader: own, source: own });
  expect(found).toMatchObject({
    access: true,
    answer: 'report reads its own home, and its key was proven.',
    todo: null,
  });
  expect(found.checks.map(({ verdict }) => verdict)).not.toContain('no');
});

test('without a key a product reads not even its own home', () => {
  const own = product(readerId, 'report', { keys: [] });
  const found = explain({ reader: own, source: own });
  expect(found).toMatchObject({ access: false, answer: 'No key was handed over yet.' });
});

test('access that is about to be taken away is said to be there still', () => {
  const found = explain({
    asked: asked('revoked'),
    reader: product(readerId, 'report', { inputs: inForce }),
  });
  expect(found.access).toBe(true);
  expect(found.answer).toContain('But: The access was revoked.');
});
