/** Who looks at the console: what sign-in tells us, in the few words that pages need. */
import type { Request, Response } from 'express';
import { type RoleName, roleHolds } from '../model/role.ts';

export interface Visitor {
  /** As it stands in the audit: `anna@example.com`, `key:ci`. */
  readonly name: string;
  readonly role: RoleName;
  /** Goes with every form of this visitor, and with nobody else's. */
  readonly csrfToken: string;
  /** Came in by a login that can be ended. */
  readonly loggedIn: boolean;
}

/** Finds out who asks. `null`: nobody that may, and the response has been given (a login page, a 401). */
export type Authenticate = (request: Request, response: Response) => Promise<Visitor | null>;

/** Whether the visitor's role holds another. */
export function may(visitor: Visitor, role: RoleName): boolean {
  return roleHolds(visitor.role, role);
}
