/** Finds the products that an event touched without naming them, and has them looked at. */
import { listGrantsAround } from '../db/grants.ts';
import { findProducts } from '../db/products.ts';
import type { LookUp } from '../model/affected.ts';
import type { OutputPortId, ProductId } from '../model/ids.ts';
import type { Cause } from '../model/run.ts';
import type { ReconcileParts } from './parts.ts';
import type { Resync } from './resync.ts';

type Parts = Pick<ReconcileParts, 'portal' | 'queue' | 'database'>;

/** @throws ProvisionerError of the portal; what was found until then is queued nevertheless by the next try */
export async function lookUpAffected(
  parts: Parts,
  resync: Resync,
  lookUp: LookUp,
  cause: Cause,
): Promise<void> {
  if (lookUp.kind === 'everything') return resync.everything();
  const products =
    lookUp.kind === 'providers-of' ? await providersOf(parts, lookUp) : await consumersOf(parts, lookUp);
  await parts.queue.reconcile([...products].map((product) => ({ product, cause })));
}

/**
 * Has those looked at whose home depends on whether this one stands: its consumers, as our books and the portal know them,
 * and the given providers.
 */
export async function wakeNeighbours(
  parts: Parts,
  product: ProductId,
  providers: readonly ProductId[],
): Promise<void> {
  const cause = { kind: 'neighbour', product } as const;
  const lookUp = { kind: 'consumers-of', provider: product, port: null } as const;
  const grants = await listGrantsAround(parts.database.sql, [product]);
  const known = grants.filter((grant) => grant.provider === product).map((grant) => grant.consumer);
  const listed = await consumersOf(parts, lookUp).catch(() => null);
  // The next run finds the home as it is now and wakes nobody: what the portal did not tell stays to be asked.
  if (listed === null) await parts.queue.lookUp([{ lookUp, cause }]);
  const woken = new Set([...known, ...providers, ...(listed ?? [])]);
  await parts.queue.reconcile([...woken].map((neighbour) => ({ product: neighbour, cause })));
}

async function providersOf(
  parts: Parts,
  lookUp: Extract<LookUp, { kind: 'providers-of' }>,
): Promise<Set<ProductId>> {
  const inputs = await parts.portal.listProviders(lookUp.consumer);
  const wanted = inputs.filter((input) => lookUp.port === null || input.outputPortId === lookUp.port);
  return new Set(wanted.map((input) => input.provider));
}

async function consumersOf(
  parts: Parts,
  lookUp: Extract<LookUp, { kind: 'consumers-of' | 'consumers-of-asset' }>,
): Promise<Set<ProductId>> {
  const ports = await portsOf(parts, lookUp);
  const consumers = await Promise.all(ports.map((port) => parts.portal.listConsumers(lookUp.provider, port)));
  const found = consumers.flat();
  // One that only asks gets no home from this; its own event did that. What may read, or could until now, is looked at.
  const known = new Set(
    (
      await findProducts(
        parts.database.sql,
        found.map(({ id }) => id),
      )
    ).map(({ id }) => id),
  );
  return new Set(
    found.filter(({ id, status }) => status === 'approved' || known.has(id)).map(({ id }) => id),
  );
}

async function portsOf(
  parts: Parts,
  lookUp: Extract<LookUp, { kind: 'consumers-of' | 'consumers-of-asset' }>,
): Promise<readonly OutputPortId[]> {
  if (lookUp.kind === 'consumers-of' && lookUp.port !== null) return [lookUp.port];
  if (lookUp.kind === 'consumers-of-asset') {
    const linked = await parts.portal.portsOfAsset(lookUp.provider, lookUp.asset);
    // An asset that is gone tells no links any more: every port may have had it.
    if (linked.length > 0) return linked;
  }
  return parts.portal.listOutputPorts(lookUp.provider);
}
