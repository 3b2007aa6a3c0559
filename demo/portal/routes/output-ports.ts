/** `/data_products/{data_product_id}/output_ports`: what a product offers to others. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { missing, Problem } from '../http/problem.ts';
import { type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { outputPortChanged } from '../state/change-event.ts';
import type { OutputPortRecord } from '../state/records.ts';
import { removeOutputPorts } from '../state/removal.ts';
import { outputPortDetail, outputPortShort } from '../views/output-port-view.ts';
import { outputPortOf, productOf, productWithOpenParts } from './lookup.ts';
import { requireNamespace } from './namespace.ts';
import { assignPortOwners } from './role-assignments.ts';

const collection = '/data_products/{data_product_id}/output_ports';

const Duration = z.enum(['permanent', 'time_bound']);

const OutputPortUpdate = z.object({
  name: z.string(),
  namespace: z.string(),
  description: z.string(),
  access_type: z.enum(['public', 'restricted', 'private', 'unrestricted']),
  data_product_access_duration_type: Duration,
  exploration_access_duration_type: Duration,
  about: z.string().nullish(),
  lifecycle_id: Uuid.nullish(),
  tag_ids: z.array(Uuid),
});
type OutputPortUpdate = z.infer<typeof OutputPortUpdate>;

const OutputPortCreate = OutputPortUpdate.extend({ owners: z.array(Uuid).min(1) });

const StatusUpdate = z.object({ status: z.enum(['pending', 'active', 'archived']) });

function requireTags(call: Call, body: OutputPortUpdate): void {
  for (const id of body.tag_ids) if (!call.state.tags.has(id)) throw missing(id);
}

/** The portal turns the old word into the new one. */
const accessTypeOf = ({ access_type }: OutputPortUpdate): OutputPortRecord['accessType'] =>
  access_type === 'public' ? 'unrestricted' : access_type;

function create(call: Call, body: z.infer<typeof OutputPortCreate>) {
  const product = productWithOpenParts(call, call.path('data_product_id'));
  requireNamespace(body.namespace, call.state.outputPorts.values());
  requireTags(call, body);
  const port: OutputPortRecord = {
    id: randomUUID(),
    productId: product.id,
    name: body.name,
    namespace: body.namespace,
    description: body.description,
    status: 'active',
    accessType: accessTypeOf(body),
    dataProductDuration: body.data_product_access_duration_type,
    explorationDuration: body.exploration_access_duration_type,
    about: body.about ?? null,
    lifecycleId: body.lifecycle_id ?? null,
    tagIds: body.tag_ids,
  };
  call.state.outputPorts.set(port.id, port);
  // Once for the row, once for its search text.
  call.changed(outputPortChanged(port), outputPortChanged(port));
  assignPortOwners(call, port, body.owners);
  return { id: port.id };
}

function detail(call: Call) {
  const product = call.state.products.get(call.path('data_product_id'));
  const port = call.state.outputPorts.get(call.path('id'));
  if (product === undefined || port?.productId !== product.id) {
    throw new Problem(404, `Output port ${call.path('id')} not found`);
  }
  return outputPortDetail(call.state, port, product, call.generation);
}

/** The port of the path, when its product may still be changed. */
function changeablePort(call: Call): OutputPortRecord {
  const product = productWithOpenParts(call, call.path('data_product_id'));
  return outputPortOf(call, product.id, call.path('id'));
}

function update(call: Call, body: OutputPortUpdate) {
  const port = changeablePort(call);
  if (body.namespace !== port.namespace) requireNamespace(body.namespace, call.state.outputPorts.values());
  requireTags(call, body);
  port.name = body.name || port.name;
  port.namespace = body.namespace;
  port.description = body.description || port.description;
  port.about = body.about || port.about;
  port.accessType = accessTypeOf(body);
  port.dataProductDuration = body.data_product_access_duration_type;
  port.explorationDuration = body.exploration_access_duration_type;
  port.lifecycleId = body.lifecycle_id ?? port.lifecycleId;
  port.tagIds = body.tag_ids;
  call.changed(outputPortChanged(port), outputPortChanged(port));
  return { id: port.id };
}

export const outputPortRoutes: readonly Route[] = [
  route('GET', collection, (call) => {
    const product = productOf(call, call.path('data_product_id'));
    const ports = call.state.portsOf(product.id);
    return { output_ports: ports.map((port) => outputPortShort(call.state, port, call.generation)) };
  }),
  routeWithBody('POST', collection, OutputPortCreate, create),
  route('GET', `${collection}/{id}`, detail),
  routeWithBody('PUT', `${collection}/{id}`, OutputPortUpdate, update),
  route('DELETE', `${collection}/{id}`, (call) => {
    call.changed(...removeOutputPorts(call.state, [changeablePort(call)]));
    return null;
  }),
  routeWithBody('PUT', `${collection}/{id}/status`, StatusUpdate, (call, { status }) => {
    const port = changeablePort(call);
    port.status = status;
    call.changed(outputPortChanged(port));
    return null;
  }),
];
