/** From input ports to grants: who may read whose prefix, now. Pure: the clock's reading comes in. */
import type { HomeName } from '../model/home.ts';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import type { Input } from '../model/product.ts';

/** A provider as we know it: grants are only given on homes that live. */
export interface Provider {
  readonly id: ProductId;
  readonly name: string;
  readonly home: HomeName;
  readonly live: boolean;
}

/** The consumer may read everything below `home`'s prefix. */
export interface Grant {
  readonly outputPort: OutputPortId;
  readonly outputPortName: string;
  /** Last day (included) of the approval, `YYYY-MM-DD`; `null` = without end. */
  readonly validUntil: string | null;
  readonly provider: ProductId;
  readonly providerName: string;
  readonly home: HomeName;
}

/** Whether an approval's last day (UTC, included) is over. */
export function isOver({ validUntil }: Pick<Input, 'validUntil'>, nowMs: number): boolean {
  return validUntil !== null && validUntil < dayOf(nowMs);
}

/** The day (UTC) as the portal writes days: `YYYY-MM-DD`. */
export function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

/**
 * Whether an input counts now: `status` is `approved` and its last day has not passed. The portal leaves the status on
 * `approved` for up to a day after the end (observed on v0.7.0 and main), so the date decides.
 */
export function isApproved(input: Pick<Input, 'status' | 'validUntil'>, nowMs: number): boolean {
  return input.status === 'approved' && !isOver(input, nowMs);
}

/** What the inputs of a product come to. */
export interface GrantDecision {
  readonly grants: readonly Grant[];
  /** Approved, but the provider has no home yet (or none any more): nothing to read. */
  readonly waiting: readonly Input[];
  /**
   * The portal still calls an input approved whose last day is over. A renewal of it comes without a word: its status
   * does not change, and v2 sends no event (observed on main).
   */
  readonly overdue: boolean;
}

/** Decides the grants of a consumer. Sorted by port, so that equal wishes make equal documents. */
export function decideGrants(
  consumer: ProductId,
  inputs: readonly Input[],
  providers: ReadonlyMap<ProductId, Provider>,
  nowMs: number,
): GrantDecision {
  const called = inputs.filter((input) => input.provider !== consumer && input.status === 'approved');
  const approved = called.filter((input) => isApproved(input, nowMs));
  const grants: Grant[] = [];
  const waiting: Input[] = [];
  for (const input of approved) {
    const provider = providers.get(input.provider);
    if (provider?.live !== true) {
      waiting.push(input);
      continue;
    }
    grants.push({
      outputPort: input.outputPortId,
      outputPortName: input.outputPortName,
      validUntil: input.validUntil,
      provider: provider.id,
      providerName: provider.name,
      home: provider.home,
    });
  }
  return {
    grants: grants.sort((left, right) => left.outputPort.localeCompare(right.outputPort)),
    waiting,
    overdue: approved.length < called.length,
  };
}
