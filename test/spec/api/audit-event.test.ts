/** Held against "CloudEvents - Version 1.0.2" and its JSON Event Format (github.com/cloudevents/spec). */
import { describe, expect, test } from 'vitest';
import { auditEvents } from '../../../src/api/v1/audit-event.ts';
import type { AuditLine } from '../../../src/insight/audit.ts';
import { ProductId } from '../../../src/model/ids.ts';

const product = ProductId.parse('00000000-0000-4000-8000-000000000001');
const line: AuditLine = {
  id: '00000000-0000-4000-8000-00000000000a',
  at: new Date('2026-01-31T08:00:00.123Z'),
  actor: 'person:anna',
  cause: { kind: 'person', what: 'asked for a new key', who: 'anna' },
  product,
  run: null,
  action: 'issue-key',
  target: 'AKIA1',
  before: null,
  after: { why: 'asked for' },
  seq: '4294967296',
  hash: 'ab'.repeat(32),
};

/** As it leaves: parsed from its text. */
async function sent(change: Partial<AuditLine> = {}): Promise<Readonly<Record<string, unknown>>> {
  async function* rows() {
    yield { ...line, ...change };
  }
  const { value } = await auditEvents(rows()).next();
  return JSON.parse(JSON.stringify(value));
}

describe('a row of the audit as a CloudEvent', () => {
  test('has the required attributes, each a text with something in it', async () => {
    const event = await sent();
    for (const name of ['id', 'source', 'specversion', 'type'])
      expect(event[name], name).toEqual(expect.stringMatching(/./));
    expect(event.specversion).toBe('1.0');
    expect(URL.canParse(String(event.source), 'https://base.invalid')).toBe(true);
  });

  test('names attributes as the specification wants, and gives none the value null', async () => {
    for (const event of [await sent(), await sent({ product: null, seq: null, hash: null })]) {
      const { data: _data, ...attributes } = event;
      for (const [name, value] of Object.entries(attributes)) {
        expect(name).toMatch(/^[a-z0-9]{1,20}$/);
        expect(value, name).toEqual(expect.stringMatching(/^[^\p{Cc}]+$/u));
      }
    }
  });

  test('tells when and of what, with the row as JSON data', async () => {
    expect(await sent()).toMatchObject({
      time: '2026-01-31T08:00:00.123Z',
      subject: product,
      type: 'provisioner.audit.issue-key',
      datacontenttype: 'application/json',
      data: { actor: 'person:anna', cause: line.cause, target: 'AKIA1', before: null, after: line.after },
    });
  });

  test('carries number and hash of the chain, and leaves them out until the row is sealed', async () => {
    expect(await sent()).toMatchObject({ seq: '4294967296', hash: line.hash });
    const fresh = await sent({ seq: null, hash: null });
    expect(fresh).not.toHaveProperty('seq');
    expect(fresh).not.toHaveProperty('hash');
  });
});
