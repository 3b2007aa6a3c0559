/** Instants, lengths of time, sizes and causes in few words: pure. */
import type { Cause } from '../model/run.ts';

const steps = [
  { below: 60, per: 1, unit: 's' },
  { below: 3600, per: 60, unit: 'min' },
  { below: 86_400, per: 3600, unit: 'h' },
  { below: 86_400 * 60, per: 86_400, unit: 'd' },
  { below: Number.POSITIVE_INFINITY, per: 86_400 * 30, unit: 'months' },
] as const;

/** `3 min ago`, `in 2 h`, `now`. */
export function relative(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return 'now';
  const step = steps.find(({ below }) => size < below) ?? steps[4];
  const amount = `${Math.floor(size / step.per)} ${step.unit}`;
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}

/** To the second, in UTC: `2026-03-01 12:00:05 UTC`. */
export function exact(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `8 ms`, `1.2 s`, `3 min 5 s`. */
export function lengthOf(ms: number): string {
  if (ms < 1) return '< 1 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** `12 B`, `3.4 KB`, `56 MB`. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** With thin gaps: `10 000`. */
export function numberOf(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** Why a run was asked for. */
export function causeOf(cause: Cause): string {
  switch (cause.kind) {
    case 'delivery':
      return 'a webhook';
    case 'resync':
      return 'resync';
    case 'clock':
      return cause.why;
    case 'neighbour':
      return 'a neighbour changed';
    case 'drift-check':
      return 'drift check';
    case 'person':
      return cause.who === undefined ? cause.what : `${cause.what} by ${cause.who}`;
    default:
      // A later version's cause, read from the database.
      return (cause as { kind: string }).kind.replaceAll('-', ' ');
  }
}
