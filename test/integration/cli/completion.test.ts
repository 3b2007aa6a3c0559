/** Completion in a real bash and a real zsh, as if Tab were pressed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/cli.ts';
import { completionScript } from '../../../src/cli/completion.ts';

const run = promisify(execFile);
const script = completionScript(createProgram({}), 'bash');

/** What bash offers after these words, the last of which is begun. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const press = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_provisioner
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', press, 'bash', 'provisioner', ...words]);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash completes', () => {
  test.each([
    ['commands', ['te'], ['template']],
    ['commands below a command', ['template', 'l'], ['list', 'lint']],
    ['options of a command', ['template', 'preview', '--pro'], ['--product']],
    ['choices of an argument', ['doctor', 'web'], ['webhooks']],
    ['an argument after options', ['doctor', '--json', 'edi'], ['editors']],
    ['the negated option', ['doctor', '--no'], ['--no-probe']],
    ['log levels', ['log-level', 'd'], ['debug']],
    ['shells', ['completion', ''], ['bash', 'zsh', '--help']],
    [
      'nothing where any value will do, so that the shell offers files',
      ['template', 'preview', '--out', ''],
      [],
    ],
    ['nothing for a word that begins no command', ['xyz'], []],
  ])('%s', async (_what, words, wanted) => {
    expect(await complete(...words)).toEqual(wanted);
  });

  test('every command there is', async () => {
    const names = createProgram({}).commands.map((command) => command.name());
    expect(await complete('')).toEqual(expect.arrayContaining(names));
  });
});

test('it is what bash loads from the program itself', async () => {
  const load = 'source <("$0" src/main.js completion bash) && complete -p provisioner';
  const env = { PATH: process.env.PATH ?? '', NODE_ENV: 'production' };
  const { stdout } = await run('bash', ['--norc', '-c', load, process.execPath], { env });
  expect(stdout.trim()).toBe('complete -o default -F _provisioner provisioner');
});

/** What zsh offers after these words, the last of which is begun: zsh itself narrows it down to what fits. */
async function offer(...words: readonly string[]): Promise<readonly string[]> {
  const press = `autoload -U compinit && compinit -D
source <("$0" src/main.js completion zsh)
[[ $_comps[provisioner] == _provisioner ]] || print 'not taken up'
_describe() { print -rl -- "\${(@P)2}" }
_files() { print files }
words=("$@"); CURRENT=$#
_provisioner`;
  const env = { PATH: process.env.PATH ?? '', NODE_ENV: 'production' };
  const all = ['-f', '-c', press, process.execPath, 'provisioner', ...words];
  const { stdout } = await run('zsh', all, { env });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('zsh completes', () => {
  test('every command there is, each with what it does', async () => {
    const about = createProgram({}).commands.map((each) => `${each.name()}:${each.description()}`);
    expect(await offer('')).toEqual(expect.arrayContaining(about));
  });

  test.each([
    [
      'commands below a command',
      ['template', ''],
      'lint:what is wrong with a template; exit 1 when anything is',
    ],
    ['choices of an option', ['keys', 'create', '--role', ''], 'operator'],
    ['choices of an argument', ['doctor', ''], 'webhooks:only what may explain this'],
    ['files where any value will do', ['template', 'preview', '--out', ''], 'files'],
  ])('%s', async (_what, words, wanted) => {
    expect(await offer(...words)).toContain(wanted);
  });
});
