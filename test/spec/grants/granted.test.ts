import { describe, expect, test } from 'vitest';
import { decideGrants, isApproved, type Provider } from '../../../src/grants/granted.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { OutputPortId, ProductId } from '../../../src/model/ids.ts';
import type { Input } from '../../../src/model/product.ts';

const consumer = ProductId.parse('00000000-0000-4000-8000-000000000001');
const provider = ProductId.parse('00000000-0000-4000-8000-000000000002');
const port = OutputPortId.parse('00000000-0000-4000-8000-000000000003');
const at = (text: string) => Date.parse(text);

function anInput(change: Partial<Input> = {}): Input {
  return {
    outputPortId: port,
    outputPortName: 'Leads',
    provider,
    status: 'approved',
    validUntil: null,
    ...change,
  };
}

function providers(change: Partial<Provider> = {}) {
  return new Map([
    [provider, { id: provider, name: 'Sales', home: 'sales' as HomeName, live: true, ...change }],
  ]);
}

describe('an input counts', () => {
  test.each(['pending', 'denied', 'cancelled', 'revoked', 'expired', 'deleted'])(
    'not while its status is %s',
    (status) => {
      expect(isApproved({ status, validUntil: null }, 0)).toBe(false);
    },
  );

  test('through the whole of its last day and no longer', () => {
    const input = { status: 'approved', validUntil: '2026-11-20' };
    expect(isApproved(input, at('2026-11-20T23:59:59.999Z'))).toBe(true);
    expect(isApproved(input, at('2026-11-21T00:00:00Z'))).toBe(false);
  });
});

describe('a grant', () => {
  test('is given on a living home, with its last day', () => {
    const decision = decideGrants(
      consumer,
      [anInput({ validUntil: '2026-11-20' })],
      providers(),
      at('2026-11-20T12:00:00Z'),
    );
    expect(decision.grants).toMatchObject([
      { home: 'sales', outputPortName: 'Leads', validUntil: '2026-11-20' },
    ]);
  });

  test('that has ended while the portal still calls it approved may be renewed without a word', () => {
    const over = anInput({ validUntil: '2026-11-20' });
    const decide = (input: Input) => decideGrants(consumer, [input], providers(), at('2026-11-21T12:00:00Z'));
    expect(decide(over)).toMatchObject({ grants: [], overdue: true });
    expect(decide({ ...over, status: 'expired' }).overdue).toBe(false);
    expect(decide({ ...over, validUntil: '2026-11-21' }).overdue).toBe(false);
  });

  test.each([
    ['has no home yet', new Map<ProductId, Provider>()],
    ['is being torn down', providers({ live: false })],
  ])('waits while the provider %s', (_what, known) => {
    const decision = decideGrants(consumer, [anInput()], known, 0);
    expect(decision.grants).toEqual([]);
    expect(decision.waiting).toHaveLength(1);
  });
});
