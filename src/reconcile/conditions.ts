/** How a product stands after a run, in words for people: pure. */
import type { Grant } from '../grants/granted.ts';
import { describeAction, type Plan } from '../model/action.ts';
import type { Condition } from '../model/condition.ts';
import type { ProvisionerError } from '../model/errors.ts';
import { type HomeName, isHomeName } from '../model/home.ts';
import type { Input } from '../model/product.ts';
import type { StoreReport } from '../model/store-report.ts';

/** What a finished run knows about a product with a home. */
export interface HomeOutcome {
  readonly namespace: string;
  readonly home: HomeName;
  readonly waiting: readonly Input[];
  readonly noRoom: readonly Grant[];
  /** How much of the store's limit the policy takes: 1 = all. */
  readonly policyFill: number;
  /** Files whose new version lies beside them. */
  readonly conflicts: readonly string[];
  /** Files beside which lies what a person had in their place. */
  readonly displaced: readonly string[];
  /** Files whose new version waits for a person's commit. */
  readonly beingEdited: readonly string[];
  /** How long sessions keep access that was taken away; `null`: not at all. */
  readonly fixedForMs: number | null;
  /** What else people should know. */
  readonly others: readonly Condition[];
}

/** From here on people are told: the next inputs may find no room. */
const nearLimit = 0.8;

/** Conditions after a run that did all it should. The first one is the headline. */
export function conditionsOfHome(outcome: HomeOutcome): readonly Condition[] {
  const notices: Condition[] = [];
  if (!isHomeName(outcome.namespace)) {
    notices.push({
      type: 'Notice',
      status: true,
      reason: 'NamespaceUnsafe',
      message: `The namespace ${JSON.stringify(outcome.namespace)} can not be a folder or a prefix; the home is named ${outcome.home}.`,
    });
  } else if (outcome.namespace !== outcome.home) {
    notices.push({
      type: 'Notice',
      status: true,
      reason: 'HomeKeepsName',
      message: `The namespace is ${outcome.namespace}, the home is named ${outcome.home}: it was renamed, or another product has (or had) that name.`,
    });
  }
  for (const input of outcome.waiting) {
    notices.push({
      type: 'Notice',
      status: true,
      reason: 'InputWithoutHome',
      message: `The input ${JSON.stringify(input.outputPortName)} is approved, but its provider has no home; access follows when it has.`,
    });
  }
  notices.push(...noticesOfFiles(outcome), ...noticesOfSessions(outcome), ...outcome.others);
  if (outcome.noRoom.length > 0) {
    const names = outcome.noRoom.map((grant) => grant.home).join(', ');
    const message = `The store's limit for policies leaves no room for: ${names}. Those inputs are not readable; remove others, or use a store that takes larger policies.`;
    return [{ type: 'Degraded', status: true, reason: 'PolicyTooLarge', message }, ...notices];
  }
  if (outcome.policyFill >= nearLimit) {
    const percent = Math.floor(outcome.policyFill * 100);
    const message = `The policy takes ${percent} % of what the store has room for; inputs that do not fit will not be readable.`;
    notices.push({ type: 'Notice', status: true, reason: 'PolicyNearLimit', message });
  }
  return [
    { type: 'Ready', status: true, reason: 'HomeInOrder', message: 'The home is as it should be.' },
    ...notices,
  ];
}

function noticesOfSessions({ fixedForMs }: HomeOutcome): Condition[] {
  if (fixedForMs === null) return [];
  const minutes = Math.ceil(fixedForMs / 60_000);
  const message = `Access that ends is kept by sessions that are open then, for up to ${minutes} min: they are of the platform’s role (PROV_AWS_ROLE_ARN), which does not know the product.`;
  return [{ type: 'Notice', status: true, reason: 'AccessEndsLate', message }];
}

function noticesOfFiles({ conflicts, displaced, beingEdited }: HomeOutcome): Condition[] {
  const notices: Condition[] = [];
  if (conflicts.length > 0) {
    const [first = ''] = conflicts;
    const message = `Changed by the template and by hand in the same place: ${conflicts.join(', ')}. Each file is left as it is and its new version lies beside it: see \`git diff --no-index ${first} ${first}.new\`, take over what you want, and delete the .new file.`;
    notices.push({ type: 'Notice', status: true, reason: 'TemplateConflict', message });
  }
  if (displaced.length > 0) {
    const message = `Changed by hand, or of a person’s own, where a file of the template is kept as it is: ${displaced.join(', ')}. What lay there was kept beside it with .orig at its end: move what you need to a file of your own, and delete the .orig file.`;
    notices.push({ type: 'Notice', status: true, reason: 'FileDisplaced', message });
  }
  if (beingEdited.length > 0) {
    const message = `The template has changes for files with edits that are not committed: ${beingEdited.join(', ')}. They are merged at the next look after \`git commit\`.`;
    notices.push({ type: 'Notice', status: true, reason: 'TemplateWaiting', message });
  }
  return notices;
}

/** What every product should know of the store it is on. */
export function noticesOfStore(report: StoreReport | null): readonly Condition[] {
  if (report === null || report.limitations.length === 0) return [];
  const message = `The store (${report.store}) does not give every guarantee. ${report.limitations.join(' ')}`;
  return [{ type: 'Notice', status: true, reason: 'StoreLimited', message }];
}

/** Conditions after a run that failed: what was wrong and what happens next. */
export function conditionsOfFailure(
  error: ProvisionerError,
  nextTryMs: number | null,
  tries: number | null,
): readonly Condition[] {
  const next =
    nextTryMs === null ? whenParked(tries) : `It is tried again in ${Math.ceil(nextTryMs / 1000)} s.`;
  return [
    { type: 'Degraded', status: true, reason: reasonOf(error.code), message: `${error.message} ${next}` },
  ];
}

/** @param tries failed runs in a row; `null`: it can not pass by itself */
function whenParked(tries: number | null): string {
  return tries === null
    ? 'It is tried again with the next drift check; a person has to look first.'
    : `It failed ${tries} times in a row and is parked: it is tried again with the next drift check.`;
}

/** Conditions while nothing is applied: what would be done, before how the home stands otherwise (`null`: going). */
export function conditionsOfPause(
  why: string,
  waiting: Plan,
  home: readonly Condition[] | null,
): readonly Condition[] {
  const todo = waiting.map(({ action }) => describeAction(action));
  const message =
    todo.length === 0
      ? `Nothing is applied: ${why}. Nothing waits.`
      : `Nothing is applied: ${why}. Waiting (${todo.length}): ${todo.join('; ')}.`;
  const paused: Condition = { type: 'Notice', status: true, reason: 'Paused', message };
  if (home !== null && todo.length === 0) return [...home, paused];
  const others = (home ?? []).filter((condition) => condition.type !== 'Ready');
  return [{ ...paused, type: 'Progressing' }, ...others];
}

/** Conditions of a product whose tear-down the brake holds. */
export function conditionsOfHeld(reason: string): readonly Condition[] {
  const message = `It is gone from the portal, but nothing is torn down: ${reason}. Look at the portal, then run \`provisioner brake release\`.`;
  return [{ type: 'Degraded', status: true, reason: 'HeldByBrake', message }];
}

export const retiredCondition: Condition = {
  type: 'Ready',
  status: false,
  reason: 'Retired',
  message:
    'The product was deleted in the portal; keys and principal are gone, the workspace is in the archive.',
};

/** `STORE_DENIED` → `StoreDenied`. */
function reasonOf(code: string): string {
  return code.toLowerCase().replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase());
}
