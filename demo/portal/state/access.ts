/**
 * How the requests made for an input port decide its status. Pure, and line by line the portal's own rules (its
 * `backend/app/abstract_data_product/input_ports/model.py`); the odd corners (a revoked access under renewal stays
 * `revoked`, a denied renewal of it becomes `denied`) are theirs.
 */
import type { AccessRequestRecord, InputPortRecord, InputPortStatus } from './records.ts';

/** The day in UTC, `YYYY-MM-DD`: texts that compare like dates. The real portal takes its server's local day. */
export const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/** The day so many days after the given instant's. */
export const dayAfter = (instant: Date, days: number): string =>
  dayOf(new Date(instant.getTime() + days * 24 * 60 * 60 * 1000));

/** The newest approved request that is not revoked and in force on that day (both ends included). */
export function activeGrant(input: InputPortRecord, today: string): AccessRequestRecord | undefined {
  return input.requests.findLast(
    (request) =>
      request.decision === 'approved' &&
      request.revokedAt === null &&
      (request.validFrom === null || request.validFrom <= today) &&
      (request.validUntil === null || request.validUntil >= today),
  );
}

export function pendingRequest(input: InputPortRecord): AccessRequestRecord | undefined {
  return input.requests.find((request) => request.decision === 'pending');
}

const everGranted = (input: InputPortRecord): boolean =>
  input.requests.some((request) => request.decision === 'approved');

const lastSettled = (input: InputPortRecord): AccessRequestRecord | undefined =>
  input.requests.findLast((request) => request.decision === 'approved' || request.decision === 'denied');

/** What the API shows as `current_request`: never a pending renewal. */
export function currentRequest(input: InputPortRecord, today: string): AccessRequestRecord | undefined {
  const firstRequest = everGranted(input) ? undefined : pendingRequest(input);
  return activeGrant(input, today) ?? firstRequest ?? lastSettled(input) ?? input.requests.at(-1);
}

/** What the API shows as `renewal_status`: the fate of a request made after access was once given. */
export function renewalStatus(input: InputPortRecord, today: string): 'pending' | 'denied' | null {
  const latest = input.requests.at(-1);
  if (latest === undefined || !everGranted(input)) return null;
  if (activeGrant(input, today) === latest) return null;
  return latest.decision === 'pending' || latest.decision === 'denied' ? latest.decision : null;
}

/** The status that follows from the requests; the portal stores it, and so may lag behind `valid_until`. */
export function statusFrom(input: InputPortRecord, today: string): InputPortStatus {
  if (activeGrant(input, today) !== undefined) return 'approved';
  if (pendingRequest(input) !== undefined && !everGranted(input)) return 'pending';
  const settled = lastSettled(input);
  if (settled === undefined) return 'cancelled';
  if (settled.decision === 'denied') return 'denied';
  return settled.revokedAt === null ? 'expired' : 'revoked';
}
