/** The actions of a run over its time, as bars: pure. */
import type { ActionRecord } from '../../model/run.ts';

export interface Timeline {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  /** False: it is not noted when each began, so they are drawn one after another. */
  readonly exact: boolean;
  readonly marks: readonly { readonly x: number; readonly ms: number }[];
  readonly rows: readonly TimelineRow[];
}

export interface TimelineRow {
  readonly y: number;
  readonly textY: number;
  readonly stripe: boolean;
  readonly label: string;
  readonly description: string;
  readonly outcome: ActionRecord['outcome'];
  readonly ms: number;
  readonly x: number;
  readonly width: number;
  readonly timeX: number;
  /** The time stands before the bar where there is no room behind it. */
  readonly before: boolean;
}

const width = 980;
const left = 150;
const right = 16;
const rowHeight = 26;
const top = 22;
const roomForTime = 70;

export function timelineOf(actions: readonly ActionRecord[], runMs: number): Timeline {
  const exact = actions.every(({ startMs }) => startMs !== undefined);
  let sum = 0;
  const begins = actions.map(({ startMs, ms }) => {
    const begin = exact ? (startMs ?? 0) : sum;
    sum += ms;
    return begin;
  });
  const ends = actions.map(({ ms }, index) => (begins[index] ?? 0) + ms);
  const whole = Math.max(1, ...(exact ? [runMs] : []), ...ends);
  const scale = (width - left - right) / whole;
  const inOrder = actions
    .map((action, index) => ({ action, begin: begins[index] ?? 0 }))
    .sort((one, other) => one.begin - other.begin);
  return {
    width,
    height: top + actions.length * rowHeight + 4,
    top,
    exact,
    marks: [0, 0.25, 0.5, 0.75, 1].map((share) => ({ x: left + share * whole * scale, ms: share * whole })),
    rows: inOrder.map(({ action, begin }, index) => {
      const x = left + begin * scale;
      const long = Math.max(3, action.ms * scale);
      const before = x + long + roomForTime > width;
      return {
        y: top + index * rowHeight,
        textY: top + index * rowHeight + rowHeight / 2 + 4,
        stripe: index % 2 === 1,
        label: action.kind,
        description: action.description,
        outcome: action.outcome,
        ms: action.ms,
        x,
        width: Math.min(long, width - right - x),
        timeX: before ? x - 6 : x + long + 6,
        before,
      };
    }),
  };
}
