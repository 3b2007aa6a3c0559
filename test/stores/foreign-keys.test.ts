/** Keys under our principals that we did not make are found, removed, and said so. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { principalNameOf } from '../../src/identity/issuer.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { entriesOf } from '../support/s3-as.ts';
import { makeAccessKey, makeServiceAccount } from '../support/stores/tampering.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { statusAs } from './access.ts';
import { servers } from './servers.ts';

const Rows = z.object({
  items: z.array(
    z.object({
      actor: z.string(),
      product: z.string().nullable(),
      target: z.string(),
      after: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});

test.each(servers)(
  'on %s a key that is not ours ends, and the product’s own works on',
  async (name, start) => {
    await using world = await createWorldOn(start, { PROV_DRIFT_INTERVAL: '1s' });
    const user = new PortalUser(world.portal.url);
    const product = await user.createProduct('Product', 'product');
    const env = await eventually('.env', () => world.workspaceFile('product', '.env'));
    const { S3_ACCESS_KEY: own = '', S3_SECRET_KEY: secret = '' } = entriesOf(env);
    const home = 'product' as HomeName;
    const isMinio = name === 'MinIO' || name === 'RustFS';
    const foreign = isMinio
      ? await makeServiceAccount(world.store, own)
      : await makeAccessKey(world.store, principalNameOf(ProductId.parse(product)));
    const as = (key: { id: string; secret: string }) => statusAs(world.store.endpoint, 'data-products', key);
    await eventually('its end', async () => (await as(foreign).get(home)) === 403);
    expect(await as({ id: own, secret }).put(home)).toBe(200);
    await eventually('a word about it in the log', () =>
      world.lines.some((line) => line.includes(`delete access key ${foreign.id}: it is not in our books`)),
    );
    const ends = await eventually('a row about it in the audit', async () => {
      const answer = await fetch(`${world.daemon().url}/api/v1/audit?action=delete-key`);
      const { items } = Rows.parse(await answer.json());
      return items.length > 0 && items;
    });
    const why = 'it is not in our books';
    expect(ends).toEqual([{ actor: 'provisioner', product, target: foreign.id, after: { why } }]);
    expect(await world.workspaceFile('product', '.env')).toBe(env);
  },
);
