/** The front door: takes webhooks of both generations, answers when they are durable. */
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { asProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import { affectedProducts } from './affected-products.ts';
import type { Arrival, Deliveries } from './deliveries.ts';
import { describeEvent, parseEvent } from './event.ts';
import { type ProofSecrets, proveDelivery } from './proof.ts';
import { canonicalJson } from './python-json.ts';
import { ignored } from './touches.ts';

/** Largest body taken; the portal's own are a few KB. */
const maxBytes = 1024 * 1024;

export interface IntakeOptions {
  readonly deliveries: Deliveries;
  readonly secrets: ProofSecrets;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** Whether a finalizer that was added to the product is one that we have just added ourselves. */
  readonly isOwnFinalizer?: (product: ProductId) => boolean;
}

/** What the sender is told. v1 counts only 200 as success (else the portal logs message and signature). */
type Verdict = 'accepted' | 'ignored' | 'refused' | 'failed';

/** Routes `POST /`, `/webhooks/v1` and `/webhooks/v2`; the shape of the body tells the generations apart. */
export function createIntakeRouter(options: IntakeOptions): Router {
  const router = Router();
  const paths = ['/', '/webhooks/v1', '/webhooks/v2'];
  const body = express.raw({ type: () => true, limit: maxBytes });
  router.post(paths, (request, response, next) => {
    response.locals.began = performance.now();
    if (request.is(['application/json', 'application/cloudevents+json']) !== false) return next();
    refuse(options, response, 415, 'content-type', 'The content type must be application/json.');
  });
  router.post(paths, body, (request, response) =>
    options.tracer.span('webhook', { kind: 'server' }, () => take(options, request, response)),
  );
  router.use(paths, (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const tooLarge = isHttpError(error) && error.status === 413;
    if (tooLarge) refuse(options, response, 413, 'too-large', 'The body is larger than 1 MiB.');
    else next(error);
  });
  return router;
}

function isHttpError(error: unknown): error is { readonly status: unknown } {
  return typeof error === 'object' && error !== null && 'status' in error;
}

/** Since the request came, its body included. */
function tookMs({ locals }: Response): number {
  const { began } = locals as { began?: number };
  return performance.now() - (began ?? performance.now());
}

async function take(options: IntakeOptions, request: Request, response: Response): Promise<void> {
  const rawBody: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const json = canonicalJson(rawBody);
  if (!json.ok) return refuse(options, response, 400, json.reason, 'The body is not JSON.');

  const generation = isCloudEvent(json.value) ? 'v2' : 'v1';
  const token = typeof request.query.token === 'string' ? request.query.token : undefined;
  const proof = proveDelivery(
    generation,
    { rawBody, headers: request.headers, token },
    options.secrets,
    Date.now(),
  );
  if (!proof.ok)
    return refuse(options, response, 401, proof.reason, 'The proof of origin is missing or wrong.');

  const arrival = withoutEcho(arrivalOf(json.value), options);
  try {
    const delivery = await options.deliveries.accept(arrival);
    const verdict: Verdict = arrival.affected.kind === 'ignored' ? 'ignored' : 'accepted';
    options.metrics.delivery(arrival.generation, verdict, tookMs(response));
    const reason = arrival.affected.kind === 'ignored' ? { reason: arrival.affected.reason } : {};
    options.log.info('took a delivery', { delivery, event: arrival.event, verdict, ...reason });
    response.status(generation === 'v1' ? 200 : 202).json({ delivery, verdict, ...reason });
  } catch (error) {
    const { code, message } = asProvisionerError(error);
    options.metrics.delivery(arrival.generation, 'failed', tookMs(response));
    options.log.error('could not store a delivery', { event: arrival.event, code, error: message });
    response.status(503).json({ error: 'The database is not available; nothing was stored.' });
  }
}

function refuse(
  options: IntakeOptions,
  response: Response,
  status: number,
  reason: string,
  error: string,
): void {
  options.metrics.delivery('unknown', 'refused', tookMs(response));
  options.log.warn('refused a delivery', { status, reason });
  response.status(status).json({ error, reason });
}

function isCloudEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'specversion' in value;
}

/** What we did ourselves needs no look: who does it is in the middle of one. */
function withoutEcho(arrival: Arrival, { isOwnFinalizer }: IntakeOptions): Arrival {
  const { affected } = arrival;
  if (affected.kind === 'ignored' || affected.act !== 'finalizer-added') return arrival;
  const isEcho = affected.products.every((product) => isOwnFinalizer?.(product) === true);
  return isEcho ? { ...arrival, affected: ignored('our own finalizer, just added') } : arrival;
}

function arrivalOf(value: unknown): Arrival {
  const parsed = parseEvent(value);
  if (!parsed.ok) {
    return {
      generation: 'unknown',
      event: 'not a portal event',
      affected: { kind: 'ignored', reason: parsed.reason },
    };
  }
  const { event } = parsed;
  return { generation: event.generation, event: describeEvent(event), affected: affectedProducts(event) };
}
