/** Git that can not be started, because nothing can be opened any more. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const plumbing = resolve('src/workspace/git-plumbing.ts');
/** Opens all that it may, then asks for git: in a process of its own, as its limits must not be ours. */
const starved = `
  import { openSync } from 'node:fs';
  const { runGitSteps } = await import(${JSON.stringify(plumbing)});
  const { asProvisionerError } = await import(${JSON.stringify(resolve('src/model/errors.ts'))});
  try { for (;;) openSync('/dev/null'); } catch {}
  const thrown = await runGitSteps('/tmp/none', [{ words: ['hash-object', '--stdin'], input: 'x' }]).catch((error) => error);
  process.stdout.write(asProvisionerError(thrown).code);
`;

test('without descriptors a commit fails by name, and the process lives on', async () => {
  const words = ['--nofile=64', process.execPath, '--input-type=module', '--eval', starved];
  const { stdout } = await promisify(execFile)('prlimit', words);
  expect(stdout).toBe('WORKSPACE_UNWRITABLE');
});
