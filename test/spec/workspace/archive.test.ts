import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HomeName, isHomeName } from '../../../src/model/home.ts';
import { ProductId } from '../../../src/model/ids.ts';
import { nameInArchive, readArchivedName } from '../../../src/workspace/archive.ts';

const product = fc.uuid().map((id) => ProductId.parse(id));
const at = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

test('the name of a folder in the archive tells its home, its product and since when, whatever the home is called', () => {
  const homes = fc.oneof(
    fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/).filter(isHomeName),
    fc.constant('sales-2026-01-01t00-00-00-000z' as HomeName),
  );
  fc.assert(
    fc.property(homes, fc.option(product), at, (home, id, when) => {
      const name = nameInArchive({ home, product: id, at: when });
      expect(readArchivedName(name)).toEqual({ name, home, product: id, at: when });
    }),
  );
});

test.each(['', 'notes', 'sales-2026-13-01T00-00-00-000Z', '..-2026-01-01T00-00-00-000Z', 'sales-2026'])(
  '%j is not ours',
  (name) => {
    expect(readArchivedName(name)).toBeNull();
  },
);
