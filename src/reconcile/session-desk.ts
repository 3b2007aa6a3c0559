/** Sessions that workspaces fetch: under the name that a run has proven last, and only while anything may be applied. */
import { findCurrentKey } from '../db/access-keys.ts';
import { findProduct, type ProductRecord } from '../db/products.ts';
import { principalNameOf } from '../identity/issuer.ts';
import { isSessionName } from '../identity/names.ts';
import { OpenSessions, type Session } from '../identity/open-sessions.ts';
import type { ProductId } from '../model/ids.ts';
import type { ReconcileParts } from './parts.ts';
import { type EstatePauseView, whyPaused } from './pause.ts';

/** A session, or why there is none. */
export type SessionAnswer = { readonly session: Session } | { readonly refused: string };

/** @returns what answers for one product; it throws `ProvisionerError` of the store */
export function createSessionDesk({
  database,
  estate,
  findIssuer,
  hideSecret,
  clock,
}: Pick<ReconcileParts, 'database' | 'estate' | 'findIssuer' | 'hideSecret' | 'clock'>): (
  product: ProductId,
) => Promise<SessionAnswer> {
  const sessions = new OpenSessions(findIssuer, hideSecret, clock);
  return async (product) => {
    const [record, current] = await Promise.all([
      findProduct(database.sql, product),
      findCurrentKey(database.sql, product),
    ]);
    const refused = record === null ? 'there is no such product' : whyNone(estate, record);
    if (refused !== null) return { refused };
    if (current === null || !isSessionName(current.id)) return { refused: 'none was proven yet' };
    return { session: await sessions.sessionOf(principalNameOf(product), current.id) };
  };
}

function whyNone(estate: EstatePauseView, record: ProductRecord): string | null {
  const paused = whyPaused(estate, record);
  if (paused !== null) return paused;
  const failed = record.conditions.some(({ reason }) => reason === 'ProofFailed');
  return failed ? 'the store does not keep the product to its policy (ProofFailed)' : null;
}
