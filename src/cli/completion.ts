/** Completion for bash and zsh, made from the program's own command tree: what is added there is completed. */
import type { Command } from 'commander';

export const shells = ['bash', 'zsh'] as const;
export type Shell = (typeof shells)[number];

/** A word that may follow, and what it is about. */
interface Word {
  readonly word: string;
  readonly about: string;
}

/** What may follow at one place of the tree. */
interface Place {
  /** Commands that lead here, each with a space before it; empty at the root. */
  readonly path: string;
  readonly words: readonly Word[];
  /** Options that take a value → the values, none when those are free. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** The script that a shell reads, for example by `source <(provisioner completion bash)`. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '');
  return shell === 'bash' ? bashScript(program.name(), places) : zshScript(program.name(), places);
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const commands = help
    .visibleCommands(command)
    .map((each) => ({ word: each.name(), about: each.description() }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map((word) => ({ word, about: description })),
  );
  const options = help.visibleOptions(command);
  const switches = options.map(({ long, short, description }) => ({
    word: long ?? short ?? '',
    about: description,
  }));
  const valued = options.filter((option) => option.required || option.optional);
  const here: Place = {
    path,
    words: [...commands, ...choices, ...switches],
    values: Object.fromEntries(
      valued.map(({ long, short, argChoices }) => [long ?? short ?? '', argChoices ?? []]),
    ),
  };
  const below = command.commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`));
  return [here, ...below];
}

/** Cases that follow the words up to the cursor into the tree. */
function descent(places: readonly Place[]): string {
  const below = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `${below.join('|')}) at="$at $each" ;;`;
}

function bashScript(name: string, places: readonly Place[]): string {
  const words = places.map(
    ({ path, words: all }) =>
      `    ${quoted(path)}) words=${quoted(all.map(({ word }) => word).join(' '))} ;;`,
  );
  // Where a value is free, nothing is offered, and the shell completes file names.
  const values = places.flatMap(({ path, values: all }) =>
    Object.entries(all).map(
      ([option, choices]) => `    ${quoted(`${path} ${option}`)}) words=${quoted(choices.join(' '))} ;;`,
    ),
  );
  return `# Completion of ${name} for bash: source <(${name} completion bash)
_${name}() {
  local at='' each words=''
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $each" in
      ${descent(places)}
    esac
  done
  case "$at" in
${words.join('\n')}
  esac
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _${name} ${name}
`;
}

function zshScript(name: string, places: readonly Place[]): string {
  const list = (words: readonly Word[]) =>
    words.map(({ word, about }) => quoted(`${word.replaceAll(':', '\\:')}:${about}`)).join(' ');
  const words = places.map(({ path, words: all }) => `    ${quoted(path)}) found=(${list(all)}) ;;`);
  const values = places.flatMap(({ path, values: all }) =>
    Object.entries(all).map(
      ([option, choices]) =>
        `    ${quoted(`${path} ${option}`)}) found=(${choices.map(quoted).join(' ')}) ;;`,
    ),
  );
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh)
_${name}() {
  local at='' each
  local -a found
  for each in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $each" in
      ${descent(places)}
    esac
  done
  case "$at" in
${words.join('\n')}
  esac
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  (( \${#found} )) && _describe ${quoted(name)} found || _files
}
compdef _${name} ${name}
`;
}

/** One word for a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
