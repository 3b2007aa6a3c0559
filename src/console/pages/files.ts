/** The tree of a workspace's files, folder by folder. */
import type { ProductDetail } from '../../insight/product.ts';
import { isHomeName } from '../../model/home.ts';
import type { Sources } from '../sources.ts';

/** `null`: there is no such folder. */
export async function filesOf(base: string, { listFolder }: Sources, product: ProductDetail, path: string) {
  if (!isHomeName(product.home)) return null;
  const listing = await listFolder(product.home, path);
  if (listing === null) return null;
  const ours = new Set(product.files);
  const below = path === '' ? '' : `${path}/`;
  return {
    path,
    base,
    id: product.id,
    more: listing.more,
    entries: listing.entries.map((entry) => ({
      ...entry,
      folder: entry.kind === 'folder',
      odd: entry.kind === 'link' || entry.kind === 'other' ? entry.kind : null,
      href: `${base}/products/${product.id}/files?path=${encodeURIComponent(`${below}${entry.name}`)}`,
      rendered: ours.has(`${below}${entry.name}`),
      secret: path === '' && entry.name === '.env',
    })),
  };
}
