/**
 * Two plain proxies, in front of store and portal, that note when at least one request was awaited: the rest of the
 * time is the daemon's own.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Meter extends AsyncDisposable {
  readonly storeUrl: string;
  readonly portalUrl: string;
  /** Milliseconds in which an answer was awaited, since the last call. */
  takeAwaitedMs(): number;
  /** Requests so far. */
  readonly count: { store: number; portal: number };
}

export async function startMeter(targets: { store: string; portal: string }): Promise<Meter> {
  let open = 0;
  let since = 0;
  let awaited = 0;
  const begin = () => {
    if (open === 0) since = performance.now();
    open += 1;
  };
  const end = () => {
    open -= 1;
    if (open === 0) awaited += performance.now() - since;
  };
  const agent = new Agent({ keepAlive: true });
  const count = { store: 0, portal: 0 };
  const proxy = (target: string, whom: keyof typeof count) =>
    listen(
      createServer((incoming, outgoing) => {
        count[whom] += 1;
        begin();
        outgoing.once('close', end);
        forward(target, agent, incoming, outgoing);
      }),
    );
  const [store, portal] = await Promise.all([proxy(targets.store, 'store'), proxy(targets.portal, 'portal')]);
  return {
    storeUrl: urlOf(store),
    portalUrl: urlOf(portal),
    count,
    takeAwaitedMs: () => {
      const taken = awaited;
      awaited = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      for (const server of [store, portal]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** Passed on as it came, with the `Host` that was signed. */
function forward(target: string, agent: Agent, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { hostname, port } = new URL(target);
  const { method, url: path, headers } = incoming;
  const passed = request({ hostname, port, method, path, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.once('error', () => outgoing.destroy());
  incoming.pipe(passed);
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
