import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Redactor } from '../../../src/telemetry/redact.ts';

function capture(format: 'json' | 'pretty') {
  const lines: string[] = [];
  const redactor = new Redactor();
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, redactor, log: createLogger({ format, level: 'debug', colour: false, redactor, stream }) };
}

describe.each(['json', 'pretty'] as const)('a %s log line', (format) => {
  test('never shows a registered secret, whatever field it hides in', () => {
    const { lines, redactor, log } = capture(format);
    const secret = 'Ab+/c"d=efgh';
    redactor.register(secret);
    log
      .with({ product: secret })
      .error(`failed with ${secret}`, { nested: { url: `http://x/?k=${encodeURIComponent(secret)}` } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('efgh');
    expect(lines[0]).toContain('[secret]');
  });

  test('does not show a secret that two work with when one of them is done with it', () => {
    const { lines, redactor, log } = capture(format);
    redactor.register('a-key-of-two');
    redactor.register('a-key-of-two');
    redactor.forget('a-key-of-two');
    log.info('still secret: a-key-of-two');
    redactor.forget('a-key-of-two');
    log.info('not any more: a-key-of-two');
    expect(lines.map((line) => line.includes('a-key-of-two'))).toEqual([false, true]);
  });

  test('carries the facts of its logger', () => {
    const { lines, log } = capture(format);
    log.with({ delivery: 'd1', run: 'r1' }).info('hello', { product: 'p1' });
    for (const fact of ['d1', 'r1', 'p1', 'hello']) expect(lines[0]).toContain(fact);
  });

  test('is one line, whatever a name from outside holds', () => {
    const { lines, log } = capture(format);
    log.info('name', { name: 'a\nERROR forged\u2028\u001b[31m' });
    expect(lines[0]?.trimEnd().split(/[\n\u2028]/)).toHaveLength(1);
    expect(lines[0]).not.toContain('\u001b');
  });
});
