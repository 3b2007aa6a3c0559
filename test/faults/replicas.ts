/** Several daemons, as processes, on one PostgreSQL server; and what their logs tell together. */
import { type DaemonProcess, runDaemon } from '../support/daemon-process.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { type Stage, setStage, startStore } from '../support/world.ts';

export interface Replicas extends Stage {
  readonly postgres: PostgresServer;
  /** Starts one more; resolves at once. */
  start(changes?: Readonly<Record<string, string>>): DaemonProcess;
}

/** Store, portal and PostgreSQL, with no daemon yet. Portal webhooks go nowhere: the tests send their own. */
export async function setReplicas(changes: Readonly<Record<string, string>> = {}): Promise<Replicas> {
  await using started = new AsyncDisposableStack();
  const postgres = started.use(await startPostgres());
  const stage = started.use(await setStage(startStore, { PROV_DATABASE_URL: postgres.url, ...changes }));
  const parts = started.move();
  return {
    ...stage,
    postgres,
    start: (more = {}) => parts.use(runDaemon(['serve'], { ...stage.environment, ...more })),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

interface Line {
  readonly message?: string;
  readonly timestamp?: string;
  readonly product?: string;
  readonly run?: string;
  readonly ms?: number;
  readonly cause?: string;
}

/** Lines of a daemon's log, parsed. */
export function linesOf(daemon: DaemonProcess): readonly Line[] {
  return daemon
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line): Line => JSON.parse(line));
}

/** How often a daemon's log says this. */
export function timesSaid(daemon: DaemonProcess, message: string): number {
  return linesOf(daemon).filter((line) => line.message === message).length;
}

/** Pairs of runs of one product that overlapped in time, over all daemons together. */
export function overlaps(daemons: readonly DaemonProcess[]): string[] {
  const runs = daemons.flatMap(linesOf).flatMap(({ product, run, ms, cause, timestamp }) => {
    if (product === undefined || ms === undefined || cause === undefined || timestamp === undefined)
      return [];
    const endMs = Date.parse(timestamp);
    return [{ product, run, fromMs: endMs - ms, endMs }];
  });
  // The log counts in whole milliseconds.
  const slackMs = 3;
  return runs.flatMap((one) =>
    runs
      .filter((other) => other.product === one.product && other.run !== one.run)
      .filter((other) => other.fromMs >= one.fromMs && other.fromMs < one.endMs - slackMs)
      .map((other) => `${one.product}: ${one.run} and ${other.run}`),
  );
}
