/** Stands before a server and does to its callers what networks and overloaded servers do. */
import {
  type ClientRequest,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What becomes of one request. */
export type Fate =
  /** Answered here, and never passed on. */
  | { readonly kind: 'answer'; readonly status: number; readonly text?: string }
  /** The connection breaks before the server has heard of it. */
  | { readonly kind: 'reset' }
  /** The server does it; the connection breaks before the caller hears of that. */
  | { readonly kind: 'lose-answer' }
  /** Never answered. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answered at once, and passed on later. */
  | { readonly kind: 'postpone'; readonly ms: number; readonly text: string }
  /** The answer comes a byte at a time. */
  | { readonly kind: 'trickle'; readonly msPerByte: number }
  /** The answer comes changed, and looks whole. */
  | { readonly kind: 'rewrite'; readonly as: (answer: Answer) => Answer };

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What a fault is decided by. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Decides on each request; `null`: all is well. */
export type Fault = (request: Asked) => Fate | null;

export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** From now on. */
  fail(fault: Fault | null): void;
  /** When each request so far came, by `performance.now()`. */
  readonly seen: readonly number[];
  /** So many were under way at a time. */
  readonly mostAtOnce: number;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let fault: Fault | null = null;
  const seen: number[] = [];
  let [running, mostAtOnce] = [0, 0];
  const server = createServer((incoming, outgoing) => {
    seen.push(performance.now());
    running += 1;
    mostAtOnce = Math.max(mostAtOnce, running);
    outgoing.once('finish', () => {
      running -= 1;
    });
    const decide: Fault = (asked) => fault?.(asked) ?? null;
    void meet(decide, target, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get mostAtOnce() {
      return mostAtOnce;
    },
    fail: (next) => {
      fault = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function meet(
  decide: Fault,
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await bytesOf(incoming);
  const { method = 'GET', url: path = '/', headers: asked } = incoming;
  const fate = decide({ method, path, headers: asked, body: body.toString() });
  if (fate?.kind === 'hang') return;
  if (fate?.kind === 'reset') return void incoming.socket.destroy();
  if (fate?.kind === 'answer') return answerHere(fate, method, outgoing);
  if (fate?.kind === 'postpone') answerHere({ status: 200, text: fate.text }, method, outgoing);
  if (fate?.kind === 'delay' || fate?.kind === 'postpone') await pause(fate.ms);
  const answer = await passOn(target, incoming, body);
  const bytes = await bytesOf(answer);
  if (fate?.kind === 'postpone') return;
  if (fate?.kind === 'lose-answer') return void incoming.socket.destroy();
  const status = answer.statusCode ?? 502;
  const changed = fate?.kind === 'rewrite' ? fate.as({ status, text: bytes.toString() }) : null;
  const given = changed === null ? bytes : Buffer.from(changed.text);
  const { 'transfer-encoding': _, ...headers } = answer.headers;
  // A HEAD tells the length of what it does not send.
  if (method !== 'HEAD') headers['content-length'] = String(given.length);
  outgoing.writeHead(changed?.status ?? status, headers);
  if (fate?.kind === 'trickle') await trickle(given, fate.msPerByte, outgoing);
  else outgoing.end(method === 'HEAD' ? undefined : given);
}

function answerHere(
  { status, text = '' }: { status: number; text?: string },
  method: string,
  outgoing: ServerResponse,
) {
  const headers = { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(text) };
  outgoing.writeHead(status, headers).end(method === 'HEAD' ? undefined : text);
}

async function trickle(bytes: Buffer, msPerByte: number, outgoing: ServerResponse): Promise<void> {
  for (const byte of bytes) {
    outgoing.write(Buffer.of(byte));
    await pause(msPerByte);
  }
  outgoing.end();
}

/** The host stays as the caller wrote it: signatures are made over it. */
function passOn(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const passed: ClientRequest = request(target, { method, path: url, headers });
  passed.on('response', resolve).on('error', reject).end(body);
  return promise;
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
