/** Git that can not be started, because nothing can be opened any more. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Opens all that it may, then asks for git: in a process of its own, as its limits must not be ours. */
const starved = (file: string, call: string) => `
  import { openSync } from 'node:fs';
  const { runGitSteps, makeRepository } = await import(${JSON.stringify(resolve(file))});
  const { asProvisionerError } = await import(${JSON.stringify(resolve('src/model/errors.ts'))});
  try { for (;;) openSync('/dev/null'); } catch {}
  const thrown = await ${call}.catch((error) => error);
  process.stdout.write(asProvisionerError(thrown).code);
`;

test.each([
  [
    'src/workspace/git-plumbing.ts',
    "runGitSteps('/tmp/none', [{ words: ['hash-object', '--stdin'], input: 'x' }])",
  ],
  ['src/workspace/git-shell.ts', "makeRepository('/tmp/none', 'done\\n', { shared: false })"],
])('without descriptors a commit by %s fails by name, and the process lives on', async (file, call) => {
  const words = ['--nofile=64', process.execPath, '--input-type=module', '--eval', starved(file, call)];
  const { stdout } = await promisify(execFile)('prlimit', words);
  expect(stdout).toBe('WORKSPACE_UNWRITABLE');
});
