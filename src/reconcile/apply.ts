/** Carries out a plan: each step as soon as those before it are done, steps that need nothing of each other together. */
import { type Action, type ActionKind, describeAction, type Plan } from '../model/action.ts';
import { asProvisionerError, type ProvisionerError } from '../model/errors.ts';
import type { ActionRecord } from '../model/run.ts';
import { noTracer, type Tracer } from '../telemetry/tracer.ts';

/** One function per kind of action; the map must be complete. */
export type Handlers = {
  /** What it resolves with names what it was done to, where the action itself does not. */
  readonly [K in ActionKind]: (action: Extract<Action, { kind: K }>) => Promise<void> | Promise<string>;
};

/** An action that was carried out. */
export interface Done {
  readonly action: Action;
  /** What it was done to, if its handler told. */
  readonly target: string | null;
}

export interface Applied {
  /** In the order in which steps ended. */
  readonly records: readonly ActionRecord[];
  readonly done: readonly Done[];
  /** The first failure; steps that waited for it were skipped, others were finished. */
  readonly error: ProvisionerError | null;
}

/** Never throws: the failure is part of the result. `onDone` is told of each step as it ends. */
export async function applyPlan(
  plan: Plan,
  handlers: Handlers,
  onDone: (record: ActionRecord) => void,
  tracer: Tracer = noTracer,
): Promise<Applied> {
  const records: ActionRecord[] = [];
  const done: Done[] = [];
  let error: ProvisionerError | null = null;
  const outcomes: Promise<boolean>[] = [];
  const began = performance.now();

  const runStep = async (action: Action, before: readonly Promise<boolean>[]): Promise<boolean> => {
    const ready = (await Promise.all(before)).every((done) => done);
    const started = performance.now();
    let outcome: ActionRecord['outcome'] = 'skipped';
    if (ready) {
      try {
        const target = await tracer.span(`action ${action.kind}`, {}, () => handle(handlers, action));
        done.push({ action, target: target ?? null });
        outcome = 'done';
      } catch (thrown) {
        outcome = 'failed';
        error ??= asProvisionerError(thrown);
      }
    }
    const record = {
      kind: action.kind,
      description: describeAction(action),
      ms: performance.now() - started,
      startMs: started - began,
      outcome,
    };
    records.push(record);
    onDone(record);
    return outcome === 'done';
  };

  // A step only ever waits for earlier ones (see `PlanBuilder`), so their promises exist already.
  for (const step of plan) {
    const before = step.after.flatMap((index) => outcomes[index] ?? []);
    outcomes.push(runStep(step.action, before));
  }
  await Promise.all(outcomes);
  return { records, done, error };
}

function handle(handlers: Handlers, action: Action): Promise<string | undefined> {
  // The map's type ties each kind to its function; the compiler can not follow that through a union.
  const handler = handlers[action.kind] as (action: Action) => Promise<string | undefined>;
  return handler(action);
}
