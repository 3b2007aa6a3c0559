/** What the embedded database keeps in memory. */
import { expect, test } from 'vitest';
import { openBooks } from '../../support/books.ts';

test('the embedded database has 32 MB of buffers, not the 128 MB of a machine of its own', async () => {
  await using books = await openBooks();
  const { rows } = await books.database.queueDatabase.executeSql('SHOW shared_buffers');
  expect(rows).toEqual([{ shared_buffers: '32MB' }]);
});
