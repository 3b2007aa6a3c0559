/** What every command that asks the daemon has: `--url`, `--json`, and words that name a product. */
import { Command } from 'commander';
import { z } from 'zod';
import type { Variables } from '../config/secret-references.ts';
import { type ApiClient, CommandFailure, exitCodes, openApi } from './api-client.ts';
import { print, printJson } from './output.ts';

/** Options that all of them have, as commander gives them. */
export interface ApiOptions {
  readonly url?: string;
  readonly json?: true;
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

const Found = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), namespace: z.string(), home: z.string() })),
});
const isId = z.guid();

/**
 * The id of the product that a word names: its id, home, namespace or whole name.
 *
 * @throws CommandFailure when none is named so, with what looks like it, or several are
 */
export async function findProductId(api: ApiClient, word: string): Promise<string> {
  if (isId.safeParse(word).success) return word;
  const { items } = await api.get(Found, '/products', { search: word, limit: 500 });
  const exact = items.filter(({ name, namespace, home }) => [name, namespace, home].includes(word));
  const [only] = exact;
  if (only !== undefined && exact.length === 1) return only.id;
  const named = (exact.length > 0 ? exact : items).slice(0, 5).map(({ home, id }) => `${home} (${id})`);
  const hint =
    named.length === 0 ? '' : ` ${exact.length > 0 ? 'Which one' : 'Did you mean'}: ${named.join(', ')}?`;
  throw new CommandFailure(
    exitCodes.missing,
    `${exact.length > 1 ? 'Several products are' : 'No product is'} named ${JSON.stringify(word)}.${hint}`,
  );
}
