/**
 * One step of a plan. Every action is idempotent, and what it does can be said in one line, so that a dry run prints
 * the very list that an apply works through.
 */
import type { HomeName } from './home.ts';

export type Action =
  | { readonly kind: 'add-finalizer' }
  | { readonly kind: 'mark-prefix'; readonly home: HomeName }
  | { readonly kind: 'create-principal' }
  | { readonly kind: 'put-policy'; readonly inputs: readonly HomeName[] }
  | { readonly kind: 'delete-key'; readonly key: string; readonly why: string }
  | { readonly kind: 'forget-session'; readonly key: string; readonly why: string }
  | { readonly kind: 'issue-key'; readonly why: string }
  | { readonly kind: 'renew-session'; readonly key: string; readonly why: string }
  | { readonly kind: 'prove-key' }
  | {
      readonly kind: 'update-files';
      readonly write: readonly string[];
      readonly merge: readonly string[];
      readonly remove: readonly string[];
      /** Path → digest of what counts as last rendered when this is done. */
      readonly rendered: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'commit-files' }
  | { readonly kind: 'write-env'; readonly why: string }
  | { readonly kind: 'hand-over-key' }
  | { readonly kind: 'adopt-key'; readonly key: string }
  | { readonly kind: 'prove-env-key'; readonly key: string }
  | { readonly kind: 'prove-again'; readonly key: string }
  | { readonly kind: 'restore-workspace'; readonly home: HomeName; readonly from: string }
  | { readonly kind: 'record-grants' }
  | { readonly kind: 'wake-neighbours'; readonly why: string }
  | { readonly kind: 'begin-retirement' }
  | { readonly kind: 'delete-principal' }
  | { readonly kind: 'archive-workspace'; readonly home: HomeName }
  | { readonly kind: 'purge-data'; readonly home: HomeName }
  | { readonly kind: 'remove-finalizer' }
  | { readonly kind: 'finish-retirement' };

export type ActionKind = Action['kind'];

/** A step with what must be done before it (indexes into the plan); steps that need nothing of each other run together. */
export interface Step {
  readonly action: Action;
  readonly after: readonly number[];
}

export type Plan = readonly Step[];

/** The action in one line, for logs, runs and dry runs. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'add-finalizer':
      return 'hold the portal’s delete back with our finalizer';
    case 'mark-prefix':
      return `mark the prefix ${action.home}/, in a new bucket if there is none`;
    case 'create-principal':
      return 'create the principal';
    case 'put-policy':
      return `put the policy: own prefix, ${action.inputs.length === 0 ? 'no inputs' : `reading ${action.inputs.join(', ')}`}`;
    case 'delete-key':
      return `delete access key ${action.key}: ${action.why}`;
    case 'forget-session':
      return `leave session ${action.key} to its end: ${action.why}`;
    case 'issue-key':
      return `issue an access key: ${action.why}`;
    case 'renew-session':
      return `open another session as ${action.key}: ${action.why}`;
    case 'prove-key':
      return 'prove the new key';
    case 'update-files':
      return describeFiles(action);
    case 'commit-files':
      return 'tell the workspace’s history';
    case 'write-env':
      return `write .env: ${action.why}`;
    case 'hand-over-key':
      return 'record the new key as current';
    case 'adopt-key':
      return `recognise access key ${action.key} in .env as current`;
    case 'prove-env-key':
      return `prove access key ${action.key}, which .env holds and our books do not know`;
    case 'prove-again':
      return `prove access key ${action.key}, whose policy was changed`;
    case 'restore-workspace':
      return `bring the workspace ${action.home} back from the archive (${action.from})`;
    case 'record-grants':
      return 'record the grants in force';
    case 'wake-neighbours':
      return `have the neighbours looked at: ${action.why}`;
    case 'begin-retirement':
      return 'begin the tear-down';
    case 'delete-principal':
      return 'delete policy and principal';
    case 'archive-workspace':
      return `move the workspace ${action.home} to the archive`;
    case 'purge-data':
      return `delete everything below ${action.home}/`;
    case 'remove-finalizer':
      return 'let the portal’s delete go on';
    case 'finish-retirement':
      return 'close the books on the product';
  }
}

function describeFiles({ write, merge, remove }: Extract<Action, { kind: 'update-files' }>): string {
  const parts = [
    ['write', write],
    ['merge', merge],
    ['remove', remove],
  ] as const;
  const done = parts
    .filter(([, paths]) => paths.length > 0)
    .map(([verb, paths]) => `${verb} ${listed(paths)}`);
  return done.length === 0 ? 'note the files as they are' : done.join('; ');
}

function listed(paths: readonly string[]): string {
  const first = paths.slice(0, 3).join(', ');
  return `${paths.length} ${paths.length === 1 ? 'file' : 'files'}: ${first}${paths.length > 3 ? ', …' : ''}`;
}
