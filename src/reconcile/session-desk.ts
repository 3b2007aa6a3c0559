/** Sessions that workspaces fetch: under the name that a run has proven last, and only while anything may be applied. */
import { findCurrentKey } from '../db/access-keys.ts';
import { listGrantsOf } from '../db/grants.ts';
import { findProduct, type ProductRecord } from '../db/products.ts';
import { assemblePolicy, type PolicyDocument } from '../grants/policy.ts';
import { type AccessKey, principalNameOf } from '../identity/issuer.ts';
import { kindOfName } from '../identity/names.ts';
import { OpenSessions, type Session } from '../identity/open-sessions.ts';
import { homesOf } from '../model/grant.ts';
import type { ProductId } from '../model/ids.ts';
import type { ReconcileParts } from './parts.ts';
import { type EstatePauseView, whyPaused } from './pause.ts';

/** A session, or why there is none. */
export type SessionAnswer = { readonly session: Session } | { readonly refused: string };

type DeskParts = Pick<
  ReconcileParts,
  'database' | 'estate' | 'findIssuer' | 'hideSecret' | 'settings' | 'clock'
>;

/** @returns what answers for one product; it throws `ProvisionerError` of the store */
export function createSessionDesk(parts: DeskParts): (product: ProductId) => Promise<SessionAnswer> {
  const { database, estate, hideSecret, clock } = parts;
  const sessions = new OpenSessions(hideSecret, clock);
  return async (product) => {
    const [record, current] = await Promise.all([
      findProduct(database.sql, product),
      findCurrentKey(database.sql, product),
    ]);
    if (record === null) return { refused: 'there is no such product' };
    const refused = whyNone(estate, record);
    if (refused !== null) return { refused };
    if (current === null || kindOfName(current.id) === 'key') return { refused: 'none was proven yet' };
    const open = () => openSession(parts, record, current.id);
    return { session: await sessions.sessionOf(principalNameOf(product), current.id, open) };
  };
}

function whyNone(estate: EstatePauseView, record: ProductRecord): string | null {
  const paused = whyPaused(estate, record);
  if (paused !== null) return paused;
  const failed = record.conditions.some(({ reason }) => reason === 'ProofFailed');
  return failed ? 'the store does not keep the product to its policy (ProofFailed)' : null;
}

async function openSession(parts: DeskParts, record: ProductRecord, name: string): Promise<AccessKey> {
  const issuer = await parts.findIssuer();
  const principal = principalNameOf(record.id);
  if (issuer.kind.fixedForMs === null) return issuer.renewKey(principal, name);
  return issuer.renewKey(principal, name, await policyInForce(parts, record));
}

/** What the name was proven with: our books have its grants since it was handed over. */
async function policyInForce(
  { database: { sql }, settings }: DeskParts,
  { id, home }: ProductRecord,
): Promise<PolicyDocument> {
  return assemblePolicy(settings.bucket, home, homesOf(await listGrantsOf(sql, id)));
}
