/** Operations that read. */
import { z } from 'zod';
import { verifyAudit } from '../../db/audit.ts';
import { listAudit, streamAudit } from '../../insight/audit.ts';
import { findDelivery, listDeliveries } from '../../insight/deliveries.ts';
import { GrantCursor, listGrants } from '../../insight/grants.ts';
import { headlines, productStates } from '../../insight/headline.ts';
import { readOverview } from '../../insight/overview.ts';
import { TimeCursor } from '../../insight/page.ts';
import { findProductDetail } from '../../insight/product.ts';
import { listProducts, ProductCursor, productSorts } from '../../insight/products.ts';
import { listRollouts } from '../../insight/rollouts.ts';
import { findRun, listRuns } from '../../insight/runs.ts';
import { ProductId } from '../../model/ids.ts';
import { AuditEvent, auditEvents } from './audit-event.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { linesEndpoint } from './lines.ts';
import type { ApiParts } from './parts.ts';
import { ApiProblem } from './problem.ts';
import * as query from './queries.ts';
import * as form from './schemas.ts';

const timePage = { cursor: TimeCursor.optional().meta(query.cursor), ...query.paging };
const auditFilter = {
  product: ProductId.optional(),
  actor: z.string().max(200).optional().meta({ description: '`provisioner`, or `person:<name>`.' }),
  action: z.string().max(100).optional(),
  ...query.span,
};

export function readingEndpoints({ db, jobs, store, clock, version }: ApiParts): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/overview',
      role: 'viewer',
      tag: 'Overview',
      summary: 'How the whole estate stands now.',
      answer: form.Overview,
      handle: async () => {
        const [{ at: _now, ...overview }, waiting] = await Promise.all([readOverview(db, clock()), jobs()]);
        return { version, ...overview, jobs: waiting };
      },
    }),
    endpoint({
      method: 'get',
      path: '/store',
      role: 'viewer',
      tag: 'Overview',
      summary: 'Which store it is, what it was seen to do, and what it lacks.',
      answer: form.Store,
      handle: async () => ({ identity: store() }),
    }),
    ...productEndpoints(db),
    ...historyEndpoints(db),
    endpoint({
      method: 'get',
      path: '/grants',
      role: 'viewer',
      tag: 'Grants',
      summary: 'Who reads what, newest first.',
      query: z.strictObject({
        consumer: ProductId.optional(),
        provider: ProductId.optional(),
        cursor: GrantCursor.optional().meta(query.cursor),
        ...query.paging,
      }),
      answer: form.pageOf(form.GrantLine, 'GrantPage'),
      handle: ({ query: { cursor: after = null, limit, ...filter } }) =>
        listGrants(db, filter, { after, limit }),
    }),
    endpoint({
      method: 'get',
      path: '/rollouts',
      role: 'viewer',
      tag: 'Estate',
      summary: 'How new versions of templates make their way, newest first.',
      description: 'The newest 50. Versions that go to all at once have no rollout.',
      answer: form.Rollouts,
      handle: async () => ({ items: await listRollouts(db) }),
    }),
    endpoint({
      method: 'get',
      path: '/audit',
      role: 'viewer',
      tag: 'Audit',
      summary: 'What was done, newest first.',
      query: z.strictObject({ ...auditFilter, ...timePage }),
      answer: form.pageOf(form.AuditLine, 'AuditPage'),
      handle: ({ query: { cursor: after = null, limit, ...filter } }) =>
        listAudit(db, filter, { after, limit }),
    }),
    endpoint({
      method: 'get',
      path: '/audit/verify',
      role: 'operator',
      tag: 'Audit',
      summary: 'Whether a row was changed or is missing. Reads all of it.',
      answer: form.AuditVerdict,
      handle: () => verifyAudit(db),
    }),
    linesEndpoint({
      method: 'get',
      path: '/audit/export',
      role: 'viewer',
      tag: 'Audit',
      summary: 'What was done, oldest first: one JSON object per line, however many there are.',
      query: z.strictObject({
        ...auditFilter,
        format: z.enum(['ndjson', 'cloudevents']).default('ndjson').meta({
          description: '`ndjson`: lines as in the list; `cloudevents`: each a CloudEvent 1.0 in JSON.',
        }),
      }),
      answer: z.union([form.AuditLine, AuditEvent]),
      lines: ({ query: { format, ...filter } }) => {
        const rows = streamAudit(db, filter);
        return format === 'cloudevents' ? auditEvents(rows) : rows;
      },
    }),
  ];
}

function productEndpoints(db: ApiParts['db']): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/products',
      role: 'viewer',
      tag: 'Products',
      summary: 'Products, filtered and sorted.',
      query: z.strictObject({
        search: z
          .string()
          .max(200)
          .optional()
          .meta({ description: 'Part of the name, the namespace or the home’s name; or a whole id.' }),
        named: z
          .string()
          .max(200)
          .optional()
          .meta({ description: 'The whole name, namespace or home’s name.' }),
        condition: z.enum(headlines).optional().meta({ description: 'A condition of this type holds.' }),
        reason: z.string().max(100).optional().meta({ description: 'A condition with this reason holds.' }),
        state: z.enum(productStates).optional(),
        paused: z
          .enum(['true', 'false'])
          .transform((text) => text === 'true')
          .optional(),
        template: z.string().max(200).optional().meta({ description: 'With or without `@<version>`.' }),
        sort: z.enum(productSorts).default('name'),
        cursor: ProductCursor.optional().meta(query.cursor),
        ...query.paging,
      }),
      answer: form.pageOf(form.ProductLine, 'ProductPage'),
      handle: ({ query: { cursor: after = null, limit, sort, ...filter } }) => {
        if (after !== null && after[0] !== sort) {
          const problem = `is of a list that is sorted by ${after[0]}`;
          throw new ApiProblem('REQUEST_INVALID', 'The cursor does not fit the sort.', [
            { in: 'query', field: 'cursor', problem },
          ]);
        }
        return listProducts(db, filter, sort, { after, limit });
      },
    }),
    endpoint({
      method: 'get',
      path: '/products/{product}',
      role: 'viewer',
      tag: 'Products',
      summary: 'One product with its keys’ ages, inputs and consumers; no secret.',
      params: query.productParam,
      answer: form.ProductDetail,
      problems: ['NOT_FOUND'],
      handle: async ({ params: { product } }) =>
        (await findProductDetail(db, product)) ?? missing(`Our books have no product ${product}.`),
    }),
  ];
}

function historyEndpoints(db: ApiParts['db']): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/runs',
      role: 'viewer',
      tag: 'Runs',
      summary: 'What was done about products, newest first. A run that found nothing to do is not noted.',
      query: z.strictObject({
        outcome: z.enum(['succeeded', 'failed']).optional(),
        product: ProductId.optional(),
        delivery: query.uuidParam.optional().meta({ description: 'Runs that this delivery caused.' }),
        ...query.span,
        ...timePage,
      }),
      answer: form.pageOf(form.RunLine, 'RunPage'),
      handle: ({ query: { cursor: after = null, limit, ...filter } }) =>
        listRuns(db, filter, { after, limit }),
    }),
    endpoint({
      method: 'get',
      path: '/runs/{run}',
      role: 'viewer',
      tag: 'Runs',
      summary: 'One run with its actions, their times, and the delivery that caused it.',
      params: z.strictObject({ run: query.uuidParam }),
      answer: form.RunDetail,
      problems: ['NOT_FOUND'],
      handle: async ({ params: { run } }) =>
        (await findRun(db, run)) ?? missing(`There is no run ${run}, or it is no longer kept.`),
    }),
    endpoint({
      method: 'get',
      path: '/deliveries',
      role: 'viewer',
      tag: 'Deliveries',
      summary: 'Webhooks that came, newest first.',
      query: z.strictObject({
        verdict: z.enum(['accepted', 'ignored']).optional(),
        product: ProductId.optional(),
        ...query.span,
        ...timePage,
      }),
      answer: form.pageOf(form.DeliveryLine, 'DeliveryPage'),
      handle: ({ query: { cursor: after = null, limit, ...filter } }) =>
        listDeliveries(db, filter, { after, limit }),
    }),
    endpoint({
      method: 'get',
      path: '/deliveries/{delivery}',
      role: 'viewer',
      tag: 'Deliveries',
      summary: 'One webhook with the names of its products.',
      params: z.strictObject({ delivery: query.uuidParam }),
      answer: form.DeliveryDetail,
      problems: ['NOT_FOUND'],
      handle: async ({ params: { delivery } }) =>
        (await findDelivery(db, delivery)) ??
        missing(`There is no delivery ${delivery}, or it is no longer kept.`),
    }),
  ];
}

function missing(detail: string): never {
  throw new ApiProblem('NOT_FOUND', detail);
}
