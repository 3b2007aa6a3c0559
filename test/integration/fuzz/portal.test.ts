/** A portal whose answers are damaged: every reading ends in a value of ours or in an error of the catalogue. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { homeNamesFor, isHomeName } from '../../../src/model/home.ts';
import { cast, generations } from '../../spec/portal/recorded.ts';
import { damaged, damagedText, fuzzRuns } from '../../support/mutations.ts';
import { fastClient, providerAnswers, type Responder, replay, startServer } from '../portal/portal-server.ts';

/** Answers as recorded; the text of each is passed through `damage`. */
function damaging(answers: Responder, damage: (text: string) => string): Responder {
  return (request, response) => {
    const end = response.end.bind(response);
    // Node's own type has many forms; the replaying server ends with one text or none.
    response.end = ((text?: string) => end(text === undefined ? text : damage(text))) as typeof response.end;
    answers(request, response);
  };
}

test.each(generations)(
  'a product that is read from damaged answers is whole, gone, or an error that says so, %s',
  async (generation) => {
    const { provider } = cast(generation);
    const answers = replay(generation, ...providerAnswers(generation));
    let damage = (text: string) => text;
    await using portal = await startServer(damaging(answers, (text) => damage(text)));
    const client = fastClient(portal.url, {}, { retries: 0 });
    const whole = await client.readProduct(provider);
    expect(whole?.id).toBe(provider);
    const seeds = fc.infiniteStream(fc.nat());
    await fc.assert(
      fc.asyncProperty(seeds, fc.boolean(), async (stream, byText) => {
        damage = (text) => {
          const seed = stream.next().value ?? 0;
          const spoilt = byText
            ? damagedText(text)
            : damaged(JSON.parse(text)).map((value) => JSON.stringify(value) ?? '');
          return fc.sample(spoilt, { numRuns: 1, seed })[0] ?? '';
        };
        const read = await client.readProduct(provider).catch((thrown: unknown) => thrown);
        if (read instanceof Error) {
          expect(read).toBeInstanceOf(ProvisionerError);
          expect(String((read as ProvisionerError).code)).toMatch(/^PORTAL_/);
          return;
        }
        expect(read === null || typeof read === 'object').toBe(true);
        const listed = await client.listProducts().catch((thrown: unknown) => thrown);
        if (listed instanceof Error) expect(listed).toBeInstanceOf(ProvisionerError);
        const survey = await client.survey().catch((thrown: unknown) => thrown);
        if (survey instanceof Error) expect(survey).toBeInstanceOf(ProvisionerError);
        if (read !== null) {
          const product = read as { readonly id: string; readonly namespace: string };
          expect(homeNamesFor(product).every(isHomeName)).toBe(true);
        }
      }),
      { numRuns: fuzzRuns(200) },
    );
  },
);
