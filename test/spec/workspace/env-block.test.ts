import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEnvBlock, withEnvBlock, withoutEnvBlock } from '../../../src/workspace/env-block.ts';

const value = fc.stringMatching(/^[A-Za-z0-9_./:+=@,-]{0,40}$/);
const entries = fc.dictionary(fc.stringMatching(/^(S3|AWS)_[A-Z][A-Z0-9_]{0,10}$/), value, { minKeys: 1 });
/** A person's lines: anything but our marks. */
const lines = fc
  .array(fc.stringMatching(/^[ -~]{0,30}$/).filter((line) => !/^# (>>>|<<<)/.test(line)))
  .map((all) => all.join('\n'));

describe('the managed block of .env', () => {
  test('is read back as it was written, whatever stands around it', () => {
    fc.assert(
      fc.property(lines, entries, (mine, ours) => {
        expect({ ...readEnvBlock(withEnvBlock(mine, ours)) }).toEqual({ ...ours });
      }),
    );
  });

  test('leaves a person’s lines as they are, however often it is rewritten', () => {
    fc.assert(
      fc.property(lines, lines, entries, entries, (above, below, first, second) => {
        const text = withEnvBlock(above, first) + below;
        const rewritten = withEnvBlock(text, second);
        expect({ ...readEnvBlock(rewritten) }).toEqual({ ...second });
        expect(withoutEnvBlock(rewritten)).toBe(withoutEnvBlock(text));
        expect(withEnvBlock(rewritten, second)).toBe(rewritten);
      }),
    );
  });

  test('keeps blank lines above it', () => {
    const text = withEnvBlock('MINE=1\n\n\n', { S3_A: 'x' });
    expect(withoutEnvBlock(withEnvBlock(text, { S3_A: 'y' }))).toBe('MINE=1\n\n\n');
  });

  test.each(['a b', 'a"b', "a'b", 'a$b', 'a#b', 'a\nb', 'a\\b', 'ä'])(
    'refuses %j, which readers understand differently, without repeating it',
    (bad) => {
      expect(() => withEnvBlock('', { S3_SECRET_KEY: bad })).toThrow(/S3_SECRET_KEY can not be written/);
    },
  );

  test('that lost its end mark is replaced without losing the lines below it', () => {
    const damaged = withEnvBlock('', { S3_BUCKET: 'b' }).split('\n').slice(0, 2).join('\n');
    expect(withEnvBlock(`${damaged}\nMINE=1\n`, { S3_BUCKET: 'c' })).toContain('\nMINE=1\n');
  });
});
