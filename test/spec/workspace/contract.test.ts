import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseContract } from '../../../src/workspace/contract.ts';

test('a contract tells tables with their columns, types and descriptions', () => {
  const tables = parseContract(`
apiVersion: v3.1.0
kind: DataContract
schema:
  - name: Leads of the month
    physicalName: leads
    description: Who asked.
    properties:
      - { name: id, logicalType: integer, physicalType: int, description: Number. }
      - { name: Amount, physicalName: amount, logicalType: number, physicalType: 'money(oracle)' }
      - { name: parts, logicalType: array, items: { logicalType: string } }
  - name: regions
`);
  expect(tables?.get('leads')).toEqual({
    name: 'leads',
    description: 'Who asked.',
    typed: false,
    columns: [
      { name: 'id', type: 'integer', description: 'Number.' },
      { name: 'amount', type: 'double', description: '' },
      { name: 'parts', type: null, description: '' },
    ],
  });
  expect(tables?.get('regions')?.columns).toEqual([]);
});

test.each([
  ['no YAML', 'schema: [unclosed'],
  ['another document', 'hello: world'],
  ['a schema that is no list', 'schema: { leads: {} }'],
  ['names that stand for each other', 'a: &a [x]\nschema: [*a, *a]'],
  ['nothing', ''],
])('what is %s tells nothing', (_what, text) => expect(parseContract(text)).toBeNull());

test('whatever people write in its places, it is read or tells nothing', () => {
  const schema = fc.array(fc.record({ name: fc.anything(), properties: fc.array(fc.object()) }));
  fc.assert(
    fc.property(schema, (tables) => {
      const read = parseContract(stringify({ schema: tables }));
      expect(read === null || read.size <= tables.length).toBe(true);
    }),
    { numRuns: 50 },
  );
});
