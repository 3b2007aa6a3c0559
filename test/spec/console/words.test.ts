import { describe, expect, test } from 'vitest';
import { differences } from '../../../src/console/difference.ts';
import { sparkline } from '../../../src/console/pictures/sparkline.ts';
import { timelineOf } from '../../../src/console/pictures/timeline.ts';
import { lengthOf, numberOf, relative, sizeOf } from '../../../src/console/wording.ts';
import type { ActionRecord } from '../../../src/model/run.ts';

const now = new Date('2026-03-10T12:00:00Z');

describe('words', () => {
  test.each([
    [-2, 'now'],
    [-59, '59 s ago'],
    [-3599, '59 min ago'],
    [3600, 'in 1 h'],
    [-86_400 * 59, '59 d ago'],
    [-86_400 * 90, '3 months ago'],
  ])('%i seconds from now is %s', (seconds, words) => {
    expect(relative(new Date(now.getTime() + seconds * 1000), now)).toBe(words);
  });

  test.each([
    [0.2, '< 1 ms'],
    [999, '999 ms'],
    [1234, '1.2 s'],
    [59_400, '59 s'],
    [185_000, '3 min 5 s'],
  ])('%f milliseconds are %s', (ms, words) => expect(lengthOf(ms)).toBe(words));

  test('sizes and numbers are short', () => {
    expect([0, 999, 1234, 56_000_000].map(sizeOf)).toEqual(['0 B', '999 B', '1.2 KB', '56 MB']);
    expect(numberOf(1_234_567)).toBe('1\u202f234\u202f567');
  });
});

test('a difference shows lines that went and came, and leaves out long stretches that stayed', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const [change] = differences(
    { policy: [...lines, 'old'].join('\n'), same: 1 },
    { policy: [...lines, 'new'].join('\n'), same: 1 },
  );
  expect(change?.field).toBe('policy');
  expect(change?.lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'same line 0',
    'same line 1',
    'same line 2',
    'same … 14 lines as they were',
    'same line 17',
    'same line 18',
    'same line 19',
    'gone old',
    'new new',
  ]);
});

describe('the picture of a run', () => {
  const action = (ms: number, startMs?: number): ActionRecord => ({
    kind: 'put-policy',
    description: 'put',
    ms,
    outcome: 'done',
    ...(startMs === undefined ? {} : { startMs }),
  });

  test('shows actions when they began, earliest first', () => {
    const { exact, rows } = timelineOf([action(10, 30), action(50, 0)], 80);
    expect(exact).toBe(true);
    expect(rows.map(({ ms }) => ms)).toEqual([50, 10]);
    expect(rows[0]?.x).toBeLessThan(rows[1]?.x ?? 0);
  });

  test('shows them one after another where that was not noted', () => {
    const { exact, rows } = timelineOf([action(10), action(50)], 50);
    expect(exact).toBe(false);
    expect(rows.map(({ x, width }) => Math.round(x + width))[0]).toBe(Math.round(rows[1]?.x ?? 0));
  });

  test('keeps every bar inside, however short or long', () => {
    const { width, rows } = timelineOf([action(0, 0), action(1_000_000, 0), action(0, 1_000_000)], 1_000_000);
    for (const row of rows) expect(row.x + row.width).toBeLessThanOrEqual(width);
  });
});

test('runs per minute end with the current minute, and older ones are left out', () => {
  const at = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const { bars, most, width } = sparkline(
    [
      { at: at(61), runs: 9, failed: 0 },
      { at: at(0), runs: 4, failed: 1 },
    ],
    now,
  );
  expect(bars).toHaveLength(1);
  expect(most).toBe(9);
  expect(bars[0]?.x).toBe(width - 8);
});
