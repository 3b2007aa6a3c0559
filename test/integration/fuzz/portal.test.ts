/** A portal whose answers are damaged: every reading ends in a value of ours or in an error of the catalogue. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { homeNamesFor, isHomeName } from '../../../src/model/home.ts';
import { cast, generations } from '../../spec/portal/recorded.ts';
import { fuzzRuns } from '../../support/mutations.ts';
import { providerAnswers, replay } from '../portal/portal-server.ts';
import { startDamagedPortal, wrecks } from './damaged-portal.ts';

test.each(generations)(
  'a product that is read from damaged answers is whole, gone, or an error that says so, %s',
  async (generation) => {
    const { provider } = cast(generation);
    await using portal = await startDamagedPortal(replay(generation, ...providerAnswers(generation)));
    const { client } = portal;
    expect((await client.readProduct(provider))?.id).toBe(provider);
    await fc.assert(
      fc.asyncProperty(wrecks, async (wreck) => {
        portal.damage(wreck);
        const read = await client.readProduct(provider).catch((thrown: unknown) => thrown);
        if (read instanceof Error) {
          expect(read).toBeInstanceOf(ProvisionerError);
          expect(String((read as ProvisionerError).code)).toMatch(/^PORTAL_/);
          return;
        }
        const listed = await client.listProducts().catch((thrown: unknown) => thrown);
        if (listed instanceof Error) expect(listed).toBeInstanceOf(ProvisionerError);
        const survey = await client.survey().catch((thrown: unknown) => thrown);
        if (survey instanceof Error) expect(survey).toBeInstanceOf(ProvisionerError);
        if (read === null) return;
        const product = read as { readonly id: string; readonly namespace: string };
        expect(product.id).toBe(provider);
        expect(homeNamesFor(product).every(isHomeName)).toBe(true);
      }),
      { numRuns: fuzzRuns(200) },
    );
  },
);
