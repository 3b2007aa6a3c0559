/** What either side can decide about a request for access. */
import { Problem } from '../http/problem.ts';
import type { Call } from '../http/route.ts';
import { activeGrant, dayAfter, dayOf, statusFrom } from '../state/access.ts';
import { inputPortChanged } from '../state/change-event.ts';
import type { AccessRequestRecord, InputPortRecord } from '../state/records.ts';

/** Stores the status that follows from the requests; true when it moved. Only a moved status is announced by v2. */
export function recomputeStatus(input: InputPortRecord, now: Date): boolean {
  const status = statusFrom(input, dayOf(now));
  const moved = status !== input.status;
  input.status = status;
  return moved;
}

/** Access from today on, for the asked number of days or without end. */
export function approve(
  request: AccessRequestRecord,
  now: Date,
  decided: { readonly by: string | null; readonly note: string | null },
): void {
  request.decision = 'approved';
  request.decidedBy = decided.by;
  request.decisionNote = decided.note;
  request.validFrom = dayOf(now);
  request.validUntil = request.durationDays === null ? null : dayAfter(now, request.durationDays);
}

/** Ends the access in force; its request stays `approved`. @throws Problem 400 when there is none */
export function revoke(call: Call, input: InputPortRecord): void {
  const grant = activeGrant(input, dayOf(call.now));
  if (grant === undefined) throw new Problem(400, 'There is no active access to revoke');
  grant.revokedAt = call.timestamp;
  grant.revokedBy = call.state.actor.id;
  if (recomputeStatus(input, call.now)) call.changed(inputPortChanged(input));
}
