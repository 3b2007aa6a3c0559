/** Every row of the acceptance matrix, on every kind of store. */
import { expect, test } from 'vitest';
import { objectsBelow } from './access.ts';
import { runMatrix } from './matrix/matrix.ts';
import { servers } from './servers.ts';

test.each(servers)('%s answers a product’s key as it must, and is left as it was', async (_name, start) => {
  await using server = await start();
  const { rows } = await runMatrix({ ...server, api: 'auto', region: 'us-east-1', bucket: 'data-products' });
  expect(rows.filter(({ right }) => !right)).toEqual([]);
  expect(rows.length).toBeGreaterThan(45);
  expect(await objectsBelow(server, 'matrix-')).toEqual([]);
});
