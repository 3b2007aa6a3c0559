import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeTexts } from '../../../src/workspace/merge.ts';

describe('a merge', () => {
  test('takes what the template changed and keeps what a person changed', () => {
    expect(mergeTexts('a\nb\nc\nd\ne\n', 'a\nmine\nc\nd\ne\n', 'a\nb\nc\nd\ntheirs\n')).toBe(
      'a\nmine\nc\nd\ntheirs\n',
    );
  });

  test('has no result where both changed the same line', () => {
    expect(mergeTexts('a\nb\nc\n', 'a\nmine\nc\n', 'a\ntheirs\nc\n')).toBeNull();
  });

  test('is no conflict where both made the same change', () => {
    expect(mergeTexts('a\nb\n', 'a\nsame\n', 'a\nsame\n')).toBe('a\nsame\n');
  });

  test('keeps the line endings that a person saved the file with', () => {
    expect(mergeTexts('a\nb\nc\nd\n', 'a\r\nb\r\nc\r\nmine\r\n', 'new\nb\nc\nd\n')).toBe(
      'new\r\nb\r\nc\r\nmine\r\n',
    );
  });

  test('keeps a last line without its end', () => {
    expect(mergeTexts('a\nb\nc', 'a\nb\nmine', 'new\nb\nc')).toBe('new\nb\nmine');
  });
});

describe('whatever is changed on both sides', () => {
  const line = fc.constantFrom('a', 'b', 'c', '', '  x', '}', '{{ y }}');
  /** Per line of the base: keep it, delete it, replace it or put something before it. */
  const edit = (side: string) =>
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant('keep') },
        { weight: 1, arbitrary: fc.constant('delete') },
        { weight: 1, arbitrary: fc.nat(99).map((id) => `replace ${side}${id}`) },
        { weight: 1, arbitrary: fc.nat(99).map((id) => `before ${side}${id}`) },
      ),
      { minLength: 20, maxLength: 20 },
    );
  const upgrade = fc.record({
    base: fc.array(line, { maxLength: 20 }),
    mine: edit('mine-'),
    theirs: edit('theirs-'),
    ending: fc.constantFrom('\n', '\r\n'),
    closed: fc.boolean(),
  });

  function apply(base: readonly string[], edits: readonly string[], ending: string, closed: boolean): string {
    const lines = base.flatMap((text, index) => {
      const [what = 'keep', word = ''] = (edits[index] ?? 'keep').split(' ');
      if (what === 'delete') return [];
      if (what === 'replace') return [word];
      return what === 'before' ? [word, text] : [text];
    });
    return lines.join(ending) + (closed && lines.length > 0 ? ending : '');
  }

  const words = (text: string, side: string) =>
    text
      .split(/\r?\n/)
      .filter((each) => each.startsWith(side))
      .sort();

  test('no line that a person wrote is lost, and none of the template’s either, in 10,000 upgrades', () => {
    let merges = 0;
    fc.assert(
      fc.property(upgrade, ({ base, mine, theirs, ending, closed }) => {
        const before = apply(base, [], '\n', true);
        const live = apply(base, mine, ending, closed);
        const next = apply(base, theirs, '\n', true);
        const merged = mergeTexts(before, live, next);
        if (merged === null) return;
        merges += 1;
        expect(words(merged, 'mine-')).toEqual(words(live, 'mine-'));
        expect(words(merged, 'theirs-')).toEqual(words(next, 'theirs-'));
        // Done again after a cut, it comes to the same.
        expect(mergeTexts(before, merged, next)).toBe(merged);
      }),
      { numRuns: 10_000 },
    );
    expect(merges).toBeGreaterThan(1000);
  });

  test('a side that changed nothing gives way to the other', () => {
    fc.assert(
      fc.property(upgrade, ({ base, mine }) => {
        const before = apply(base, [], '\n', true);
        const changed = apply(base, mine, '\n', true);
        expect(mergeTexts(before, changed, before)).toBe(changed);
        expect(mergeTexts(before, before, changed)).toBe(changed);
      }),
    );
  });
});
