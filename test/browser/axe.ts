/** What axe finds against WCAG 2.2, levels A and AA, on the page as it stands. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as Axe from 'axe-core';
import type { Page } from 'playwright-core';

declare const axe: typeof Axe;

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * One line for each violation: the rule and where. Nothing is inserted into the page: its policy would refuse that.
 *
 * @param rules names or tags of rules; those that are left out do not depend on how the page looks now
 */
export async function violations(page: Page, rules: readonly string[] = everything): Promise<string[]> {
  await page.evaluate(await source);
  return page.evaluate(
    async (runOnly) => {
      const found = await axe.run(document, { runOnly, resultTypes: ['violations'] });
      return found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target }) => `${id}: ${target.join(' ')}`),
      );
    },
    [...rules],
  );
}
