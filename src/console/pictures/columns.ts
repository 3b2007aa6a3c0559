/**
 * Places for a graph with more edges than a layered layout has time for (dagre takes seconds for 1500, and every one
 * of them a row of its own): columns, in which who is read stands left of those that read it as far as there are no
 * circles. A few milliseconds for 200 products. Pure.
 */

interface Edge {
  readonly from: string;
  readonly to: string;
}

/** Both from 0. */
export interface Place {
  readonly column: number;
  readonly row: number;
}

/** Deeper graphs have several steps in one column. */
const mostColumns = 10;
/** Taller columns go on beside themselves. */
const mostRows = 32;
/** Each brings neighbours nearer to each other; after a few nothing changes any more. */
const sweeps = 6;

export function placeInColumns(ids: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, Place> {
  const ranks = rank(ids, edges);
  const deepest = Math.max(0, ...ranks.values());
  const share = Math.min(1, (mostColumns - 1) / Math.max(1, deepest));
  const columns: string[][] = [];
  for (const id of ids) {
    const column = Math.floor((ranks.get(id) ?? 0) * share);
    columns[column] = [...(columns[column] ?? []), id];
  }
  const filled = columns.filter((column) => column !== undefined);
  const cut = untangle(filled, edges).flatMap((column) => {
    const parts = Math.ceil(column.length / mostRows);
    const size = Math.ceil(column.length / parts);
    return Array.from({ length: parts }, (_, part) => column.slice(part * size, (part + 1) * size));
  });
  return new Map(
    cut.flatMap((column, place) => column.map((id, row) => [id, { column: place, row }] as const)),
  );
}

/** How many steps lie before each; an edge that closes a circle counts for nothing. */
function rank(ids: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const sources = groupBy(edges, 'to', 'from');
  const ranks = new Map<string, number>();
  const open = new Set<string>();
  const of = (id: string): number => {
    const known = ranks.get(id);
    if (known !== undefined) return known;
    open.add(id);
    const before = (sources.get(id) ?? []).filter((source) => !open.has(source));
    const found = Math.max(0, ...before.map((source) => of(source) + 1));
    open.delete(id);
    ranks.set(id, found);
    return found;
  };
  for (const id of ids) of(id);
  return ranks;
}

/** Orders each column by where its neighbours stand in theirs. */
function untangle(columns: readonly string[][], edges: readonly Edge[]): readonly string[][] {
  const sources = groupBy(edges, 'to', 'from');
  const readers = groupBy(edges, 'from', 'to');
  const heights = new Map<string, number>();
  const settle = (column: readonly string[]) => {
    for (const [row, id] of column.entries()) heights.set(id, (row + 0.5) / column.length);
  };
  const wish = (id: string) => {
    const near = [...(sources.get(id) ?? []), ...(readers.get(id) ?? [])];
    return near.reduce((sum, each) => sum + (heights.get(each) ?? 0.5), 0) / Math.max(1, near.length);
  };
  for (const column of columns) settle(column);
  for (let sweep = 0; sweep < sweeps; sweep += 1)
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const wishes = new Map(column.map((id) => [id, wish(id)]));
      column.sort((one, other) => (wishes.get(one) ?? 0) - (wishes.get(other) ?? 0));
      settle(column);
    }
  return columns;
}

function groupBy(edges: readonly Edge[], by: 'from' | 'to', give: 'from' | 'to'): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const edge of edges) {
    const group = groups.get(edge[by]);
    if (group === undefined) groups.set(edge[by], [edge[give]]);
    else group.push(edge[give]);
  }
  return groups;
}
