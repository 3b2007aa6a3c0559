/**
 * Decides, and only decides: `plan(desired, observed)` compares the wish with what is there and lists the steps between
 * them. Pure: no I/O, no clock of its own, no randomness.
 */
import type { Plan } from '../model/action.ts';
import { isPolicyInForce } from './differences.ts';
import { PlanBuilder, sameEntries } from './plan-builder.ts';
import { planFiles } from './plan-files.ts';
import { endOf, endOverdue, planKeys } from './plan-keys.ts';
import type { Desired, DesiredHome, DesiredNothing, Observed } from './state.ts';

/** The steps from what is there to what should be; empty when it is so already. */
export function plan(desired: Desired, observed: Observed): Plan {
  return desired.kind === 'home' ? planHome(desired, observed) : planRetirement(desired, observed);
}

function planHome(desired: DesiredHome, observed: Observed): Plan {
  const steps = new PlanBuilder();
  if (observed.archive !== null && !observed.workspaceExists) {
    // All the rest is decided by what lies in it: that is the next run's.
    steps.add({ kind: 'restore-workspace', home: desired.home, from: observed.archive });
    return steps.steps;
  }
  const { finalizer } = desired;
  const held = steps.addIf(finalizer !== null && !observed.finalizers.includes(finalizer), {
    kind: 'add-finalizer',
  });
  const marked = steps.addIf(!observed.marked, { kind: 'mark-prefix', home: desired.home }, [held]);
  const principal = steps.addIf(!observed.principalExists, { kind: 'create-principal' }, [held]);
  const policy = steps.addIf(
    !isPolicyInForce(desired, observed),
    { kind: 'put-policy', inputs: desired.readable },
    [principal],
  );
  if (observed.unseen) {
    // Nobody keeps access by making a workspace unreadable: what opens the door has followed above.
    endOverdue(steps, observed);
  } else {
    const files = desired.holdFiles ? null : addFiles(steps, desired, observed, [held]);
    const keys = planKeys(steps, desired, observed, {
      principal: [held, principal],
      home: [held, marked, policy],
      // Who sees the `.env` of a new workspace finds the rest of it there, too.
      files: observed.workspaceExists ? [] : [files],
      policyChanges: policy !== null,
    });
    // People wait for their keys, not for the history.
    steps.addIf(files !== null && desired.history, { kind: 'commit-files' }, [files, keys]);
  }
  steps.addIf(!observed.marked, { kind: 'wake-neighbours', why: 'this home is new' }, [marked]);
  return steps.steps;
}

function addFiles(
  steps: PlanBuilder,
  { files }: DesiredHome,
  observed: Observed,
  after: readonly (number | null)[],
): number | null {
  const { write, merge, remove, rendered } = planFiles(files, {
    live: observed.files,
    rendered: observed.rendered,
  });
  const nothing =
    [write, merge, remove].every((paths) => paths.length === 0) &&
    sameEntries(rendered, observed.rendered) &&
    observed.history;
  return steps.addIf(!nothing, { kind: 'update-files', write, merge, remove, rendered }, after);
}

/** Everything that opens the door goes first, what people made is kept, and the portal is let go last. */
function planRetirement(desired: DesiredNothing, observed: Observed): Plan {
  const steps = new PlanBuilder();
  const begun = steps.add({ kind: 'begin-retirement' });
  const keys = observed.keys.map((key) => steps.add(endOf(key, 'the product is gone'), [begun]));
  const principal = steps.addIf(
    // One that is not as it should be has its policy all the same.
    desired.hasPrincipal && (observed.principalExists || observed.policy !== null),
    { kind: 'delete-principal' },
    [begun, ...keys],
  );
  const woken = steps.add({ kind: 'wake-neighbours', why: 'this product is gone' }, [begun]);
  const archived = steps.addIf(observed.workspaceExists, { kind: 'archive-workspace', home: desired.home }, [
    begun,
    principal,
  ]);
  const purged = steps.addIf(desired.purge, { kind: 'purge-data', home: desired.home }, [begun, principal]);
  const released = steps.addIf(desired.finalizerHeld, { kind: 'remove-finalizer' }, [
    woken,
    archived,
    purged,
    principal,
  ]);
  steps.add({ kind: 'finish-retirement' }, [woken, archived, purged, principal, released]);
  return steps.steps;
}
