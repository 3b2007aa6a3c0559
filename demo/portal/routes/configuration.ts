/** What an administrator sets up: lifecycles, types, domains, tags, setting definitions. Read only, but for lifecycles. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { removeOutputPorts, removeProduct } from '../state/removal.ts';
import {
  domainView,
  lifecycleView,
  settingDefinitionView,
  tagView,
  typeView,
} from '../views/configuration-view.ts';

const LifecycleCreate = z.object({
  value: z.int(),
  name: z.string(),
  color: z.string(),
  is_default: z.boolean().default(false),
});

function createLifecycle(call: Call, body: z.infer<typeof LifecycleCreate>) {
  const { is_default: isDefault, ...rest } = body;
  const lifecycle = { id: randomUUID(), ...rest, isDefault };
  call.state.lifecycles.set(lifecycle.id, lifecycle);
  return { id: lifecycle.id };
}

/** Takes every product and output port in it along, finalizers or not: that is what the real portal does. */
function deleteLifecycle(call: Call): null {
  const id = call.path('id');
  if (!call.state.lifecycles.has(id)) throw new Error('no such lifecycle');
  for (const product of [...call.state.products.values()].filter((one) => one.lifecycleId === id)) {
    call.changed(...removeProduct(call.state, product));
  }
  const ports = [...call.state.outputPorts.values()].filter((port) => port.lifecycleId === id);
  call.changed(...removeOutputPorts(call.state, ports));
  call.state.lifecycles.delete(id);
  return null;
}

const productsWithType = (call: Call, typeId: string): number =>
  [...call.state.products.values()].filter((product) => product.typeId === typeId).length;

const lifecycles = '/configuration/data_product_lifecycles';

export const configurationRoutes: readonly Route[] = [
  route('GET', lifecycles, ({ state }) => ({
    data_product_life_cycles: [...state.lifecycles.values()].map(lifecycleView),
  })),
  routeWithBody('POST', lifecycles, LifecycleCreate, createLifecycle),
  route('DELETE', `${lifecycles}/{id}`, deleteLifecycle),
  route('GET', '/configuration/data_product_types', (call) => ({
    data_product_types: [...call.state.types.values()].map((type) => ({
      ...typeView(type),
      data_product_count: productsWithType(call, type.id),
    })),
  })),
  // The real portal counts all products for every domain.
  route('GET', '/configuration/domains', ({ state }) => ({
    domains: [...state.domains.values()].map((domain) => ({
      ...domainView(domain),
      abstract_data_product_count: state.products.size,
    })),
  })),
  route('GET', '/configuration/tags', ({ state }) => ({ tags: [...state.tags.values()].map(tagView) })),
  route('GET', '/configuration/data_product_settings', ({ state }) => ({
    data_product_settings: [...state.settingDefinitions.values()]
      .sort((a, b) => a.order - b.order)
      .map(settingDefinitionView),
  })),
];
