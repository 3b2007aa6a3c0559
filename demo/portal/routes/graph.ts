/** Who produces what and who reads it, as one graph. */
import { type Route, route } from '../http/route.ts';

interface Edge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly animated: boolean;
  readonly sourceHandle: string;
  readonly targetHandle: string;
}

const edge = (source: string, target: string, animated: boolean): Edge => ({
  id: `${source}-${target}`,
  source,
  target,
  animated,
  sourceHandle: 'right_s',
  targetHandle: 'left_t',
});

/** With `output_port_nodes_enabled` edges lead over the ports, else from product to product. */
export const graphRoutes: readonly Route[] = [
  route('GET', '/graph', ({ state, query }) => {
    const overPorts = query.get('output_port_nodes_enabled') === 'true';
    const products = [...state.products.values()].map(({ id, name }) => ({
      id,
      data: { id, name, link_to_id: id },
      type: 'dataProductNode',
      isMain: false,
    }));
    const ports = [...state.outputPorts.values()].map(({ id, name }) => ({
      id,
      data: { id, name, link_to_id: id },
      type: 'outputPortNode',
      isMain: false,
    }));
    const produced = [...state.outputPorts.values()].map((port) => edge(port.productId, port.id, true));
    const read = [...state.inputPorts.values()].flatMap(({ consumerId, portId, status }) => {
      const source = overPorts ? portId : state.outputPorts.get(portId)?.productId;
      return source === undefined ? [] : [edge(source, consumerId, status === 'approved')];
    });
    return overPorts
      ? { nodes: [...products, ...ports], edges: [...produced, ...read] }
      : { nodes: products, edges: read };
  }),
];
