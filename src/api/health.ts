/** Whether we live, whether we can work, and what to do when not. */
import type { Request, Response } from 'express';
import { Router } from 'express';
import { sameText } from '../auth/digest.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** One thing that work depends on. `check` throws when it is not there; `facts` tell what was found out about it. */
export interface Dependency {
  readonly name: 'database' | 'portal' | 'store' | 'identity' | 'workspaces';
  readonly check: () => Promise<unknown>;
  readonly facts?: () => Promise<object>;
}

export interface HealthOptions {
  readonly dependencies: readonly Dependency[];
  readonly metrics: Metrics;
  /** Who reads the metrics must bring it; `null`: everybody may. */
  readonly metricsToken: string | null;
  /** Brings gauges that are read, not counted, up to date before a scrape. */
  readonly refreshGauges: () => Promise<void>;
  /** False while stopping: a load balancer sends nothing more. */
  readonly accepting: () => boolean;
  readonly version: string;
}

interface Finding {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  /** What was found out about it. */
  readonly facts?: object;
}

/** A check that takes longer counts as failed. */
const checkTimeoutMs = 3000;
/** Findings are shared for this long, so that probes do not become load. */
const keepMs = 2000;

/** Routes `GET /`, `/health`, `/health/live`, `/health/accepting`, `/health/ready` and `/metrics`. */
export function createHealthRouter(options: HealthOptions): Router {
  const router = Router();
  const findings = rememberFor(keepMs, () => inspect(options.dependencies));
  const ready = async () => {
    const found = await findings();
    return { ready: options.accepting() && Object.values(found).every(({ ok }) => ok), dependencies: found };
  };
  router.get('/', (_request, response) => void response.json(about(options.version)));
  router.get('/health/live', (_request, response) => void response.json({ live: true }));
  // For load balancers: who waits for portal and store here would lose webhooks in their outage, on every replica at once.
  router.get('/health/accepting', async (_request, response) => {
    const { database } = await findings();
    const accepting = options.accepting() && database?.ok === true;
    response.status(accepting ? 200 : 503).json({ accepting, database });
  });
  router.get('/health/ready', async (_request, response) => {
    const report = await ready();
    response.status(report.ready ? 200 : 503).json(report);
  });
  router.get('/health', async (_request, response) => {
    response.json({
      version: options.version,
      uptimeSeconds: Math.round(process.uptime()),
      ...(await ready()),
    });
  });
  router.get('/metrics', async (request: Request, response: Response) => {
    if (!mayScrape(request.get('authorization'), options.metricsToken)) {
      response.status(401).set('www-authenticate', 'Bearer').json({ error: 'The metrics need their token.' });
      return;
    }
    await options.refreshGauges().catch(() => undefined);
    response.type(options.metrics.contentType).send(await options.metrics.render());
  });
  return router;
}

function mayScrape(header: string | undefined, token: string | null): boolean {
  return token === null || sameText(header ?? '', `Bearer ${token}`);
}

function about(version: string) {
  return {
    name: 'data-product-provisioner',
    version,
    about: 'Gives every data product of the portal its home: prefix, credentials and workspace.',
    webhooks: { v1: 'POST / or /webhooks/v1', v2: 'POST / or /webhooks/v2' },
    health: '/health',
    metrics: '/metrics',
  };
}

async function inspect(dependencies: readonly Dependency[]): Promise<Record<string, Finding>> {
  const entries = await Promise.all(
    dependencies.map(async (each): Promise<[string, Finding]> => [each.name, await finding(each)]),
  );
  return Object.fromEntries(entries);
}

async function finding({ check, facts }: Dependency): Promise<Finding> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${checkTimeoutMs / 1000} s`)),
    checkTimeoutMs,
  );
  try {
    await Promise.race([check(), timeout]);
    return facts === undefined ? { ok: true } : { ok: true, facts: await facts() };
  } catch (thrown) {
    const { code, message } = asProvisionerError(thrown);
    return { ok: false, code, message };
  } finally {
    clearTimeout(timer);
  }
}

function rememberFor<T>(milliseconds: number, ask: () => Promise<T>): () => Promise<T> {
  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<T> | null = null;
  return () => {
    if (answer === null || performance.now() - asked > milliseconds) {
      asked = performance.now();
      answer = ask();
    }
    return answer;
  };
}
