/** Rows of the v1 table: a method and a path pattern whose ids are checked, so that an extractor gets typed ids. */
import type { Affected } from '../model/affected.ts';
import { OutputPortId, ProductId, TechnicalAssetId } from '../model/ids.ts';

/** Names that a pattern may hold in braces, each with its kind of id. */
interface Ids {
  readonly product: ProductId;
  readonly port: OutputPortId;
  readonly asset: TechnicalAssetId;
}

const idKinds = { product: ProductId, port: OutputPortId, asset: TechnicalAssetId };

type NamesIn<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type IdsIn<Pattern extends string> = Pick<Ids, NamesIn<Pattern> & keyof Ids>;

/** One row. `affected` gives the verdict when the call is the row's, else `undefined`. */
export interface Route {
  affected(method: string, segments: readonly string[], response: unknown): Affected | undefined;
}

/**
 * Makes a row from `METHOD|METHOD /path`. In the path `a|b` is one of several words, `{product}`, `{port}` and
 * `{asset}` are UUIDs, `*` is any one segment and `**` at the end is any number of segments, none included.
 *
 * @example on('PUT|DELETE /data_products/{product}/output_ports/{port}/**', ({ product, port }) => …)
 */
export function on<const Pattern extends string>(
  pattern: Pattern,
  extract: (ids: IdsIn<Pattern>, response: unknown) => Affected,
): Route {
  const [methods = '', path = ''] = pattern.split(' ', 2);
  const wanted = path.slice(1).split('/');
  const isOpenEnded = wanted.at(-1) === '**';
  if (isOpenEnded) wanted.pop();
  return {
    affected(method, segments, response) {
      const fits = isOpenEnded ? segments.length >= wanted.length : segments.length === wanted.length;
      if (!fits || !methods.split('|').includes(method)) return undefined;
      const ids: Partial<Record<keyof Ids, string>> = {};
      if (!wanted.every((part, index) => fitsPart(part, segments[index] ?? '', ids))) return undefined;
      // Every name in the pattern has met a segment of its kind, which is what the type says.
      return extract(ids as IdsIn<Pattern>, response);
    },
  };
}

/** Whether the segment is what the part of the pattern wants; an id is noted in `ids`. */
function fitsPart(part: string, segment: string, ids: Partial<Record<keyof Ids, string>>): boolean {
  if (part === '*') return segment !== '';
  const name = part.startsWith('{') ? part.slice(1, -1) : undefined;
  if (name === undefined) return part.split('|').includes(segment);
  if (!isIdName(name)) return false;
  const id = idKinds[name].safeParse(segment);
  if (id.success) ids[name] = id.data;
  return id.success;
}

function isIdName(name: string): name is keyof Ids {
  return Object.hasOwn(idKinds, name);
}
