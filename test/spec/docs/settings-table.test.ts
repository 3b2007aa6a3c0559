import { readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { describeSettings } from '../../../src/config/describe.ts';
import { readEnvironment } from '../../../src/config/env.ts';
import { Environment } from '../../../src/config/schema.ts';

const begin = '<!-- settings:begin -->';
const end = '<!-- settings:end -->';

/** `UPDATE_DOCS=1 npx vitest run test/spec/docs` writes the tables instead of comparing them. */
const update = process.env.UPDATE_DOCS === '1';

describe('the settings', () => {
  test.each(['docs/configuration.md', 'README.md'])('are in %s as the schema has them', (page) => {
    const text = readFileSync(page, 'utf8');
    const [before = '', rest] = text.split(begin);
    const [found, after] = rest?.split(end) ?? [];
    if (found === undefined || after === undefined) throw new Error(`${page} has no ${begin} … ${end}`);
    const wanted = `\n\n${describeSettings()}\n\n`;
    if (update) writeFileSync(page, `${before}${begin}${wanted}${end}${after}`);
    else expect(found).toBe(wanted);
  });

  test('are all in .env.example, whose values are enough to start', () => {
    const text = readFileSync('.env.example', 'utf8');
    const mentioned = [...text.matchAll(/^(?:# )?([A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(mentioned.toSorted()).toEqual(Object.keys(Environment.shape).toSorted());
    expect(() => readEnvironment(parseEnv(text))).not.toThrow();
  });
});
