/** What is found out about the store while the daemon runs: its identity API, and what it really does. */
import type { Environment } from '../config/schema.ts';
import type { Database } from '../db/connection.ts';
import { whileLeased } from '../db/lease.ts';
import { issuerFinder } from '../identity/find-issuer.ts';
import type { Issuer } from '../identity/issuer.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { RequestGate } from '../model/gate.ts';
import { type Capabilities, limitationsOf, type StoreReport } from '../model/store-report.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { issuerOptionsOf, probeThrowAway } from './connections.ts';
import { findCapabilities } from './probing.ts';

const probeLeaseMs = 15_000;

export class StoreKnowledge implements AsyncDisposable {
  readonly findIssuer: () => Promise<Issuer>;
  readonly #stopping = new AbortController();
  #found: Issuer | null = null;
  #capabilities: Capabilities | null = null;
  #probing: Promise<void> = Promise.resolve();

  constructor(
    env: Environment,
    parts: { readonly store: ObjectStore; readonly database: Database; readonly log: Logger },
    gate: RequestGate,
  ) {
    this.findIssuer = issuerFinder({
      ...issuerOptionsOf(env),
      gate,
      onFound: (issuer) => {
        const { store, credentials, limits, fixedForMs } = issuer.kind;
        parts.log.info('found the store’s identity API', { store, credentials, ...limits });
        if (fixedForMs !== null)
          parts.log.warn('sessions keep access that was taken away', {
            store,
            forSeconds: fixedForMs / 1000,
          });
        this.#found = issuer;
        if (env.PROV_OBSERVE_ONLY)
          parts.log.info('the store is not probed, as nothing is applied here', { store });
        else this.#probing = this.#probe(env, parts, issuer);
      },
    });
  }

  /** Asks at once, so that it is known what the store is before anything needs it; who does then asks again. */
  async ask(log: Logger): Promise<void> {
    try {
      await this.findIssuer();
    } catch (thrown) {
      const { code, message } = asProvisionerError(thrown);
      log.warn('the store’s identity API is not found yet', { code, error: message });
    }
  }

  /** `null` while it has not answered. */
  report(): StoreReport | null {
    if (this.#found === null) return null;
    const limitations = this.#capabilities === null ? [] : limitationsOf(this.#capabilities);
    const { store, credentials, limits } = this.#found.kind;
    return { store, credentials, limits, capabilities: this.#capabilities, limitations };
  }

  /** It makes and removes what it needs: it ends before the store's clients do. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#probing;
  }

  async #probe(
    env: Environment,
    { store, database, log }: ConstructorParameters<typeof StoreKnowledge>[1],
    issuer: Issuer,
  ): Promise<void> {
    const { signal } = this.#stopping;
    const work = () => probeThrowAway(env, store, issuer, 'dp-probe');
    const lease = { name: 'store-probe', leaseMs: probeLeaseMs, signal };
    const probe = () => whileLeased(database.sql, { ...lease, work });
    this.#capabilities = await findCapabilities({ probe, store: issuer.kind.store, log, signal });
  }
}
