/** Puts a portal client together from address, credentials and limits. */
import PQueue from 'p-queue';
import type { RequestGate } from '../model/gate.ts';
import { apiRoot } from './base-url.ts';
import { Caller, type RetryPolicy } from './caller.ts';
import type { PortalClient } from './client.ts';
import { createCredentials, type PortalAuth } from './credentials.ts';
import type { ExchangeLimits, RequestObserver } from './exchange.ts';
import { HttpPortalClient } from './http-portal-client.ts';
import { Transport } from './transport.ts';

/** What a client needs to know: where, as whom, and whom to tell. */
export interface PortalClientOptions {
  /** As the operator wrote it, with or without `/api/v2` (see `apiRoot`). */
  readonly baseUrl: string;
  readonly auth: PortalAuth;
  /** Told of every secret that is used or fetched, so that no log shows it. */
  readonly registerSecret: (value: string) => void;
  /** Told of fetched tokens that are out of use. */
  readonly forgetSecret?: (value: string) => void;
  /** For metrics; the route has no ids in it. */
  readonly onRequest?: RequestObserver;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Which requests pass; a handful at a time when left out. */
  readonly gate?: RequestGate;
  readonly tuning?: Partial<PortalTuning>;
}

/** Numbers that production leaves alone; the defaults are below. */
export interface PortalTuning extends RetryPolicy {
  /** For one request, from sending it to the last byte of its answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  /** How long settings' defaults are kept; `listProducts` forgets them sooner. */
  readonly keepDefaultsMs: number;
}

const defaultConcurrency = 8;

const defaultTuning: PortalTuning = {
  timeoutMs: 10_000,
  maxAnswerBytes: 32 * 1024 * 1024,
  retries: 3,
  minWaitMs: 200,
  maxWaitMs: 3_000,
  maxRetryAfterMs: 10_000,
  keepDefaultsMs: 30_000,
};

/**
 * A client of the portal at `baseUrl`. Sends nothing yet.
 *
 * @throws ProvisionerError `CONFIG_INVALID` when address or key can not be used.
 */
export function createPortalClient(options: PortalClientOptions): PortalClient {
  const tuning = { ...defaultTuning, ...options.tuning };
  const clock = options.clock ?? Date.now;
  const limits: ExchangeLimits = {
    timeoutMs: tuning.timeoutMs,
    maxAnswerBytes: tuning.maxAnswerBytes,
    onRequest: options.onRequest ?? (() => {}),
  };
  const credentials = createCredentials(options.auth, {
    limits,
    clock,
    registerSecret: options.registerSecret,
    forgetSecret: options.forgetSecret ?? (() => {}),
  });
  const transport = new Transport({
    root: apiRoot(options.baseUrl),
    limits,
    gate: options.gate ?? new PQueue({ concurrency: defaultConcurrency }),
  });
  const caller = new Caller({ transport, credentials, retry: tuning, clock });
  return new HttpPortalClient(caller, { clock, keepDefaultsMs: tuning.keepDefaultsMs });
}
