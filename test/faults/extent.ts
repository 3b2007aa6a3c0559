/** How far the tests of faults go: as far as production does with `npm run test:faults`, less far beside all others. */

export interface Extent {
  /** A storm of webhooks over so many products. */
  readonly products: number;
  readonly webhooks: number;
  /** Deliveries of one and the same webhook. */
  readonly doubled: number;
  readonly rotations: number;
  /** How long something is away. */
  readonly outageMs: number;
  readonly lateAnswerMs: number;
  readonly msPerByte: number;
}

const asInProduction: Extent = {
  products: 200,
  webhooks: 2000,
  doubled: 100_000,
  rotations: 100,
  outageMs: 60_000,
  lateAnswerMs: 20_000,
  msPerByte: 10,
};

const bounded: Extent = {
  products: 60,
  webhooks: 400,
  doubled: 5000,
  rotations: 15,
  outageMs: 5000,
  lateAnswerMs: 1500,
  msPerByte: 1,
};

export const extent = process.env.PROV_FAULTS === 'full' ? asInProduction : bounded;
