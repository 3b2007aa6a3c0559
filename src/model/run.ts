/** What a run is told and what it leaves behind. */
import type { ActionKind } from './action.ts';
import type { Condition } from './condition.ts';
import type { ProductId } from './ids.ts';

/** Why a run was asked for. The first cause of a queued job counts; later ones are coalesced into it. */
export type Cause =
  | { readonly kind: 'delivery'; readonly delivery: string }
  | { readonly kind: 'resync' }
  /** The rolling comparison of everything with what should be. */
  | { readonly kind: 'drift-check' }
  | { readonly kind: 'clock'; readonly why: string }
  | { readonly kind: 'neighbour'; readonly product: string }
  /** `who`: the name of the person or key, where an order came with one. */
  | { readonly kind: 'person'; readonly what: string; readonly who?: string | undefined };

/** The field of a log line that leads from the webhook to what came of it. */
export function deliveryOf(cause: Cause): { readonly delivery?: string } {
  return cause.kind === 'delivery' ? { delivery: cause.delivery } : {};
}

/** One action of a run, as it went. */
export interface ActionRecord {
  readonly kind: ActionKind;
  readonly description: string;
  readonly ms: number;
  /** When it began, after the first action of its run; not noted by earlier versions. */
  readonly startMs?: number;
  readonly outcome: 'done' | 'failed' | 'skipped';
}

/** How a run left its product. */
export interface RunEnding {
  readonly product: ProductId;
  /** `null`: as they were. */
  readonly conditions: readonly Condition[] | null;
  /** It failed in a way that does not pass by itself: nothing is tried before the next resync. */
  readonly parked: boolean;
  /** Parts of the home that others had changed and that were made good. */
  readonly drift: readonly string[];
  /** How others can have read the key in use, which was replaced; `null`: not that we know. */
  readonly leak: string | null;
}
