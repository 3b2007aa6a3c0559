/** Ctrl-C, heard once for the whole demo: the step that runs is finished, everything that was started is stopped. */

/** npm passes a terminal's Ctrl-C on to a process that has it already: two within this time are one. */
const onePressMs = 1000;
const interruption = new AbortController();

/** Thrown where the story stops because the user wants it to. */
class Interrupted extends Error {
  override name = 'Interrupted';
}

/** Aborted at the first SIGINT or SIGTERM. */
export const interrupted: AbortSignal = interruption.signal;

/** From here on a signal stops the demo cleanly; a second one, a second later or more, ends it at once. */
export function hearInterruption(): void {
  let first = 0;
  const hear = () => {
    if (interrupted.aborted && Date.now() - first > onePressMs) process.exit(130);
    if (interrupted.aborted) return;
    first = Date.now();
    interruption.abort(new Interrupted('interrupted'));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, hear);
}
