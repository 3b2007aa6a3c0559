/** Runs per minute of the last hour, as bars: pure. */

export interface Minute {
  readonly at: Date;
  readonly runs: number;
  readonly failed: number;
}

export interface Sparkline {
  readonly width: number;
  readonly height: number;
  readonly most: number;
  readonly bars: readonly {
    readonly x: number;
    readonly y: number;
    readonly height: number;
    readonly failedHeight: number;
    readonly failedY: number;
    readonly title: string;
  }[];
}

const minutes = 60;
const step = 8;
const height = 48;

/** Quiet minutes have no bar; the newest is at the right. */
export function sparkline(counted: readonly Minute[], now: Date): Sparkline {
  const most = Math.max(1, ...counted.map(({ runs }) => runs));
  const current = Math.floor(now.getTime() / 60_000);
  const bars = counted.flatMap(({ at, runs, failed }) => {
    const ago = current - Math.floor(at.getTime() / 60_000);
    if (ago < 0 || ago >= minutes) return [];
    const tall = Math.max(2, (runs / most) * height);
    const bad = failed === 0 ? 0 : Math.max(2, (failed / most) * height);
    return {
      x: (minutes - 1 - ago) * step,
      y: height - tall,
      height: tall,
      failedHeight: bad,
      failedY: height - bad,
      title: `${at.toISOString().slice(11, 16)} UTC: ${runs} runs, ${failed} failed`,
    };
  });
  return { width: minutes * step, height, most, bars };
}
