/** `/data_products`: create, read, change, delete. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { missing, Problem } from '../http/problem.ts';
import { accepted, type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { outputPortChanged, productChanged } from '../state/change-event.ts';
import type { Generation, ProductRecord } from '../state/records.ts';
import { removeProduct } from '../state/removal.ts';
import { productDetail, productLine } from '../views/product-view.ts';
import { inputPortRequestBody, requestInputPorts } from './input-ports.ts';
import { changeableProductOf, productOf } from './lookup.ts';
import { requireNamespace } from './namespace.ts';
import { assignProductOwners } from './role-assignments.ts';

const ProductUpdate = z.object({
  name: z.string(),
  namespace: z.string(),
  description: z.string(),
  type_id: Uuid,
  about: z.string().nullish(),
  domain_id: Uuid,
  tag_ids: z.array(Uuid).optional(),
  lifecycle_id: Uuid,
});
type ProductUpdate = z.infer<typeof ProductUpdate>;

const StatusUpdate = z.object({
  status: z
    .enum(['pending', 'active', 'archived', 'deleting'])
    .refine((status) => status !== 'deleting', "Cannot manually set status to 'deleting'"),
});

/** The portal leaves unknown ids to its database, whose refusal it answers with 400. */
function requireReferences(call: Call, body: ProductUpdate): void {
  for (const id of body.tag_ids ?? []) if (!call.state.tags.has(id)) throw missing(id);
  const known =
    call.state.types.has(body.type_id) &&
    call.state.domains.has(body.domain_id) &&
    call.state.lifecycles.has(body.lifecycle_id);
  if (!known) throw new Problem(400, 'insert or update on table "data_products" violates a foreign key');
}

function list(call: Call) {
  const products = [...call.state.products.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const product of products) fillInLifecycle(call, product);
  return { data_products: products.map((product) => productLine(call.state, product)) };
}

/** A read gives products without a lifecycle the default one; on `main` that counts as a change and is announced. */
function fillInLifecycle(call: Call, product: ProductRecord): void {
  const fallback = call.state.defaultLifecycle();
  if (product.lifecycleId !== null || fallback === null) return;
  product.lifecycleId = fallback.id;
  if (call.generation === 'main') call.changed(productChanged(product));
}

function detail(call: Call) {
  const product = call.state.products.get(call.path('id'));
  if (product === undefined) throw new Problem(404, 'Data Product not found');
  fillInLifecycle(call, product);
  return productDetail(call.state, product);
}

function update(call: Call, body: ProductUpdate) {
  const product = changeableProductOf(call, call.path('id'));
  if (body.namespace !== product.namespace) requireNamespace(body.namespace, call.state.products.values());
  requireReferences(call, body);
  // The portal keeps what is sent empty; only tags can be emptied.
  product.name = body.name || product.name;
  product.namespace = body.namespace;
  product.description = body.description || product.description;
  product.about = body.about || product.about;
  product.typeId = body.type_id;
  product.domainId = body.domain_id;
  product.lifecycleId = body.lifecycle_id;
  product.tagIds = body.tag_ids ?? product.tagIds;
  // The search texts of its output ports are made anew with it.
  call.changed(productChanged(product), ...call.state.portsOf(product.id).map(outputPortChanged));
  return { id: product.id };
}

function remove(call: Call) {
  const product = productOf(call, call.path('id'));
  if (product.finalizers.length === 0) {
    call.changed(...removeProduct(call.state, product));
    return null;
  }
  product.status = 'deleting';
  call.changed(productChanged(product));
  return accepted;
}

/** Sets one field of a product that is not being deleted. */
function change(call: Call, set: (product: ProductRecord) => void): null {
  const product = changeableProductOf(call, call.path('id'));
  set(product);
  call.changed(productChanged(product));
  return null;
}

function createRoute(generation: Generation): Route {
  const body = ProductUpdate.extend({
    owners: z.array(Uuid).min(1),
    input_ports: inputPortRequestBody(generation).nullish(),
  });
  return routeWithBody('POST', '/data_products', body, (call, wish) => {
    requireNamespace(wish.namespace, call.state.products.values());
    requireReferences(call, wish);
    const product: ProductRecord = {
      id: randomUUID(),
      name: wish.name,
      namespace: wish.namespace,
      description: wish.description,
      status: 'active',
      finalizers: [],
      tagIds: wish.tag_ids ?? [],
      usage: null,
      about: wish.about ?? null,
      domainId: wish.domain_id,
      typeId: wish.type_id,
      lifecycleId: wish.lifecycle_id,
    };
    call.state.products.set(product.id, product);
    call.changed(productChanged(product));
    assignProductOwners(call, product, wish.owners);
    if (wish.input_ports) requestInputPorts(call, product, wish.input_ports);
    return { id: product.id };
  });
}

export function productRoutes(generation: Generation): readonly Route[] {
  return [
    route('GET', '/data_products', list),
    createRoute(generation),
    route('GET', '/data_products/{id}', detail),
    routeWithBody('PUT', '/data_products/{id}', ProductUpdate, update),
    route('DELETE', '/data_products/{id}', remove),
    routeWithBody('PUT', '/data_products/{id}/about', z.object({ about: z.string() }), (call, { about }) =>
      change(call, (product) => {
        product.about = about;
      }),
    ),
    routeWithBody('PUT', '/data_products/{id}/usage', z.object({ usage: z.string() }), (call, { usage }) =>
      change(call, (product) => {
        product.usage = usage;
      }),
    ),
    routeWithBody('PUT', '/data_products/{id}/status', StatusUpdate, (call, { status }) =>
      change(call, (product) => {
        product.status = status;
      }),
    ),
  ];
}
