/** Completion in a real bash, as if Tab were pressed. */
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
  const load = 'source <("$0" src/main.ts completion bash) && complete -p provisioner';
  const env = { PATH: process.env.PATH ?? '', NODE_ENV: 'production' };
  const { stdout } = await run('bash', ['--norc', '-c', load, process.execPath], { env });
  expect(stdout.trim()).toBe('complete -o default -F _provisioner provisioner');
});

test('for zsh every command is offered with what it does, each quoted', () => {
  const zsh = completionScript(createProgram({}), 'zsh');
  expect(zsh).toMatch(/^#compdef provisioner$/m);
  for (const command of createProgram({}).commands)
    expect(zsh).toContain(`'${command.name()}:${command.description().replaceAll("'", `'\\''`)}'`);
});
