/** Who looks at the console: what sign-in tells us, in the few words that pages need. */
import type { Request, Response } from 'express';

/** What a visitor may do: look; order; order what can not be taken back. Each includes the one before. */
export type Scope = 'viewer' | 'operator' | 'admin';

export interface Visitor {
  /** As it stands in the audit: `anna@example.com`, `key:ci`. */
  readonly name: string;
  readonly scope: Scope;
  /** Goes with every form of this visitor, and with nobody else's. */
  readonly csrfToken: string;
}

/** Finds out who asks. `null`: nobody that may, and the response has been given (a sign-in page, a 401). */
export type Authenticate = (request: Request, response: Response) => Promise<Visitor | null>;

/** Everybody is this visitor: for an address that only this machine can reach. */
export function everybodyIs(visitor: Visitor): Authenticate {
  return async () => visitor;
}

const ranks: Readonly<Record<Scope, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the visitor's scope includes another. */
export function may(visitor: Visitor, scope: Scope): boolean {
  return ranks[visitor.scope] >= ranks[scope];
}
