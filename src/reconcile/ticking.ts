/** Work that is done again and again, never twice at once. */

/** Begins `work` every so many milliseconds, unless it is still under way. Disposing ends that, and waits for its end. */
export function startTicking(everyMs: number, work: () => Promise<void>): AsyncDisposable {
  let underWay: Promise<void> | null = null;
  const timer = setInterval(() => {
    underWay ??= work().finally(() => {
      underWay = null;
    });
  }, everyMs);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await underWay;
    },
  };
}
