/** What a newcomer runs first. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the demo tells its story to the end, asks nothing, and ends well', async () => {
  // On a terminal of nobody: no answer could be given.
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'demo', '--', '--once'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' },
  });
  // What each part of the story must come to is checked by the story itself, which ends otherwise.
  for (const words of ['sqlmesh plan', 'That was the story']) expect(stdout).toContain(words);
  expect(stdout).toContain('S3_SECRET_KEY=(masked)');
  expect(stdout).not.toMatch(/SECRET[A-Z_]*=[^(\s]/);
});
