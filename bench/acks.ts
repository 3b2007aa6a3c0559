/** Durable acknowledgements: signed v1 webhooks through real HTTP, answered when they are committed. */
import { createHmac } from 'node:crypto';
import autocannon from 'autocannon';
import type { BenchStage } from './stage.ts';

export interface AckResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

/** One kind of load on one address. */
export interface Load {
  readonly url: string;
  readonly requests: readonly {
    readonly method: 'POST';
    readonly path: string;
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  /** Connections, each of which waits for its answer before it asks again. */
  readonly waiting: number;
  readonly seconds: number;
  /** Requests in a second over all connections; as many as go when left out. */
  readonly rate?: number | undefined;
}

/** Webhooks about this many products that the portal does not know: each makes a job, whose run finds nothing to do. */
const products = 16;

/** Loads the daemon with `waiting` connections, or with `rate` webhooks a second over them. */
export function measureAcks(
  { url, secret }: BenchStage,
  waiting: number,
  seconds: number,
  rate?: number,
): Promise<AckResult> {
  const requests = Array.from({ length: products }, (_, index) => signedRequest(secret, index));
  return load({ url, requests, waiting, seconds, rate });
}

/** Sends the requests over and over. */
export async function load({ url, requests, waiting, seconds, rate }: Load): Promise<AckResult> {
  const result = await autocannon({
    url,
    connections: waiting,
    duration: seconds,
    requests: [...requests],
    ...(rate === undefined ? {} : { overallRate: rate }),
  });
  return {
    perSecond: Math.round(result['2xx'] / result.duration),
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  };
}

function signedRequest(secret: string, index: number) {
  const id = `20000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const body = `{"method":"PUT","url":"/api/v2/data_products/${id}/about","query":"","response":"","status_code":200}`;
  const signed = body.replaceAll('":', '": ').replaceAll(',"', ', "');
  const sign = createHmac('sha512', secret).update(signed).digest('hex');
  return { method: 'POST' as const, path: '/', body, headers: { 'content-type': 'application/json', sign } };
}
