/** Forms of what the API answers. Where they differ from the read models, the compiler says so. */
import { z } from 'zod';
import { headlines, productStates } from '../../insight/headline.ts';
import { OutputPortId, ProductId } from '../../model/ids.ts';
import { roleNames } from '../../model/role.ts';

const instant = z.date();
const maybeInstant = instant.nullable();
const maybeText = z.string().nullable();
const count = z.int().min(0);

/** Answers hold what the read models give, no more: a field that is not described does not leave. */
const form = z.strictObject;
const many = <T extends z.ZodType>(item: T) => z.array(item).readonly();
export const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  form({
    items: many(item),
    next: maybeText.meta({ description: 'Give it as `cursor` for the next page; `null`: this is the last.' }),
  }).meta({ id });

const Capabilities = form({
  policies: z.string().meta({ description: '`enforced`, or what it allowed that a policy does not.' }),
  secondKey: z.boolean().meta({ description: 'A second key works beside the first.' }),
  switchOff: z.boolean().meta({ description: 'A key that is switched off is refused.' }),
  selfService: many(z.enum(['own secret', 'further keys', 'own policy', 'session tokens'])).meta({
    description: 'What a product’s key can do to itself, past us.',
  }),
  sessions: z.boolean().meta({ description: 'It gives sessions (STS).' }),
}).meta({ id: 'StoreCapabilities' });

export const Store = form({
  identity: form({
    store: z.string().meta({ description: 'Its name, or the address of one that has none.' }),
    credentials: z.enum(['keys', 'sessions']).meta({ description: 'What products get.' }),
    limits: form({
      policySize: count.meta({ description: 'Characters that the policy of a product may have.' }),
      keysPerPrincipal: count,
    }),
    capabilities: Capabilities.nullable().meta({
      description: 'As seen at start; `null`: not yet, or an installation that only observes.',
    }),
    limitations: many(z.string()).meta({ description: 'What guarantees need and it does not have.' }),
  })
    .nullable()
    .meta({ description: '`null`: its identity API has not answered yet.' }),
}).meta({ id: 'Store' });

const Condition = form({
  type: z.enum(headlines),
  status: z.boolean(),
  reason: z.string().meta({ description: 'One word, stable.' }),
  message: z.string(),
}).meta({ id: 'Condition' });

const productLine = {
  id: ProductId,
  name: z.string(),
  namespace: z.string(),
  home: z.string(),
  state: z.enum(productStates),
  headline: z.enum(headlines),
  conditions: many(Condition),
  template: maybeText,
  pausedAt: maybeInstant,
  pausedBy: maybeText,
  updatedAt: instant,
};
export const ProductLine = form(productLine).meta({ id: 'ProductLine' });

const Party = form({ id: ProductId, name: maybeText, home: maybeText }).meta({ id: 'Party' });
export const GrantLine = form({
  consumer: Party,
  provider: Party,
  outputPort: OutputPortId,
  outputPortName: maybeText.meta({
    description:
      'Why: the approved input is of the port of this name. `null`: not known until the next drift check.',
  }),
  since: instant,
  validUntil: maybeText.meta({
    description:
      'Last day (included, UTC) of the approval, `YYYY-MM-DD`. `null`: without end; not known when the name is not.',
  }),
  keyProvenAt: maybeInstant.meta({
    description:
      'When the consumer’s key of today was last shown to read what it may, and nothing else. `null`: it has none, or has to be shown again.',
  }),
}).meta({ id: 'GrantLine' });

const KeyLine = form({
  id: z.string(),
  state: z.enum(['issued', 'current', 'grace']),
  issuedAt: instant,
  graceUntil: maybeInstant,
  expiresAt: maybeInstant,
}).meta({ id: 'KeyLine' });

export const ProductDetail = form({
  ...productLine,
  retiredAt: maybeInstant,
  checkedAt: maybeInstant,
  rotateWhy: maybeText,
  archive: maybeText,
  teardownAgreed: z.boolean(),
  files: many(z.string()),
  keys: many(KeyLine),
  inputs: many(GrantLine),
  consumers: many(GrantLine),
  nextLookAt: maybeInstant,
  failures: count,
}).meta({ id: 'ProductDetail' });

const Cause = z
  .discriminatedUnion('kind', [
    form({ kind: z.literal('delivery'), delivery: z.string() }),
    form({ kind: z.literal('resync') }),
    form({ kind: z.literal('drift-check') }),
    form({ kind: z.literal('clock'), why: z.string() }),
    form({ kind: z.literal('neighbour'), product: z.string() }),
    form({ kind: z.literal('person'), what: z.string(), who: z.string().optional() }),
  ])
  .meta({ id: 'Cause', description: 'Why something was done.' });

const outcomes = z.enum(['succeeded', 'failed']);
const runLine = {
  id: z.string(),
  product: ProductId,
  productName: maybeText,
  cause: Cause,
  startedAt: instant,
  ms: z.number(),
  outcome: outcomes,
  errorCode: maybeText,
  errorMessage: maybeText,
  actionCount: count,
};
export const RunLine = form(runLine).meta({ id: 'RunLine' });

const deliveryLine = {
  id: z.string(),
  receivedAt: instant,
  generation: z.enum(['v1', 'v2', 'unknown']),
  event: z.string(),
  verdict: z.enum(['accepted', 'ignored']),
  reason: maybeText,
  products: many(ProductId),
};
export const DeliveryLine = form(deliveryLine).meta({ id: 'DeliveryLine' });
export const DeliveryDetail = form({
  ...deliveryLine,
  productNames: z.record(z.string(), z.string()).readonly(),
}).meta({ id: 'DeliveryDetail' });

export const RunDetail = form({
  ...runLine,
  actions: many(
    form({
      kind: z.string(),
      description: z.string(),
      startMs: z.number().optional().meta({
        description:
          'When it began, in milliseconds after the first action of its run; earlier versions did not note it.',
      }),
      ms: z.number(),
      outcome: z.enum(['done', 'failed', 'skipped']),
    }).meta({ id: 'RunAction' }),
  ),
  delivery: DeliveryLine.nullable(),
}).meta({ id: 'RunDetail' });

export const AuditLine = form({
  id: z.string(),
  at: instant,
  actor: z.string(),
  cause: Cause,
  product: ProductId.nullable(),
  run: maybeText,
  action: z.string(),
  target: z.string(),
  before: z.record(z.string(), z.unknown()).readonly().nullable(),
  after: z.record(z.string(), z.unknown()).readonly().nullable(),
  seq: maybeText,
  hash: maybeText,
}).meta({ id: 'AuditLine' });

export const AuditVerdict = z
  .discriminatedUnion('ok', [
    form({ ok: z.literal(true), rows: count }),
    form({ ok: z.literal(false), rows: count, seq: z.string(), what: z.string() }),
  ])
  .meta({
    id: 'AuditVerdict',
    description: '`rows` were followed in order; `seq` is the first that is not.',
  });

const HomelessLine = form({
  id: ProductId,
  error: z.string().meta({ description: 'What the last run failed with.' }),
  code: maybeText,
  failures: count.meta({ description: 'In a row.' }),
  failedAt: maybeInstant,
  parked: z.boolean().meta({ description: 'Nothing is tried again before the next resync.' }),
}).meta({ id: 'HomelessLine' });

const RunRate = form({
  runs: count,
  failed: count,
  failureShare: z.number().min(0).max(1),
  perMinute: z.number(),
  p50: z.number().nullable().meta({ description: 'Milliseconds.' }),
  p95: z.number().nullable().meta({ description: 'Milliseconds.' }),
  minutes: many(form({ at: instant, runs: count, failed: count })),
}).meta({ id: 'RunRate' });

export const Overview = form({
  version: z.string(),
  byHeadline: form({ Degraded: count, Progressing: count, Notice: count, Ready: count }),
  byState: form({ live: count, held: count, retiring: count, retired: count }),
  pausedProducts: count,
  needPerson: many(ProductLine),
  homeless: form({ count, products: many(HomelessLine) }).meta({
    description: 'Products that never got a home, which no other count holds; the first of them.',
  }),
  brake: form({ engagedAt: instant, reason: z.string() }).nullable(),
  pause: form({ at: instant, by: z.string() }).nullable(),
  lastHour: RunRate,
  lastFiveMinutes: RunRate,
  deliveries: form({ accepted: count, ignored: count }),
  jobs: form({
    waiting: count,
    running: count,
    oldestMs: z.number().meta({ description: 'How long the oldest has waited.' }),
  }),
}).meta({ id: 'Overview' });

export const DryRun = form({
  product: ProductId,
  actions: many(form({ kind: z.string(), description: z.string() })),
  drift: many(form({ field: z.string(), found: maybeText, wanted: maybeText })),
  conditions: many(Condition),
  files: form({
    from: maybeText,
    to: z.string(),
    write: many(z.string()),
    merge: many(z.string()),
    remove: many(z.string()),
    conflicts: many(z.string()),
    waits: maybeText,
  }).nullable(),
}).meta({ id: 'DryRun', description: 'What a run would do now.' });

export const FleetPlan = form({
  product: ProductId,
  home: z.string(),
  of: count.meta({ description: 'So many lines there are in all.' }),
  plan: DryRun.nullable().meta({ description: '`null`: it failed, or there is no home any more.' }),
  problem: form({ code: z.string(), detail: z.string() }).nullable(),
}).meta({ id: 'FleetPlan', description: 'What a run would do to one of all living products.' });

export const role = z.enum(roleNames);
const apiKey = {
  id: z.string(),
  name: z.string(),
  role,
  madeAt: instant,
  madeBy: z.string(),
  expiresAt: maybeInstant,
  usedAt: maybeInstant.meta({ description: 'Up to a minute behind.' }),
  revokedAt: maybeInstant,
};
export const ApiKey = form(apiKey).meta({ id: 'ApiKey' });
export const NewApiKey = form({
  ...apiKey,
  key: z.string().meta({ description: 'The key itself: shown now and never again.' }),
}).meta({ id: 'NewApiKey' });

export const Rollouts = form({
  items: many(
    form({
      template: z.string().meta({ description: '`<id>@<version>`' }),
      stage: z.enum(['canary', 'all', 'stopped']),
      begunAt: instant,
      canaries: many(
        form({ product: ProductId, home: maybeText, outcome: z.enum(['succeeded', 'failed']).nullable() }),
      ),
      following: count.meta({ description: 'Living products that have it.' }),
      behind: count.meta({ description: 'Living products of the same template that have another version.' }),
    }).meta({ id: 'Rollout' }),
  ),
}).meta({ id: 'Rollouts' });

export const Queued = form({ queued: count }).meta({
  id: 'Queued',
  description: 'So many products will be looked at.',
});
export const Done = form({ done: z.literal(true) }).meta({ id: 'Done' });
