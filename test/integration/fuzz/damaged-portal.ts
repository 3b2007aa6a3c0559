/** A portal that answers as recorded, some of its answers damaged. */
import fc from 'fast-check';
import type { PortalClient } from '../../../src/portal/client.ts';
import { damaged, damagedText } from '../../support/mutations.ts';
import { fastClient, type Responder, startServer } from '../portal/portal-server.ts';

export interface DamagedPortal extends AsyncDisposable {
  readonly client: PortalClient;
  /** From now on every answer may be another wreck. */
  damage(wreck: Wreck): void;
}

/** How answers are damaged: seeds for each of them, and whether as text or as JSON. */
export type Wreck = readonly [seeds: fc.Stream<number>, byText: boolean];

export const wrecks: fc.Arbitrary<Wreck> = fc.tuple(fc.infiniteStream(fc.nat()), fc.boolean());

/** One answer in so many is damaged. */
const damagedOf = 4;

/** Starts it; until `damage` is called its answers are whole. */
export async function startDamagedPortal(answers: Responder): Promise<DamagedPortal> {
  let damage = (text: string) => text;
  const portal = await startServer((request, response) => {
    const end = response.end.bind(response);
    // Node's own type has many forms; the replaying server ends with one text or none.
    response.end = ((text?: string) => end(text === undefined ? text : damage(text))) as typeof response.end;
    answers(request, response);
  });
  return {
    client: fastClient(portal.url, {}, { retries: 0 }),
    damage: ([seeds, byText]) => {
      damage = (text) => {
        const seed = seeds.next().value ?? 0;
        // A wreck of all answers at once is hardly ever taken for a product.
        if (seed % damagedOf !== 0) return text;
        const spoilt = byText
          ? damagedText(text)
          : damaged(JSON.parse(text)).map((value) => JSON.stringify(value) ?? '');
        return fc.sample(spoilt, { numRuns: 1, seed })[0] ?? '';
      };
    },
    [Symbol.asyncDispose]: () => portal[Symbol.asyncDispose](),
  };
}
