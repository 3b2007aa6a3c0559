/** What can be queued. A job names what to look at; it never says what to do. */
import { z } from 'zod';
import type { LookUp } from '../model/affected.ts';
import { OutputPortId, ProductId, TechnicalAssetId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';

const cause = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('delivery'), delivery: z.string() }),
  z.object({ kind: z.literal('resync') }),
  z.object({ kind: z.literal('drift-check') }),
  z.object({ kind: z.literal('clock'), why: z.string() }),
  z.object({ kind: z.literal('neighbour'), product: z.string() }),
  z.object({ kind: z.literal('person'), what: z.string(), who: z.string().optional() }),
]) satisfies z.ZodType<Cause>;

const lookUp = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('consumers-of'), provider: ProductId, port: OutputPortId.nullable() }),
  z.object({ kind: z.literal('consumers-of-asset'), provider: ProductId, asset: TechnicalAssetId }),
  z.object({ kind: z.literal('providers-of'), consumer: ProductId, port: OutputPortId.nullable() }),
  z.object({ kind: z.literal('everything') }),
]) satisfies z.ZodType<LookUp>;

/** W3C `traceparent` of what asked for the job, where traces are made. */
const trace = z.string().optional();

/** Reconcile one product. Coalesced: at most one waiting and one running per product. */
export const ReconcileJob = z.object({ product: ProductId, cause, trace });
export type ReconcileJob = z.infer<typeof ReconcileJob>;

/** Ask the portal which further products an event touched. Coalesced by what is asked. */
export const LookUpJob = z.object({ lookUp, cause, trace });
export type LookUpJob = z.infer<typeof LookUpJob>;

/** Queue names, as they stand in the database. */
export const queueNames = { reconcile: 'reconcile', lookUp: 'look-up' } as const;
export type QueueName = (typeof queueNames)[keyof typeof queueNames];

/** Fresh work goes before the resync's: a person waits for it. */
export const priorities = { fresh: 10, resync: 0 } as const;

/** The key by which look-ups of the same thing are one job. */
export function lookUpKey(value: LookUp): string {
  switch (value.kind) {
    case 'consumers-of':
      return `${value.kind}:${value.provider}:${value.port ?? '*'}`;
    case 'consumers-of-asset':
      return `${value.kind}:${value.provider}:${value.asset}`;
    case 'providers-of':
      return `${value.kind}:${value.consumer}:${value.port ?? '*'}`;
    case 'everything':
      return value.kind;
  }
}
