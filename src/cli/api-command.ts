/** What every command that asks the daemon has: `--url`, `--json`, and words that name a product. */
import { Command } from 'commander';
import type { Variables } from '../config/secret-references.ts';
import { ProvisionerError } from '../model/errors.ts';
import { type ApiClient, openApi } from './api-client.ts';
import { print, printJson } from './output.ts';

/** Options that all of them have, as commander gives them. */
export interface ApiOptions {
  readonly url?: string;
  readonly json?: true;
}

/** For commands about some products, or the whole estate. */
export interface AllOptions extends ApiOptions {
  readonly all?: true;
}

/**
 * Everything is meant only when it is said.
 *
 * @throws ProvisionerError `CONFIG_INVALID`
 */
export function oneOf(words: readonly string[], all: true | undefined): void {
  if (words.length > 0 === (all === true))
    throw new ProvisionerError('CONFIG_INVALID', 'Name a product, or say --all; one of them.');
}

/** A command with those options; `act` gets the daemon's API, the arguments and the options. */
export function apiCommand<Options extends ApiOptions>(
  env: Variables,
  words: string,
  about: string,
  act: (api: ApiClient, args: readonly string[], options: Options) => Promise<void>,
): Command {
  const [name, ...taken] = words.split(' ');
  const command = new Command(name);
  for (const each of taken) command.argument(each);
  return command
    .description(about)
    .option('--url <url>', 'the daemon’s address (or PROV_API_URL)')
    .option('--json', 'as JSON')
    .action(async (...given: unknown[]) => {
      const self = given.at(-1);
      if (!(self instanceof Command)) throw new Error('commander gives the command last');
      const options = self.optsWithGlobals<Options>();
      await act(await openApi(env, options.url), self.args, options);
    });
}

/** `--limit` and `--cursor`, for lists. */
export function withPaging(command: Command): Command {
  return command
    .option('--limit <number>', 'at most so many lines', '50')
    .option('--cursor <text>', 'go on where a list ended');
}

export interface PagingOptions {
  readonly limit: string;
  readonly cursor?: string;
}

/** A page for people or for programs. */
export function printPage<T>(
  page: { readonly items: readonly T[]; readonly next: string | null },
  json: boolean,
  toText: (items: readonly T[]) => string,
): void {
  if (json) printJson(page);
  else print(page.items.length === 0 ? 'Nothing found.\n' : toText(page.items));
  if (!json && page.next !== null) process.stderr.write(`There is more: --cursor ${page.next}\n`);
}
