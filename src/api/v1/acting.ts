/** Operations that have something done. Each is an order: what comes of it is seen in runs and conditions. */
import { z } from 'zod';
import type { Visitor } from '../../auth/guard.ts';
import type { FleetPlan, Person } from '../../control/commands.ts';
import { ProductId } from '../../model/ids.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { linesEndpoint } from './lines.ts';
import type { ApiParts } from './parts.ts';
import { ApiProblem, detailOf } from './problem.ts';
import * as query from './queries.ts';
import * as form from './schemas.ts';

const done = { done: true } as const;
/** Most products of one order; more are `all`. */
const longestOrder = 1000;

export function actingEndpoints({ commands }: ApiParts): readonly Endpoint[] {
  return [...productOrders(commands), ...estateOrders(commands)];
}

function productOrders(commands: ApiParts['commands']): readonly Endpoint[] {
  const order = {
    role: 'operator',
    tag: 'Products',
    params: query.productParam,
    answer: form.Done,
    status: 202,
    problems: ['NOT_FOUND'],
  } as const;
  return [
    endpoint({
      ...order,
      method: 'get',
      path: '/products/{product}/plan',
      role: 'viewer',
      summary: 'What a run would do now. Looks at portal, store and workspace; changes nothing.',
      answer: form.DryRun,
      status: 200,
      handle: async ({ params: { product } }) => (await commands.plan(product)) ?? unknown(product),
    }),
    endpoint({
      ...order,
      method: 'post',
      path: '/products/{product}/reconcile',
      summary: 'Have it looked at now.',
      answer: form.Queued,
      problems: [],
      handle: async ({ params: { product }, visitor }) => ({
        queued: await commands.reconcile([product], personOf(visitor)),
      }),
    }),
    endpoint({
      ...order,
      method: 'post',
      path: '/products/{product}/rotate',
      summary: 'Have a new key made, proven and handed over; the old one ends after its grace.',
      handle: async ({ params: { product }, visitor }) =>
        (await commands.rotate(product, personOf(visitor))) ? done : unknown(product),
    }),
    endpoint({
      ...order,
      method: 'post',
      path: '/products/{product}/pause',
      summary: 'From now on its runs look and plan, and apply nothing.',
      handle: async ({ params: { product }, visitor }) =>
        (await commands.pause(product, personOf(visitor))) ? done : unknown(product),
    }),
    endpoint({
      ...order,
      method: 'post',
      path: '/products/{product}/resume',
      summary: 'The end of its pause.',
      handle: async ({ params: { product }, visitor }) =>
        (await commands.resume(product, personOf(visitor))) ? done : unknown(product),
    }),
    endpoint({
      ...order,
      method: 'post',
      path: '/products/{product}/undelete',
      summary: 'Bring the workspace of a retired product back from the archive.',
      description: 'Only while the portal has the product (again) and the archive still has the workspace.',
      problems: ['NOT_FOUND', 'NOT_RETIRED', 'ARCHIVE_GONE'],
      handle: async ({ params: { product }, visitor }) => undelete(commands, product, visitor),
    }),
  ];
}

function estateOrders(commands: ApiParts['commands']): readonly Endpoint[] {
  const order = { method: 'post', role: 'admin', tag: 'Estate', answer: form.Done, status: 202 } as const;
  return [
    endpoint({
      ...order,
      path: '/reconcile',
      role: 'operator',
      summary: 'Have products looked at now: those that are named, else all.',
      body: z.strictObject({ products: z.array(ProductId).min(1).max(longestOrder).optional() }),
      answer: form.Queued,
      handle: async ({ body: { products }, visitor }) => ({
        queued: await commands.reconcile(products ?? 'all', personOf(visitor)),
      }),
    }),
    endpoint({
      ...order,
      path: '/pause',
      summary: 'From now on no run applies anything.',
      handle: async ({ visitor }) => {
        await commands.pause('all', personOf(visitor));
        return done;
      },
    }),
    endpoint({
      ...order,
      path: '/resume',
      summary: 'The end of the estate’s pause.',
      handle: async ({ visitor }) => {
        await commands.resume('all', personOf(visitor));
        return done;
      },
    }),
    endpoint({
      ...order,
      path: '/brake/release',
      summary: 'Agree to the tear-downs that the brake holds.',
      answer: z.strictObject({ released: z.int().min(0) }).meta({ id: 'Released' }),
      handle: async ({ visitor }) => ({ released: await commands.releaseBrake(personOf(visitor)) }),
    }),
    endpoint({
      ...order,
      path: '/templates/{template}/release',
      tag: 'Estate',
      summary: 'Let all products follow a new version of a template, whatever its canaries did.',
      params: z.strictObject({ template: z.string().regex(/^[a-z0-9][a-z0-9-]*@[\w.+-]+$/) }),
      answer: form.Queued,
      handle: async ({ params: { template }, visitor }) => ({
        queued: await commands.releaseTemplate(template, personOf(visitor)),
      }),
    }),
    linesEndpoint({
      method: 'get',
      path: '/plan',
      role: 'viewer',
      tag: 'Estate',
      summary: 'What runs would do now to all living products: one JSON object per product, as it is known.',
      description: 'Looks at portal, store and workspaces, a few products at a time; changes nothing.',
      query: z.strictObject({
        template: z
          .string()
          .max(200)
          .optional()
          .meta({ description: '`<id>`, with or without `@<version>`.' }),
      }),
      answer: form.FleetPlan,
      lines: ({ query: { template } }) => fleetLines(commands.planAll(template)),
    }),
    endpoint({
      ...order,
      path: '/deliveries/{delivery}/replay',
      role: 'operator',
      tag: 'Deliveries',
      summary: 'Have the products of a delivery looked at again.',
      params: z.strictObject({ delivery: query.uuidParam }),
      answer: form.Queued,
      problems: ['NOT_FOUND'],
      handle: async ({ params: { delivery }, visitor }) => {
        const queued = await commands.replay(delivery, personOf(visitor));
        if (queued === null) throw new ApiProblem('NOT_FOUND', `There is no delivery ${delivery}.`);
        return { queued };
      },
    }),
  ];
}

async function* fleetLines(plans: AsyncIterable<FleetPlan>): AsyncGenerator<z.output<typeof form.FleetPlan>> {
  for await (const { error, ...line } of plans)
    yield { ...line, problem: error === null ? null : { code: error.code, detail: detailOf(error) } };
}

async function undelete(commands: ApiParts['commands'], product: ProductId, visitor: Visitor) {
  switch (await commands.undelete(product, personOf(visitor))) {
    case 'queued':
      return done;
    case 'unknown':
      return unknown(product);
    case 'not-retired':
      throw new ApiProblem('NOT_RETIRED', 'It has its workspace: there is nothing to bring back.');
    case 'archive-gone':
      throw new ApiProblem('ARCHIVE_GONE', 'The archive of this workspace was swept.');
  }
}

function personOf({ name }: Visitor): Person {
  return { name };
}

function unknown(product: ProductId): never {
  throw new ApiProblem('NOT_FOUND', `There is no living product ${product}.`);
}
