/** The access graph: one product with its neighbours, or all while they are few. */
import type { Request } from 'express';
import {
  type Edge,
  findNodes,
  hasMoreGrants,
  listEdges,
  listMostRead,
  type Node,
} from '../../insight/neighbours.ts';
import { listProducts } from '../../insight/products.ts';
import type { ProductId } from '../../model/ids.ts';
import { addressWith, askedOf, GraphAsked } from '../asked.ts';
import type { Page } from '../page.ts';
import { type DrawnNode, drawGraph, type Picture } from '../pictures/graph.ts';
import type { Sources } from '../sources.ts';
import type { Render } from '../views.ts';

/** Products that one picture of everything shows at most. */
const mostOfAll = 200;
/** … and one picture of a product's surroundings. */
const mostAround = 60;
/** … with so many edges. */
const mostEdgesOfAll = 1500;
/** Edges that are looked at in surroundings: beyond that the picture leaves out the newest. */
const mostEdges = 600;
/** Grants of an estate whose edges are looked at; one edge is often several grants. */
const mostGrants = 3000;
const mostNames = 20;

interface Part {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  /** Products that there was no room for. */
  readonly left: number;
}

export function createGraphPage(base: string, sources: Sources, render: Render) {
  const drawn = rememberLast(8, drawGraph);
  return async (request: Request): Promise<Page> => {
    const asked = askedOf(GraphAsked, request);
    const part =
      asked.focus === undefined
        ? await everything(sources)
        : await surroundings(sources, asked.focus, Number(asked.depth));
    const focus = part?.nodes.find(({ id }) => id === asked.focus);
    const names = asked.q === undefined || asked.q === '' ? null : await search(sources, request, asked.q);
    return {
      section: 'graph',
      title: focus === undefined ? 'Access graph' : `Access graph around ${focus.name}`,
      ...(focus === undefined ? {} : { crumbs: [{ href: `${base}/graph`, label: 'Access graph' }] }),
      lead: 'Who reads whom: data flows from left to right.',
      controls: render('graph-controls', {
        base,
        q: asked.q ?? '',
        names,
        focus: focus === undefined ? null : focus,
        depths: ['1', '2'].map((depth) => ({
          depth,
          label: depth === '1' ? 'Neighbours' : 'Neighbours of neighbours',
          chosen: depth === asked.depth,
          href: addressWith(request, { depth, q: null }),
        })),
      }),
      body: render('graph', {
        base,
        picture: part === null || part.edges.length === 0 ? null : pictureOf(base, part, asked.focus, drawn),
        ...(part === null ? { tooMany: true, most: await mostRead(sources) } : listed(part)),
        focus,
      }),
      topics: ['access'],
    };
  };
}

/** `null`: they are too many for a picture. */
async function everything({ db }: Sources): Promise<Part | null> {
  if (await hasMoreGrants(db, mostGrants)) return null;
  const edges = await listEdges(db, 'all', mostEdgesOfAll + 1);
  const ids = idsOf(edges);
  if (edges.length > mostEdgesOfAll || ids.length > mostOfAll) return null;
  return { nodes: await findNodes(db, ids), edges, left: 0 };
}

async function surroundings({ db }: Sources, focus: ProductId, depth: number): Promise<Part> {
  let ids: ProductId[] = [focus];
  let edges: Edge[] = [];
  for (let step = 0; step < depth; step += 1) {
    edges = await listEdges(db, ids, mostEdges);
    ids = [...new Set([...ids, ...idsOf(edges)])];
  }
  const shown = new Set(ids.slice(0, mostAround));
  return {
    nodes: await findNodes(db, [...shown]),
    edges: edges.filter(({ consumer, provider }) => shown.has(consumer) && shown.has(provider)),
    left: ids.length - shown.size,
  };
}

function idsOf(edges: readonly Edge[]): ProductId[] {
  return [...new Set(edges.flatMap(({ consumer, provider }) => [provider, consumer]))];
}

function pictureOf(base: string, part: Part, focus: ProductId | undefined, draw: typeof drawGraph): Picture {
  const known = new Set(part.nodes.map(({ id }) => id));
  const nodes: DrawnNode[] = part.nodes.map(({ id, name, state, degraded }) => ({
    id,
    name,
    kind: id === focus ? 'focus' : state === 'retired' ? 'gone' : degraded ? 'bad' : 'plain',
    href: id === focus ? `${base}/products/${id}` : `${base}/graph?focus=${id}`,
  }));
  const edges = part.edges
    .filter(({ consumer, provider }) => known.has(consumer) && known.has(provider))
    .map(({ consumer, provider }) => ({ from: provider, to: consumer }));
  return draw(nodes, edges);
}

/** The same as a table, for those who do not see the picture. */
function listed({ nodes, edges, left }: Part) {
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  return {
    left,
    count: nodes.length,
    rows: edges.map(({ consumer, provider, ports }) => ({
      reader: { id: consumer, name: names.get(consumer) ?? consumer },
      source: { id: provider, name: names.get(provider) ?? provider },
      ports,
    })),
  };
}

async function search({ db }: Sources, request: Request, text: string) {
  const { items } = await listProducts(db, { search: text }, 'name', { after: null, limit: mostNames });
  return items.map(({ id, name, home }) => ({
    name,
    home,
    href: addressWith(request, { focus: id, q: null }),
  }));
}

async function mostRead({ db }: Sources) {
  const most = await listMostRead(db, mostNames);
  const nodes = await findNodes(
    db,
    most.map(({ provider }) => provider),
  );
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  return most.map(({ provider, readers }) => ({
    id: provider,
    name: names.get(provider) ?? provider,
    readers,
  }));
}

/** Layouts of the graphs that were asked for last: it takes long, and graphs change seldom. */
function rememberLast(size: number, draw: typeof drawGraph): typeof drawGraph {
  const known = new Map<string, Picture>();
  return (nodes, edges) => {
    const key = JSON.stringify([nodes, edges]);
    const picture = known.get(key) ?? draw(nodes, edges);
    known.delete(key);
    known.set(key, picture);
    for (const [oldest] of known) {
      if (known.size <= size) break;
      known.delete(oldest);
    }
    return picture;
  };
}
