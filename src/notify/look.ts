/** Looks into the books for what people should hear of; what is no longer found is over. */
import { listOverdueKeys } from '../db/access-keys.ts';
import { listApiKeysNearEnd } from '../db/api-keys.ts';
import { readBrake } from '../db/brake.ts';
import type { Database } from '../db/connection.ts';
import { listDegraded, listHomeless } from '../db/products.ts';
import type { NoticeKind } from '../model/notice.ts';
import type { Notice } from './notice.ts';

/** Kinds that are a state: they last and end. */
export const lastingKinds = ['degraded', 'parked', 'brake', 'key'] as const satisfies NoticeKind[];

/** Kinds that only happen: nobody is told that they are over. */
export const passingKinds = ['drift', 'leak', 'api-key'] as const satisfies NoticeKind[];

const dayMs = 86_400_000;
/** An API key that ends is told in its last week, or in the last quarter of a shorter life. */
const apiKeyWarningMs = 7 * dayMs;

/** One message says it for all products that it holds. */
const heldByBrake = 'HeldByBrake';

/** @param keyMaxAgeMs age at which keys that never end are renewed; `null`: never */
export async function lookForNotices(
  { sql }: Database,
  now: Date,
  keyMaxAgeMs: number | null,
): Promise<readonly Notice[]> {
  const [degraded, homeless, brake, keys, apiKeys] = await Promise.all([
    listDegraded(sql),
    listHomeless(sql),
    readBrake(sql),
    listOverdueKeys(sql, now, keyMaxAgeMs),
    listApiKeysNearEnd(sql, now, apiKeyWarningMs),
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
  const overdue = keys.map(
    ({ id, name, home, issuedAt, expiresAt }): Notice => ({
      subject: id,
      reason: expiresAt === null ? 'KeyTooOld' : 'KeyEnds',
      kind: 'key',
      facts: {
        product: name,
        home,
        message:
          expiresAt === null
            ? `The key in use was made at ${issuedAt.toISOString()} and should have been renewed.`
            : `The key in use ends at ${expiresAt.toISOString()}.`,
      },
    }),
  );
  const ours = apiKeys.map(
    ({ id, name, expiresAt }): Notice => ({
      subject: `api-key ${id}`,
      reason: 'ApiKeyEnds',
      kind: 'api-key',
      facts: { product: name, home: '', message: `${id} ends at ${expiresAt.toISOString()}.` },
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
  return [...products, ...unborn, ...overdue, ...ours, ...held];
}
