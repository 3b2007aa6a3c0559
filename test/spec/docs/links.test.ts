import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPages } from '../../support/pages.ts';

const pages = readPages();
const withoutCode = (text: string) =>
  text.replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8').replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '');
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** Why a link does not lead anywhere, or null. Addresses elsewhere are not visited. */
function fault(page: string, target: string): string | null {
  if (/^(https?|mailto):/.test(target)) return null;
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return `${page} → ${target}: there is no ${file}`;
  if (anchor === undefined) return null;
  if (statSync(file).isDirectory() || !anchorsOf(file).includes(anchor))
    return `${page} → ${target}: no such heading`;
  return null;
}

describe('every link of the pages leads somewhere:', () => {
  test.each(pages.map((page) => [page.path, page] as const))('%s', (path, { text }) => {
    const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.map((target) => fault(path, target)).filter((each) => each !== null)).toEqual([]);
  });

  test('a link to a missing file, and one to a missing heading, would be found', () => {
    expect(fault('README.md', 'docs/missing.md')).toMatch(/there is no docs\/missing\.md/);
    expect(fault('README.md', 'docs/security.md#no-such')).toMatch(/no such heading/);
    expect(fault('README.md', 'docs/security.md#what-is-defended')).toBeNull();
  });
});

test('every page of docs/ is reached from the README', () => {
  const reached = new Set<string>();
  const follow = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const text = pages.find((page) => page.path === path)?.text ?? '';
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s#]+)/g)) {
      const file = join(dirname(path), target);
      if (target.endsWith('/')) for (const page of pages) if (page.path.startsWith(file)) follow(page.path);
      if (target.endsWith('.md')) follow(file);
    }
  };
  follow('README.md');
  expect(
    pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !reached.has(path)),
  ).toEqual([]);
});
