/** A product that never got a home, in the words of a card. */
import type { HomelessProduct } from '../db/homeless.ts';
import { reasonOfError } from '../model/condition.ts';
import { remedyOf } from './remedies.ts';

export function homelessCard({ id, error, code, failedAt, failures, parked }: HomelessProduct) {
  const reason = code === null ? null : reasonOfError(code);
  return {
    id,
    reason,
    message: error === '' ? 'Its last run is no longer kept.' : error,
    remedy: reason === null ? null : remedyOf(reason),
    failedAt,
    failures,
    parked,
  };
}
