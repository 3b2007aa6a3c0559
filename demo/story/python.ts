/** Whether this machine's Python can do what the demo needs, asked before anything is started. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const oldestMinor = 10;
// Debian and Ubuntu keep `venv` and `ensurepip` in a package of their own.
const question = `import sys; print("%d.%d" % sys.version_info[:2])
try: import venv, ensurepip
except ImportError: print("no venv")`;

/**
 * Version of `python3`, such as `3.12`.
 *
 * @throws Error that says what to install, when it is missing, older than 3.10, or without `venv`
 */
export async function requirePython(): Promise<string> {
  const answer = await run('python3', ['-c', question]).catch(() => null);
  if (answer === null)
    throw new Error(
      'python3 was not found or does not run. Install Python 3.10 or newer (https://www.python.org/downloads/).',
    );
  const [version = '', venv] = answer.stdout.trim().split('\n');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < oldestMinor))
    throw new Error(
      `python3 is ${version}; Python 3.10 or newer is needed. Install one and put it first in PATH.`,
    );
  if (venv !== undefined)
    throw new Error(
      `python3 (${version}) has no venv module. On Debian or Ubuntu: apt install python3-venv.`,
    );
  return version;
}
