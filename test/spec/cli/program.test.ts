import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/cli.ts';
import { closest } from '../../../src/cli/closest.ts';

/** Every command that does something, with the words that lead to it. */
function leavesOf(command: Command, path: readonly string[] = []): (readonly [string, Command])[] {
  const below = command.commands.flatMap((each) => leavesOf(each, [...path, each.name()]));
  return below.length > 0 && command.registeredArguments.length === 0
    ? below
    : [[path.join(' '), command], ...below];
}

describe('every command', () => {
  // The daemon, and what a shell reads.
  const others = ['serve', 'completion'];
  const leaves = leavesOf(createProgram({})).filter(([path]) => !others.includes(path));

  it.each(leaves)('%s has --json', (_path, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
  });
});

describe('who mistypes a name is told what looks like it', () => {
  const names = ['reader', 'sales-leads', 'sales-orders', 'stock', 'x'];

  it.each([
    ['letters swapped', 'raeder', ['reader']],
    ['a letter left out', 'sales-orers', ['sales-orders']],
    ['a letter too many', 'stockk', ['stock']],
    ['a wrong letter, in capitals', 'STOCH', ['stock']],
    ['nothing like it', 'warehouse', []],
    ['no word', '', []],
  ])('%s: %j', (_what, word, meant) => {
    expect(closest(word, names)).toEqual(meant);
  });
});
