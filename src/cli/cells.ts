/** How values stand in a table: ages instead of instants, colours that mean something. */
import { styleText } from 'node:util';

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `3h ago`, `in 2d`; `-` when there is no instant. */
export function ago(iso: string | null, now = Date.now()): string {
  if (iso === null) return '-';
  const ms = now - Date.parse(iso);
  const [unit, length] = units.find(([, each]) => Math.abs(ms) >= each) ?? ['s', 1000];
  const count = `${Math.floor(Math.abs(ms) / length)}${unit}`;
  return ms >= 0 ? `${count} ago` : `in ${count}`;
}

/** `120 ms`, `3.4 s`. */
export function lasted(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const colours = {
  Degraded: 'red',
  failed: 'red',
  held: 'yellow',
  retiring: 'yellow',
  Progressing: 'yellow',
  ignored: 'gray',
  retired: 'gray',
  Ready: 'green',
  succeeded: 'green',
  done: 'green',
} as const;

/** The word in the colour of what it means, where a person looks at a terminal. */
export function coloured(word: string): string {
  const colour = Object.hasOwn(colours, word) ? colours[word as keyof typeof colours] : undefined;
  return colour === undefined ? word : styleText(colour, word, { stream: process.stdout });
}
