/** A server that takes webhooks, keeps their bytes, and answers as the test says. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** Most webhooks that were open at the same time. */
  readonly mostAtOnce: () => number;
}

/** @param reply answers one webhook; the test may keep it waiting. */
export async function startWebhookReceiver(
  reply: (response: ServerResponse, webhook: Received) => void | Promise<void> = (response) => {
    response.end();
  },
): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let open = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.on('close', () => {
      open -= 1;
    });
    const raw = Buffer.concat(await request.toArray());
    const { method, url: path, headers } = request;
    const webhook = { method, path, headers, raw, body: JSON.parse(raw.toString('utf8')) };
    received.push(webhook);
    await reply(response, webhook);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    received,
    mostAtOnce: () => most,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
