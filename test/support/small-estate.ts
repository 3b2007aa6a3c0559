/** A few products in every state that a page can show, with what led there. */
import type { Kysely } from 'kysely';
import type { Tables } from '../../src/db/tables.ts';
import type { Condition } from '../../src/model/condition.ts';
import type { OutputPortId, ProductId } from '../../src/model/ids.ts';
import type { Input } from '../../src/model/product.ts';
import type { ActionRecord } from '../../src/model/run.ts';
import {
  newPortId,
  noteAudit,
  noteDelivery,
  noteGrant,
  noteKey,
  noteProduct,
  noteRollout,
  noteRun,
} from './books.ts';

export interface SmallEstate {
  readonly leads: ProductId;
  readonly report: ProductId;
  readonly outsider: ProductId;
  readonly broken: ProductId;
  readonly retired: ProductId;
  readonly port: OutputPortId;
  readonly run: string;
  readonly failedRun: string;
  readonly delivery: string;
  /** What the portal says that each asked for. */
  inputsOf(consumer: ProductId): readonly Input[];
}

const denied: Condition = {
  type: 'Degraded',
  status: true,
  reason: 'StoreDenied',
  message:
    'The store refused our request: AccessDenied on PutUserPolicy for user provisioner-admin. It is tried again with the next resync; a person has to look first.',
};
const gone: Condition = {
  type: 'Ready',
  status: false,
  reason: 'Retired',
  message:
    'The product was deleted in the portal; keys and principal are gone, the workspace is in the archive.',
};
const renamed: Condition = {
  type: 'Notice',
  status: true,
  reason: 'HomeKeepsName',
  message: 'The namespace is sales-reporting, the home is named sales-report: it was renamed.',
};
const fine: Condition = {
  type: 'Ready',
  status: true,
  reason: 'HomeInOrder',
  message: 'The home is as it should be.',
};

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** Writes it into empty books. */
export async function noteSmallEstate(db: Kysely<Tables>): Promise<SmallEstate> {
  const leads = await noteProduct(db, 'Sales Leads', {
    home: 'sales-leads',
    conditions: [fine],
    template: 'sqlmesh@4',
  });
  const report = await noteProduct(db, 'Sales Report', { home: 'sales-report', conditions: [fine, renamed] });
  const outsider = await noteProduct(db, 'Churn Model', { home: 'churn-model', conditions: [fine] });
  const broken = await noteProduct(db, 'Supplier Ratings', {
    home: 'supplier-ratings',
    conditions: [denied],
  });
  const retired = await noteProduct(db, 'Old Campaigns', {
    home: 'old-campaigns',
    state: 'retired',
    conditions: [gone],
    retired_at: minutesAgo(3000),
    archive: 'old-campaigns-20260101',
  });
  for (const [index, product] of [leads, report, outsider].entries())
    await noteKey(db, product, `AKIAIOSFODNN7EXAMPL${index}`, minutesAgo(1440 * (index + 2)));
  const port = await noteGrant(db, report, leads, minutesAgo(90));
  await noteGrant(db, report, outsider, minutesAgo(2000));
  await noteRollout(db, 'sqlmesh@4', 'canary', { [leads]: 'succeeded', [outsider]: null }, minutesAgo(4));
  const delivery = await noteDelivery(db, [leads, report], minutesAgo(4));
  await noteDelivery(db, [], minutesAgo(9), 'It changes nothing that we look after.');
  const run = await noteRun(db, report, {
    cause: { kind: 'delivery', delivery },
    started_at: minutesAgo(4),
    ms: 212,
    actions: steps,
  });
  const failedRun = await noteRun(db, broken, {
    started_at: minutesAgo(2),
    ms: 3120,
    outcome: 'failed',
    error_code: 'STORE_DENIED',
    error_message: denied.message,
    actions: failedSteps,
  });
  await noteAudit(db, 'put-policy', { product: report, at: minutesAgo(4) });
  await noteAudit(db, 'order-rotate', {
    product: leads,
    actor: 'person:anna@example.com',
    at: minutesAgo(30),
  });
  const asked = (status: string, provider: ProductId, name: string): Input => ({
    outputPortId: provider === leads ? port : newPortId(),
    outputPortName: name,
    provider,
    status,
    validUntil: null,
  });
  return {
    leads,
    report,
    outsider,
    broken,
    retired,
    port,
    run,
    failedRun,
    delivery,
    inputsOf: (consumer) => {
      if (consumer === report) return [asked('approved', leads, 'Qualified leads')];
      if (consumer === outsider) return [asked('pending', leads, 'Qualified leads')];
      return [];
    },
  };
}

const step = (
  kind: ActionRecord['kind'],
  description: string,
  startMs: number,
  ms: number,
  outcome: ActionRecord['outcome'] = 'done',
): ActionRecord => ({ kind, description, startMs, ms, outcome });

const steps: readonly ActionRecord[] = [
  step('put-policy', 'put the policy: own prefix, reading sales-leads', 0, 31),
  step('update-files', 'write 2 files: external_models.yaml, models/inputs.sql', 0, 18),
  step('issue-key', 'issue an access key: access changed', 31, 24),
  step('prove-key', 'prove the new key', 55, 96),
  step('write-env', 'write .env: a new key', 151, 9),
  step('hand-over-key', 'record the new key as current', 160, 6),
  step('record-grants', 'record the grants in force', 166, 5),
  step('commit-files', 'tell the workspace’s history', 166, 41),
];

const failedSteps: readonly ActionRecord[] = [
  step('mark-prefix', 'mark the prefix supplier-ratings/, in a new bucket if there is none', 0, 12),
  step('create-principal', 'create the principal', 0, 28),
  step('put-policy', 'put the policy: own prefix, no inputs', 28, 3080, 'failed'),
  step('issue-key', 'issue an access key: there is none', 3108, 0, 'skipped'),
];
