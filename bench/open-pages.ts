/** Pages that are left open, as browsers keep them: told of a change, each asks for its part anew. */
import { setTimeout as wait } from 'node:timers/promises';

/** One open page: what it shows, what makes it ask again, and what it asks for then. */
interface OpenPage {
  readonly events: string;
  readonly topics: readonly string[];
  readonly parts: readonly string[];
}

/** Fifty, as a morning's people have them: every second one is a product's page, no two of the same product. */
export function pagesOfPeople(products: readonly string[]): readonly OpenPage[] {
  const list = (path: string, ...topics: string[]): OpenPage => ({
    events: `/console/events?${topics.map((topic) => `topic=${topic}`).join('&')}`,
    topics: ['ready', ...topics],
    parts: [`/console${path}`],
  });
  const lists = [
    list('', 'runs', 'deliveries', 'estate'),
    list('/products', 'products'),
    list('/products?condition=Degraded', 'products'),
    list('/runs', 'runs'),
    list('/deliveries', 'deliveries'),
  ];
  const single = (product: string): OpenPage => ({
    events: `/console/events?topic=product&topic=estate&product=${product}`,
    topics: ['ready', 'product', 'estate'],
    parts: [`/console/products/${product}`, `/console/products/${product}/asked`],
  });
  return Array.from({ length: 25 }, (_, place) => {
    const [one, product] = [lists[place % lists.length], products[place]];
    if (one === undefined || product === undefined) throw new Error('there are too few products');
    return [one, single(product)];
  }).flat();
}

/** Keeps them open until the signal, and throws when an answer is not as it should be. */
export async function keepOpen(url: string, pages: readonly OpenPage[], signal: AbortSignal): Promise<void> {
  await Promise.all(
    pages.map(async (page) => {
      try {
        await follow(url, page, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }),
  );
}

async function follow(url: string, { events, topics, parts }: OpenPage, signal: AbortSignal): Promise<void> {
  const stream = await fetch(`${url}${events}`, { signal });
  for await (const chunk of stream.body ?? []) {
    const told = Buffer.from(chunk).toString();
    if (!topics.some((topic) => told.includes(`event: ${topic}\n`))) continue;
    for (const [place, part] of parts.entries()) {
      const target = place === 0 ? 'live' : 'asked-part';
      const headers = { 'HX-Request': 'true', 'HX-Target': target };
      const answer = await fetch(`${url}${part}`, { headers, signal });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${part} was answered with ${answer.status}`);
    }
  }
}

/** Does it once a second, for so long, and one at a time. */
export async function everySecond(forMs: number, act: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + forMs;
  while (performance.now() < end) await Promise.all([act(), wait(1000)]);
}
