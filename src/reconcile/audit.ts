/** What the audit is told of a run: pure. Never a secret: policies, names, digests, ids of keys. */
import type { AuditEntry } from '../db/audit.ts';
import type { Action } from '../model/action.ts';
import type { ProductId, RunId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import type { Done } from './apply.ts';
import type { Difference } from './differences.ts';
import type { DesiredHome, Observed } from './state.ts';

/** What entries of one run have in common. */
export interface AuditedRun {
  readonly at: Date;
  readonly product: ProductId;
  readonly run: RunId;
  readonly cause: Cause;
}

/** A leak and each difference that was found behind our back, and each action that was carried out. */
export function auditOf(
  run: AuditedRun,
  drift: readonly Difference[],
  done: readonly Done[],
  desired: DesiredHome | null,
  observed: Observed,
): readonly AuditEntry[] {
  const common = { ...run, actor: actorOf(run.cause) };
  const exposed = observed.env?.exposed ?? null;
  return [
    ...(exposed === null
      ? []
      : [{ ...common, action: 'leak-found', target: observed.env?.keyId ?? '', after: { where: exposed } }]),
    ...drift.map(({ field, found, wanted }) => ({
      ...common,
      action: 'drift-found',
      target: field,
      before: { found },
      after: { wanted },
    })),
    ...done.map(({ action, target }) => ({
      ...common,
      action: action.kind,
      target: target ?? targetOf(action),
      ...changeOf(action, desired, observed),
    })),
  ];
}

/** What a person asked for is that person's. */
export function actorOf(cause: Cause): string {
  return cause.kind === 'person' && cause.who !== undefined ? `person:${cause.who}` : 'provisioner';
}

function targetOf(action: Action): string {
  if ('key' in action) return action.key;
  if ('home' in action) return action.home;
  return '';
}

function changeOf(action: Action, desired: DesiredHome | null, observed: Observed) {
  switch (action.kind) {
    case 'put-policy':
      return { before: { policy: observed.policy }, after: { policy: desired?.policy ?? null } };
    case 'delete-principal':
      return { before: { policy: observed.policy } };
    case 'record-grants':
    case 'hand-over-key':
      return { before: { grants: observed.grantFacts }, after: { grants: desired?.grantFacts ?? [] } };
    case 'update-files':
      return { after: { written: action.write, merged: action.merge, removed: action.remove } };
    case 'delete-key':
    case 'forget-session':
    case 'issue-key':
    case 'renew-session':
    case 'write-env':
      return { after: { why: action.why } };
    case 'restore-workspace':
      return { before: { archive: action.from } };
    default:
      return {};
  }
}
