/** What is counted, for Prometheus. Ids never become labels. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** So many products are in a state, with a condition as their headline. */
export interface ProductCount {
  readonly state: string;
  readonly condition: string;
  readonly count: number;
}

export interface Metrics {
  /** A delivery was answered, after so many milliseconds. */
  delivery(generation: string, verdict: string, ms: number): void;
  run(outcome: string, ms: number): void;
  action(kind: string, outcome: string, ms: number): void;
  portalRequest(route: string, status: string, ms: number): void;
  brake(on: boolean): void;
  /** All counts there are: what is not among them is gone. */
  products(counts: readonly ProductCount[]): void;
  queue(name: string, waiting: number, running: number): void;
  /** Prometheus text. */
  render(): Promise<string>;
  readonly contentType: string;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const histogram = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Histogram({ name, help, labelNames, buckets: seconds, registers });
  const delivery = histogram('provisioner_delivery_seconds', 'Time to answer a webhook.', [
    'generation',
    'verdict',
  ]);
  const run = histogram('provisioner_run_seconds', 'Time of one reconcile of one product.', ['outcome']);
  const action = histogram('provisioner_action_seconds', 'Time of one action of a run.', ['kind', 'outcome']);
  const portal = histogram('provisioner_portal_request_seconds', 'Time of one call to the portal.', [
    'route',
    'status',
  ]);
  const brake = new Gauge({
    name: 'provisioner_brake',
    help: '1 while the brake holds tear-downs.',
    registers,
  });
  const products = new Gauge({
    name: 'provisioner_products',
    help: 'Products by state and headline condition.',
    labelNames: ['state', 'condition'],
    registers,
  });
  const jobs = new Gauge({
    name: 'provisioner_jobs',
    help: 'Jobs that wait or run.',
    labelNames: ['queue', 'state'],
    registers,
  });
  return {
    delivery: (generation, verdict, ms) => delivery.observe({ generation, verdict }, ms / 1000),
    run: (outcome, ms) => run.observe({ outcome }, ms / 1000),
    action: (kind, outcome, ms) => action.observe({ kind, outcome }, ms / 1000),
    portalRequest: (route, status, ms) => portal.observe({ route, status }, ms / 1000),
    brake: (on) => brake.set(on ? 1 : 0),
    products: (counts) => {
      products.reset();
      for (const { state, condition, count } of counts) products.set({ state, condition }, count);
    },
    queue: (name, waiting, running) => {
      jobs.set({ queue: name, state: 'waiting' }, waiting);
      jobs.set({ queue: name, state: 'running' }, running);
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
