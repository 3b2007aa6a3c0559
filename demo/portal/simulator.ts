/** A data product portal in memory: the real one's API as far as a provisioner and a person need it, and its webhooks. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { apiRouter } from './http/api.ts';
import { pageRouter } from './page/page-router.ts';
import { allRoutes } from './routes/all-routes.ts';
import { recomputeStatus } from './routes/decisions.ts';
import { inputPortChanged } from './state/change-event.ts';
import { PortalState } from './state/portal-state.ts';
import type { Generation } from './state/records.ts';
import { type Delivery, Outbox } from './webhooks/outbox.ts';
import { EventDispatcher } from './webhooks/v2.ts';

/** Where webhooks go; a URL that is left out switches that generation off. */
export interface WebhookTargets {
  /** First generation (`v0.7.0` only), POSTed to exactly this URL. */
  readonly webhookUrl?: string | undefined;
  /** Without it v1 is sent unsigned. */
  readonly webhookSecret?: string | undefined;
  /** Second generation, unsigned. */
  readonly webhookV2Url?: string | undefined;
}

export interface PortalSimulatorOptions extends WebhookTargets {
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
  readonly host?: string;
  /** Whose API and webhooks; `v0.7.0` by default. */
  readonly generation?: Generation;
  /** When set, calls need it in `x-key`; else credentials are ignored. */
  readonly apiKey?: string | undefined;
  /** Added to every answer of the API. */
  readonly latencyMs?: number;
  readonly log?: (line: string) => void;
}

/** Disposing it closes the server and hangs up on webhooks under way. */
export interface PortalSimulator extends AsyncDisposable {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly generation: Generation;
  /** What the portal knows; what is changed here sends no webhook. */
  readonly state: PortalState;
  /** The latest webhooks that were sent, oldest first, with what they were answered. */
  readonly deliveries: readonly Delivery[];
  /** Replaces the targets as a whole, from the next webhook on. */
  setWebhooks(targets: WebhookTargets): void;
  /** Resolves when all webhooks were answered or given up. */
  idle(): Promise<void>;
  /** The portal's daily job: only now do accesses past their last day become `expired`. */
  runDailyJob(now?: Date): void;
}

/** Starts a fresh portal; it listens when the promise resolves. */
export async function startPortalSimulator(options: PortalSimulatorOptions = {}): Promise<PortalSimulator> {
  const { generation = 'v0.7.0', host = '127.0.0.1', apiKey, log = () => {} } = options;
  let targets: WebhookTargets = options;
  const state = new PortalState();
  const outbox = new Outbox(log);
  const dispatcher = new EventDispatcher({ outbox, generation, log, url: () => targets.webhookV2Url });

  const app = express();
  app.disable('x-powered-by').set('etag', false);
  app.use(pageRouter({ deliveries: outbox.deliveries, generation, targets: () => targets }));
  app.use(
    apiRouter({
      state,
      generation,
      routes: allRoutes(generation, { keyed: apiKey !== undefined }),
      apiKey,
      latencyMs: options.latencyMs ?? 0,
      outbox,
      dispatcher,
      v1Target: () => ({ url: targets.webhookUrl, secret: targets.webhookSecret }),
      log,
    }),
  );
  const server = createServer(app);
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  // A TCP server's address is an object.
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    generation,
    state,
    deliveries: outbox.deliveries,
    setWebhooks: (next) => {
      targets = next;
    },
    idle: () => outbox.idle(),
    runDailyJob: (now = new Date()) => {
      const expired = [...state.inputPorts.values()].filter((input) => recomputeStatus(input, now));
      dispatcher.announce(expired.map(inputPortChanged));
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, outbox.stop()]);
    },
  };
}
