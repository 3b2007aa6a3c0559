/** Looks into the books for what people should hear of; what is no longer found is over. */
import { listKeysNearEnd } from '../db/access-keys.ts';
import { readBrake } from '../db/brake.ts';
import type { Database } from '../db/connection.ts';
import { listHomeless } from '../db/homeless.ts';
import { listDegraded } from '../db/products.ts';
import type { NoticeKind } from '../model/notice.ts';
import type { Notice } from './notice.ts';

/** Kinds that are a state: they last and end. Drift and leaks only happen. */
export const lastingKinds = ['degraded', 'parked', 'brake', 'key'] as const satisfies NoticeKind[];

/** One message says it for all products that it holds. */
const heldByBrake = 'HeldByBrake';

export async function lookForNotices({ sql }: Database, now: Date): Promise<readonly Notice[]> {
  const [degraded, homeless, brake, keys] = await Promise.all([
    listDegraded(sql),
    listHomeless(sql),
    readBrake(sql),
    listKeysNearEnd(sql, now),
  ]);
  const products = degraded
    .filter(({ condition }) => condition.reason !== heldByBrake)
    .map(
      ({ id, name, home, condition, parked }): Notice => ({
        subject: id,
        reason: condition.reason,
        kind: parked ? 'parked' : 'degraded',
        facts: { product: name, home, message: condition.message },
      }),
    );
  const unborn = homeless.map(
    ({ id, error, parked }): Notice => ({
      subject: id,
      reason: 'NoHomeYet',
      kind: parked ? 'parked' : 'degraded',
      facts: { product: id, home: 'no home yet', message: error },
    }),
  );
  const ending = keys.map(
    ({ id, name, home, expiresAt }): Notice => ({
      subject: id,
      reason: 'KeyEnds',
      kind: 'key',
      facts: { product: name, home, message: `The key in use ends at ${expiresAt.toISOString()}.` },
    }),
  );
  const held: Notice[] =
    brake === null
      ? []
      : [
          {
            subject: 'brake',
            reason: 'Brake',
            kind: 'brake',
            facts: { product: '', home: '', message: brake.reason },
          },
        ];
  return [...products, ...unborn, ...ending, ...held];
}
