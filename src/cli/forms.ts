/** What the command line shows of the API's answers; fields that it does not know pass through to `--json`. */
import { z } from 'zod';

const maybe = z.string().nullable();
const many = z.looseObject;
export const pageOf = <T extends z.ZodType>(item: T) => many({ items: z.array(item), next: maybe });

const Condition = many({
  type: z.string(),
  status: z.boolean(),
  reason: z.string(),
  message: z.string(),
});
export const Product = many({
  id: z.string(),
  name: z.string(),
  home: z.string(),
  state: z.string(),
  headline: z.string(),
  conditions: z.array(Condition),
  template: maybe,
  pausedAt: maybe,
  pausedBy: maybe,
  updatedAt: z.string(),
});
const Party = many({ id: z.string(), name: maybe, home: maybe });
export type Party = z.infer<typeof Party>;
export const Grant = many({
  consumer: Party,
  provider: Party,
  outputPort: z.string(),
  outputPortName: maybe,
  since: z.string(),
  validUntil: maybe,
  keyProvenAt: maybe,
});
export const ProductDetail = Product.extend({
  retiredAt: maybe,
  checkedAt: maybe,
  nextLookAt: maybe,
  failures: z.number(),
  keys: z.array(
    many({ id: z.string(), state: z.string(), issuedAt: z.string(), graceUntil: maybe, expiresAt: maybe }),
  ),
  inputs: z.array(Grant),
  consumers: z.array(Grant),
});
const Cause = many({
  kind: z.string(),
  delivery: z.string().optional(),
  why: z.string().optional(),
  what: z.string().optional(),
  who: z.string().optional(),
  product: z.string().optional(),
});
export type Cause = z.infer<typeof Cause>;
export const Run = many({
  id: z.string(),
  product: z.string(),
  productName: maybe,
  cause: Cause,
  startedAt: z.string(),
  ms: z.number(),
  outcome: z.string(),
  errorCode: maybe,
  errorMessage: maybe,
  actionCount: z.number(),
});
export const RunDetail = Run.extend({
  actions: z.array(many({ kind: z.string(), description: z.string(), ms: z.number(), outcome: z.string() })),
});
export const Delivery = many({
  id: z.string(),
  receivedAt: z.string(),
  generation: z.string(),
  event: z.string(),
  verdict: z.string(),
  reason: maybe,
  products: z.array(z.string()),
});
export const DeliveryDetail = Delivery.extend({ productNames: z.record(z.string(), z.string()) });
export const AuditLine = many({
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  cause: Cause,
  seq: maybe,
});
export const Overview = many({
  version: z.string(),
  byHeadline: z.record(z.string(), z.number()),
  byState: z.record(z.string(), z.number()),
  pausedProducts: z.number(),
  needPerson: z.array(Product),
  brake: many({ engagedAt: z.string(), reason: z.string() }).nullable(),
  pause: many({ at: z.string(), by: z.string() }).nullable(),
  lastHour: many({
    runs: z.number(),
    failed: z.number(),
    perMinute: z.number(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
  }),
  deliveries: many({ accepted: z.number(), ignored: z.number() }),
  jobs: many({ waiting: z.number(), running: z.number(), oldestMs: z.number() }),
});
export const DryRun = many({
  product: z.string(),
  actions: z.array(many({ kind: z.string(), description: z.string() })),
  drift: z.array(many({ field: z.string(), found: maybe, wanted: maybe })),
  files: many({
    from: maybe,
    to: z.string(),
    write: z.array(z.string()),
    merge: z.array(z.string()),
    remove: z.array(z.string()),
    conflicts: z.array(z.string()),
    waits: maybe,
  }).nullable(),
});
export const FleetPlan = many({
  product: z.string(),
  home: z.string(),
  of: z.number(),
  plan: DryRun.nullable(),
  problem: many({ code: z.string(), detail: z.string() }).nullable(),
});
export const ApiKey = many({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  madeAt: z.string(),
  expiresAt: maybe,
  usedAt: maybe,
  revokedAt: maybe,
});
export const NewApiKey = ApiKey.extend({ key: z.string() });
export const Verdict = many({
  ok: z.boolean(),
  rows: z.number(),
  seq: z.string().optional(),
  what: z.string().optional(),
});
export const Rollouts = many({
  items: z.array(
    many({
      template: z.string(),
      stage: z.string(),
      begunAt: z.string(),
      canaries: z.array(many({ product: z.string(), home: maybe, outcome: maybe })),
      following: z.number(),
      behind: z.number(),
    }),
  ),
});
export const Queued = many({ queued: z.number() });
export const Done = many({ done: z.literal(true) });
export const Released = many({ released: z.number() });
