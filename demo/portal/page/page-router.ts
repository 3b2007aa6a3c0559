/** The page for people, and the one thing on it that the portal's API does not tell: the webhooks sent. */
import { fileURLToPath } from 'node:url';
import express, { type Router } from 'express';
import type { Generation } from '../state/records.ts';
import type { Delivery } from '../webhooks/outbox.ts';

const pageFile = fileURLToPath(new URL('./index.html', import.meta.url));
const shownDeliveries = 60;

/** Nothing on the page may come from elsewhere; it is one file. */
const contentPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Query and credentials of a webhook's address can be a secret. */
function withoutSecrets(url: string | undefined): string | null {
  if (!url) return null;
  const parsed = URL.parse(url);
  return parsed === null ? null : `${parsed.origin}${parsed.pathname}`;
}

/** What the page shows of a webhook. */
function line({ id, generation, sentAt, body, status, error, ms }: Delivery) {
  // Our own text, so it parses.
  const message = JSON.parse(body) as Record<string, unknown>;
  const what =
    generation === 'v1'
      ? { method: message.method, url: message.url, callStatus: message.status_code }
      : { type: message.type, data: message.data };
  return { id, generation, sentAt, status, error, ms, ...what };
}

export function pageRouter(options: {
  readonly deliveries: readonly Delivery[];
  readonly generation: Generation;
  readonly targets: () => {
    readonly webhookUrl?: string | undefined;
    readonly webhookV2Url?: string | undefined;
  };
}): Router {
  const router = express.Router({ strict: true });
  router.get('/', (_request, response) => {
    response.set({ 'content-security-policy': contentPolicy, 'cache-control': 'no-cache' });
    response.sendFile(pageFile);
  });
  router.get('/simulator', (_request, response) => {
    const { webhookUrl, webhookV2Url } = options.targets();
    response.json({
      generation: options.generation,
      targets: { v1: withoutSecrets(webhookUrl), v2: withoutSecrets(webhookV2Url) },
      webhooks: options.deliveries.slice(-shownDeliveries).reverse().map(line),
    });
  });
  return router;
}
