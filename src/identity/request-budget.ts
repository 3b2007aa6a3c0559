/** How the clients of the AWS SDK are held to a budget of requests. */
import type { RequestBudget } from './issuer.ts';

/** Where `inTurn` stands: each try of a call waits for its turn, and is signed when it has it. */
export const eachTry = { relation: 'after', toMiddleware: 'retryMiddleware', name: 'requestBudget' } as const;

/** A middleware that begins each request when it may. */
export function inTurn(budget: RequestBudget) {
  return <Request, Answer>(next: (request: Request) => Promise<Answer>) =>
    (request: Request) =>
      budget.add(() => next(request));
}
