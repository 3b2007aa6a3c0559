/** What is counted, for Prometheus. Ids never become labels. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** So many products are in a state, with a condition as their headline. */
export interface ProductCount {
  readonly state: string;
  readonly condition: string;
  readonly count: number;
}

/** So many access keys in a state are at most so old (`older` = all others). */
export interface KeyCount {
  readonly state: string;
  readonly age: string;
  readonly count: number;
}

/** Jobs of one queue. */
export interface QueueDepth {
  readonly waiting: number;
  readonly running: number;
  /** Age of the one that waits longest; 0 when none does. */
  readonly oldestMs: number;
}

/** Requests of this process to one other party. */
export interface BudgetUse {
  readonly running: number;
  readonly waiting: number;
}

/** Values of labels that dashboards and rules ask for by name. */
export const labelValues = {
  delivery: { verdict: ['accepted', 'ignored', 'refused', 'failed'] },
  run: { outcome: ['succeeded', 'failed'] },
  action: { outcome: ['done', 'failed', 'skipped'] },
  notification: { outcome: ['sent', 'failed'] },
} as const;
type Values = typeof labelValues;

export interface Metrics {
  /** A delivery was answered, after so many milliseconds. */
  delivery(generation: string, verdict: Values['delivery']['verdict'][number], ms: number): void;
  /** A job was over, so long after it was taken; it had waited `waitedMs` before. */
  job(queue: string, outcome: string, ms: number, waitedMs: number): void;
  run(outcome: Values['run']['outcome'][number], ms: number): void;
  action(kind: string, outcome: Values['action']['outcome'][number], ms: number): void;
  /** A call of an adapter was over; `outcome` is `ok` or the code of its error. */
  adapterCall(adapter: string, operation: string, outcome: string, ms: number): void;
  portalRequest(route: string, status: string, ms: number): void;
  /** Something of a home in order was found changed by others, and made good. */
  drift(field: string): void;
  /** A key in use was found where others could read it. */
  leak(): void;
  /** A message to people was sent, or given up. */
  notification(channel: string, outcome: Values['notification']['outcome'][number]): void;
  brake(on: boolean): void;
  /** All counts there are: what is not among them is gone. */
  products(counts: readonly ProductCount[]): void;
  /** The same for keys; so many in use should have been renewed. */
  keys(counts: readonly KeyCount[], overdue: number): void;
  queue(name: string, depth: QueueDepth): void;
  /** Has a breaker's state read at each scrape. */
  breaker(name: string, isOpen: () => boolean): void;
  /** The same for requests under a budget: in flight, and waiting for their turn. */
  budget(name: string, read: () => BudgetUse): void;
  /** Prometheus text. */
  render(): Promise<string>;
  readonly contentType: string;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const waits = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    ...countEvents(registry),
    ...showStates(registry),
    ...readAtScrape(registry),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** What happens: rate, errors and duration of each stage. */
function countEvents(registry: Registry) {
  const registers = [registry];
  const histogram = <T extends string>(name: string, help: string, labelNames: T[], buckets = seconds) =>
    new Histogram({ name: `provisioner_${name}_seconds`, help, labelNames, buckets, registers });
  const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Counter({ name: `provisioner_${name}_total`, help, labelNames, registers });
  const delivery = histogram('delivery', 'Time to answer a webhook.', ['generation', 'verdict']);
  const job = histogram('job', 'Time of a job once it was taken.', ['queue', 'outcome']);
  const wait = histogram('job_wait', 'Time that a job waited before it was taken.', ['queue'], waits);
  const run = histogram('run', 'Time of one reconcile of one product.', ['outcome']);
  const action = histogram('action', 'Time of one action of a run.', ['kind', 'outcome']);
  const call = histogram('adapter_call', 'Time of one call of an adapter, tries included.', [
    'adapter',
    'operation',
    'outcome',
  ]);
  const portal = histogram('portal_request', 'Time of one request to the portal.', ['route', 'status']);
  const drift = counter('drift', 'Parts of homes that others had changed, found and made good.', ['field']);
  const leak = counter('leaks', 'Keys in use that were found where others could read them.', []);
  const notification = counter('notifications', 'Messages to people.', ['channel', 'outcome']);
  return {
    delivery: (generation, verdict, ms) => delivery.observe({ generation, verdict }, ms / 1000),
    job: (queue, outcome, ms, waitedMs) => {
      job.observe({ queue, outcome }, ms / 1000);
      wait.observe({ queue }, waitedMs / 1000);
    },
    run: (outcome, ms) => run.observe({ outcome }, ms / 1000),
    action: (kind, outcome, ms) => action.observe({ kind, outcome }, ms / 1000),
    adapterCall: (adapter, operation, outcome, ms) =>
      call.observe({ adapter, operation, outcome }, ms / 1000),
    portalRequest: (route, status, ms) => portal.observe({ route, status }, ms / 1000),
    drift: (field) => drift.inc({ field }),
    leak: () => leak.inc(),
    notification: (channel, outcome) => notification.inc({ channel, outcome }),
  } satisfies Partial<Metrics>;
}

/** How things stand: read from the database before each scrape. */
function showStates(registry: Registry) {
  const gauge = <T extends string>(name: string, help: string, labelNames: T[] = []) =>
    new Gauge({ name: `provisioner_${name}`, help, labelNames, registers: [registry] });
  const brake = gauge('brake', '1 while the brake holds tear-downs.');
  const products = gauge('products', 'Products by state and headline condition.', ['state', 'condition']);
  const keys = gauge('keys', 'Access keys by state and age.', ['state', 'age']);
  const keysOverdue = gauge('keys_overdue', 'Keys in use that should have been renewed and were not.');
  const jobs = gauge('jobs', 'Jobs that wait or run.', ['queue', 'state']);
  const oldest = gauge('oldest_job_seconds', 'Age of the job that waits longest; 0 = none waits.', ['queue']);
  return {
    brake: (on) => brake.set(on ? 1 : 0),
    products: (counts) => {
      products.reset();
      for (const { state, condition, count } of counts) products.set({ state, condition }, count);
    },
    keys: (counts, overdue) => {
      keys.reset();
      for (const { state, age, count } of counts) keys.set({ state, age }, count);
      keysOverdue.set(overdue);
    },
    queue: (name, { waiting, running, oldestMs }) => {
      jobs.set({ queue: name, state: 'waiting' }, waiting);
      jobs.set({ queue: name, state: 'running' }, running);
      oldest.set({ queue: name }, oldestMs / 1000);
    },
  } satisfies Partial<Metrics>;
}

/** What this process knows by itself, and nobody has to bring. */
function readAtScrape(registry: Registry) {
  const registers = [registry];
  const breakers = new Map<string, () => boolean>();
  const budgets = new Map<string, () => BudgetUse>();
  new Gauge({
    name: 'provisioner_breaker_open',
    help: '1 while it does not answer and runs wait.',
    labelNames: ['name'],
    registers,
    collect() {
      for (const [name, isOpen] of breakers) this.set({ name }, isOpen() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'provisioner_budget_requests',
    help: 'Requests in flight, and those that wait for their turn in the budget.',
    labelNames: ['name', 'state'],
    registers,
    collect() {
      for (const [name, read] of budgets) {
        const { running, waiting } = read();
        this.set({ name, state: 'running' }, running);
        this.set({ name, state: 'waiting' }, waiting);
      }
    },
  });
  return {
    breaker: (name, isOpen) => void breakers.set(name, isOpen),
    budget: (name, read) => void budgets.set(name, read),
  } satisfies Partial<Metrics>;
}
