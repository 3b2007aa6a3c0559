/** How much is asked of others at a time: of the portal, and of the store's identity API (AWS throttles IAM). */
import PQueue from 'p-queue';

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
