/** A product's headline: the type of its first condition, and how soon it needs a person. */
import { type RawBuilder, sql as raw } from 'kysely';
import type { Condition } from '../model/condition.ts';

/** Every headline there is; a product without a condition yet is `Progressing`. */
export const headlines = [
  'Degraded',
  'Progressing',
  'Notice',
  'Ready',
] as const satisfies Condition['type'][];
export type Headline = Condition['type'];

/** States of a product in our books. */
export const productStates = ['live', 'held', 'retiring', 'retired'] as const;
export type ProductState = (typeof productStates)[number];

/** The words of the index `product_rank` (migration 003): it is used only while they are the same. */
export const rankOf: RawBuilder<number> = raw`(case when state = 'retired' then 4 when conditions->0->>'type' = 'Degraded' then 0 when conditions->0->>'type' = 'Notice' then 2 when conditions->0->>'type' = 'Ready' then 3 else 1 end)`;

export function headlineOf(conditions: readonly Condition[]): Headline {
  return conditions[0]?.type ?? 'Progressing';
}
