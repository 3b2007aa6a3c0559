/** Who reads whom, as a layered picture: providers left of those that read them. */
import { Graph, layout } from '@dagrejs/dagre';
import { placeInColumns } from './columns.ts';

export interface DrawnNode {
  readonly id: string;
  readonly name: string;
  readonly kind: 'focus' | 'plain' | 'bad' | 'gone' | 'more';
  readonly href: string | null;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (DrawnNode & {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly textX: number;
    readonly textY: number;
    readonly short: string;
  })[];
  /** There are so many edges that they are faint until a product's own are asked for. */
  readonly dense: boolean;
  /** `ends`: places of both products in `nodes`. */
  readonly edges: readonly { readonly path: string; readonly lit: boolean; readonly ends: string }[];
}

const nodeWidth = 176;
const nodeHeight = 30;
const margin = 20;
/** From one column, or row, to the next. */
const columnStep = 270;
const rowStep = 40;
/** From here on lines hide each other, and dagre takes too long. */
const manyEdges = 150;
/** Letters that fit into a node. */
const letters = 23;

/** Where everything is, in pixels. */
interface Layout {
  readonly width: number;
  readonly height: number;
  /** Of a node's upper left corner. */
  readonly at: (id: string) => Point;
  readonly paths: readonly (DrawnEdge & { readonly path: string })[];
}

export function drawGraph(nodes: readonly DrawnNode[], edges: readonly DrawnEdge[]): Picture {
  const dense = edges.length > manyEdges;
  const { width, height, at, paths } = dense ? layColumns(nodes, edges) : layLayers(nodes, edges);
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  const focus = nodes.find(({ kind }) => kind === 'focus')?.id;
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    dense,
    nodes: nodes.map((node) => {
      const { x, y } = at(node.id);
      return {
        ...node,
        x,
        y,
        width: nodeWidth,
        height: nodeHeight,
        textX: x + 10,
        textY: y + nodeHeight / 2 + 4,
        short: shortened(node.name),
      };
    }),
    edges: paths.map(({ from, to, path }) => ({
      path,
      lit: from === focus || to === focus,
      ends: `${places.get(from)} ${places.get(to)}`,
    })),
  };
}

/** Lines bend around what lies between. The time grows fast with the edges: some 200 ms for 150 of them. */
function layLayers(nodes: readonly DrawnNode[], edges: readonly DrawnEdge[]): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 10, ranksep: 70, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    at: (id) => {
      const { x = 0, y = 0 } = graph.node(id);
      return { x: Math.round(x - nodeWidth / 2), y: Math.round(y - nodeHeight / 2) };
    },
    paths: graph.edges().map((edge: { v: string; w: string }) => ({
      from: edge.v,
      to: edge.w,
      path: curve(graph.edge(edge).points ?? []),
    })),
  };
}

/** Lines go straight through behind what lies between: they are looked at a product at a time. */
function layColumns(nodes: readonly DrawnNode[], edges: readonly DrawnEdge[]): Layout {
  const places = placeInColumns(
    nodes.map(({ id }) => id),
    edges,
  );
  const at = (id: string): Point => {
    const { column, row } = places.get(id) ?? { column: 0, row: 0 };
    return { x: margin + column * columnStep, y: margin + row * rowStep };
  };
  const all = nodes.map(({ id }) => at(id));
  return {
    width: Math.max(...all.map(({ x }) => x)) + nodeWidth + margin,
    height: Math.max(...all.map(({ y }) => y)) + nodeHeight + margin,
    at,
    paths: edges.map(({ from, to }) => ({ from, to, path: swing(at(from), at(to)) })),
  };
}

/** From the right side of one box to the left side of the other. */
function swing(from: Point, to: Point): string {
  const [x, y, toX, toY] = [from.x + nodeWidth, from.y + nodeHeight / 2, to.x, to.y + nodeHeight / 2];
  const reach = Math.max(50, Math.abs(toX - x) / 2);
  return `M${x} ${y}C${x + reach} ${y} ${toX - reach} ${toY} ${toX} ${toY}`;
}

function shortened(name: string): string {
  const signs = [...name];
  return signs.length <= letters ? name : `${signs.slice(0, letters - 1).join('')}…`;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line through the middles of the stretches between the points, bent at the points. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const middle = (one: Point, other: Point) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
  const bends = rest
    .slice(0, -1)
    .map((point, index) => `Q${at(point)} ${at(middle(point, rest[index + 1] ?? last))}`);
  return `M${at(first)} ${bends.join(' ')} L${at(last)}`;
}
