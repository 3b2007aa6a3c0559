/** The product that a word names; when it names none, what may have been meant. */
import { z } from 'zod';
import { type ApiClient, CommandFailure, exitCodes } from './api-client.ts';
import { closest } from './closest.ts';

const Found = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), namespace: z.string(), home: z.string() })),
  next: z.string().nullable(),
});
type Named = z.infer<typeof Found>['items'][number];

const isId = z.guid();
const mostHints = 5;
/** Products among which one is looked for whose name is nearly the word. */
const mostCompared = 20_000;
const page = 500;

/**
 * The id of the product that a word names: its id, home, namespace or whole name.
 *
 * @throws CommandFailure when none is named so, with what looks like it, or several are
 */
export async function findProductId(api: ApiClient, word: string): Promise<string> {
  if (isId.safeParse(word).success) return word;
  const { items } = await api.get(Found, '/products', { named: word, limit: mostHints });
  const [only] = items;
  if (only !== undefined && items.length === 1) return only.id;
  const several = items.length > 1;
  const meant = several ? items : await similarTo(api, word);
  const names = meant.map(({ home, id }) => `${home} (${id})`).join(', ');
  const hint = names === '' ? '' : ` ${several ? 'Which one' : 'Did you mean'}: ${names}?`;
  throw new CommandFailure(
    exitCodes.missing,
    `${several ? 'Several products are' : 'No product is'} named ${JSON.stringify(word)}.${hint}`,
  );
}

/** Those that hold the word; else those that are named nearly so. */
async function similarTo(api: ApiClient, word: string): Promise<readonly Named[]> {
  const { items } = await api.get(Found, '/products', { search: word, limit: mostHints });
  if (items.length > 0) return items;
  const byName = new Map<string, Named>();
  let cursor: string | undefined;
  do {
    const { items: more, next }: z.infer<typeof Found> = await api.get(Found, '/products', {
      limit: page,
      cursor,
    });
    for (const each of more)
      for (const name of [each.home, each.namespace, each.name]) byName.set(name, each);
    cursor = next ?? undefined;
  } while (cursor !== undefined && byName.size < mostCompared);
  const near = closest(word, [...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
  return [...new Set(near)].slice(0, mostHints);
}
