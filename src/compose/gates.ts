/** What every request to portal and store passes: how many at a time, how many in a second, and whether anybody is there. */
import PQueue from 'p-queue';
import type { Environment } from '../config/schema.ts';
import { hastenFailed } from '../db/wake.ts';
import type { Issuer } from '../identity/issuer.ts';
import { ProvisionerError } from '../model/errors.ts';
import type { RequestGate } from '../model/gate.ts';
import { isNoAnswer } from '../model/store-error.ts';
import type { PortalClient } from '../portal/client.ts';
import { Breaker, type BreakerOptions } from '../reconcile/breaker.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Foundations } from './foundations.ts';

/** Who is asked whether they are there: they are made with these gates, and so are known only later. */
export interface Asked {
  readonly portal: () => PortalClient;
  readonly store: () => ObjectStore;
  readonly findIssuer: () => Promise<Issuer>;
}

export interface Gates {
  readonly portal: RequestGate;
  readonly store: RequestGate;
  readonly identity: RequestGate;
  readonly breakers: readonly Breaker[];
}

/** What failed in an outage is spread over so long when it is over. */
const catchUpSeconds = 20;

export function createGates(env: Environment, foundations: Foundations, asked: Asked): Gates {
  const { metrics } = foundations;
  const identityBudget = createBudget(env.PROV_IDENTITY_CONCURRENCY, env.PROV_IDENTITY_RATE);
  const portalBudget = createBudget(env.PROV_PORTAL_CONCURRENCY, env.PROV_PORTAL_RATE);
  metrics.budget('identity', () => useOf(identityBudget));
  metrics.budget('portal', () => useOf(portalBudget));
  const portal = openBreaker(foundations, {
    name: 'portal',
    code: 'PORTAL_UNAVAILABLE',
    isAway: (ended) => ('error' in ended ? isPortalAway(ended.error) : isServerError(ended.answer)),
    probe: () => asked.portal().version(),
  });
  const store = openBreaker(foundations, {
    name: 'store',
    code: 'STORE_UNAVAILABLE',
    isAway: (ended) => 'error' in ended && isNoAnswer(ended.error),
    probe: () => asked.store().check(),
  });
  const identity = openBreaker(foundations, {
    name: 'store’s identity API',
    code: 'STORE_UNAVAILABLE',
    isAway: (ended) => 'error' in ended && isNoAnswer(ended.error),
    probe: async () => (await asked.findIssuer()).check(),
  });
  return {
    portal: behind(portal, portalBudget),
    store,
    identity: behind(identity, identityBudget),
    breakers: [portal, store, identity],
  };
}

function openBreaker(
  { started, metrics, database, log }: Foundations,
  options: Omit<BreakerOptions, 'onClosed' | 'log'>,
): Breaker {
  const onClosed = () => hastenFailed(database.sql, new Date(), catchUpSeconds);
  const breaker = started.use(new Breaker({ ...options, onClosed, log }));
  metrics.breaker(breaker.name, () => breaker.open);
  return breaker;
}

/** Nobody waits in a budget's queue for a server that is away. */
function behind(breaker: Breaker, budget: PQueue): RequestGate {
  return { add: (send) => breaker.add(() => budget.add(send)) };
}

/** @param perSecond requests begun within any second; 0 = as many as there are */
export function createBudget(concurrency: number, perSecond: number): PQueue {
  const rate = perSecond === 0 ? {} : { interval: 1000, intervalCap: perSecond, strict: true };
  return new PQueue({ concurrency, ...rate });
}

/** How much of a budget is in use now. */
function useOf(budget: PQueue): { readonly running: number; readonly waiting: number } {
  return { running: budget.pending, waiting: budget.size };
}

function isPortalAway(error: unknown): boolean {
  return error instanceof ProvisionerError && error.code === 'PORTAL_UNAVAILABLE';
}

/** One 500 may only mean that a token has expired; many in a row do not. */
function isServerError(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'status' in answer && Number(answer.status) >= 500;
}
