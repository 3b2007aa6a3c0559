/** A portal before a filled database: it knows the few products of the simulator behind it, and says little of all others. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Passes calls on to the simulator. Of products that it does not know it says that they asked for nothing; which
 * products there are it does not tell: nothing is torn down.
 *
 * @param behind the simulator's address, which is known later than this one's
 * @returns its address
 */
export async function startQuietPortal(started: AsyncDisposableStack, behind: () => string): Promise<string> {
  const server = createServer(async (request, response) => {
    const { status, text } = await answerTo(request, behind()).catch(() => away);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 204 ? undefined : text);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  started.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const away = { status: 503, text: '{}' };

async function answerTo(request: IncomingMessage, behind: string) {
  const { method = 'GET', url = '/' } = request;
  if (method === 'GET' && /\/data_products\/?(\?|$)/.test(url)) return away;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const answer = await fetch(`${behind}${url}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
  const text = await answer.text();
  if (answer.status !== 404) return { status: answer.status, text };
  return url.includes('/input_ports') ? { status: 200, text: '{"input_ports":[]}' } : away;
}
