/** How much is asked of others at a time: of the portal, and of the store's identity API (AWS throttles IAM). */
import PQueue from 'p-queue';
import type { Issuer } from '../identity/issuer.ts';
import { watchCalls } from '../telemetry/calls.ts';

/** Bounds of requests, shared by all workers of this process. */
export interface RequestBudget {
  /** Requests in flight. */
  readonly concurrency: number;
  /** Requests begun within any second; 0 = as many as there are. */
  readonly perSecond: number;
}

export function createBudget({ concurrency, perSecond }: RequestBudget): PQueue {
  const rate = perSecond === 0 ? {} : { interval: 1000, intervalCap: perSecond, strict: true };
  return new PQueue({ concurrency, ...rate });
}

/** How much of a budget is in use now. */
export function useOf(budget: PQueue): { readonly running: number; readonly waiting: number } {
  return { running: budget.pending, waiting: budget.size };
}

/** The same issuer, each of its calls within the budget. */
export function withinBudget(budget: PQueue, find: () => Promise<Issuer>): () => Promise<Issuer> {
  let wrapped: { readonly issuer: Issuer; readonly within: Issuer } | null = null;
  return async () => {
    const issuer = await find();
    if (wrapped?.issuer !== issuer) {
      const within = watchCalls(
        'identity',
        issuer,
        ['observe', 'ensurePrincipal', 'putPolicy', 'createKey', 'renewKey', 'deleteKey', 'deletePrincipal'],
        (_stage, _name, call) => budget.add(call),
      );
      wrapped = { issuer, within };
    }
    return wrapped.within;
  };
}
