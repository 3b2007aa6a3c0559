/** Real HTTP servers for the client's tests: scripted ones, and one that replays the portal's recorded answers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { PortalClient } from '../../../src/portal/client.ts';
import {
  createPortalClient,
  type PortalClientOptions,
  type PortalTuning,
} from '../../../src/portal/create-client.ts';
import { cast, type Generation, type Recorded, recorded } from '../../spec/portal/recorded.ts';

export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Responder = (request: Seen, response: ServerResponse) => void;

export interface Server extends AsyncDisposable {
  readonly url: string;
  /** All requests that came, in order. */
  readonly seen: readonly Seen[];
}

/** A server on a free port of this machine; gone, with its connections, when disposed of. */
export async function startServer(respond: Responder): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers, body: await text(incoming) };
    seen.push(request);
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** The portal's answer to an expired or malformed token, and to its own faults. */
export const somethingWentWrong = {
  correlation_id: 'aaaabbbbccccddddaaaabbbbccccdddd',
  detail: 'Something went wrong',
};

/** The portal's answer to a path it does not know. */
export const notFound = { correlation_id: 'ccccddddccccddddaaaabbbbccccdddd', detail: 'Not Found' };

/**
 * A portal that answers as recorded, with the recordings named (the last one of a path counts), and like the real one
 * where nothing is recorded: 307 to the other trailing-slash form, or 404.
 */
export function replay(
  generation: Generation,
  names: readonly string[],
  extra: readonly Recorded[] = [],
): Responder {
  const answers = new Map<string, Recorded>();
  for (const each of [...names.map((name) => recorded(generation, name)), ...extra]) {
    answers.set(`${each.request.method} ${each.request.path}`, each);
  }
  return ({ method, url, headers }, response) => {
    const found = answers.get(`${method} ${url}`);
    const other = url.endsWith('/') ? url.slice(0, -1) : `${url}/`;
    if (found !== undefined) sendRecorded(response, found);
    else if (answers.has(`${method} ${other}`)) {
      response.writeHead(307, { location: `http://${headers.host}${other}` }).end();
    } else sendJson(response, 404, notFound);
  };
}

export function sendRecorded(response: ServerResponse, { status, ...answer }: Recorded): void {
  if (answer.response_body_empty) response.writeHead(status, answer.response_headers).end();
  else sendJson(response, status, answer.response, answer.response_headers);
}

/** A recorded answer, given to another request. */
export function answerTo(
  method: string,
  path: string,
  answer: Pick<Recorded, 'status' | 'response'>,
): Recorded {
  const { status, response } = answer;
  return { request: { method, path: `/api/v2${path}`, body: null }, status, response };
}

/** What the portal is asked when the recorded provider is read; its own input ports were never recorded: it has none. */
export function providerAnswers(generation: Generation): [string[], Recorded[]] {
  const { provider } = cast(generation);
  const inputs = recorded(generation, 'input-ports-empty');
  return [
    ['data-product-with-finalizer', 'data-product-settings', 'settings-defs', 'role-assignments-dp'],
    [answerTo('GET', `/data_products/${provider}/input_ports`, inputs)],
  ];
}

/** The same for the recorded consumer; who has roles on it was not recorded. */
export function consumerAnswers(generation: Generation, inputs: string): [string[], Recorded[]] {
  const path = `/authz/role_assignments/data_product?data_product_id=${cast(generation).consumer}`;
  return [
    ['data-product-non-ascii-after-create', 'data-product-settings-unset', 'settings-defs', inputs],
    [answerTo('GET', path, { status: 200, response: { role_assignments: [] } })],
  ];
}

const fast: Partial<PortalTuning> = { retries: 2, minWaitMs: 1, maxWaitMs: 4 };

/** A client that does not wait long between its tries. */
export function fastClient(
  baseUrl: string,
  options: Partial<PortalClientOptions> = {},
  tuning: Partial<PortalTuning> = {},
): PortalClient {
  return createPortalClient({
    baseUrl,
    auth: { kind: 'none' },
    registerSecret: () => {},
    ...options,
    tuning: { ...fast, ...tuning },
  });
}

/** An identity provider that makes the tokens `token-number-1`, `token-number-2` …, each good for `lifeSeconds`. */
export function tokenProvider(lifeSeconds: number): Promise<Server> {
  let made = 0;
  return startServer((_, response) => {
    made += 1;
    sendJson(response, 200, {
      access_token: `token-number-${made}`,
      token_type: 'Bearer',
      expires_in: lifeSeconds,
    });
  });
}

export const clientSecret = 'secret-of-the-client/+ü';

/** Client credentials for a token endpoint on this server. */
export function clientOf(provider: Pick<Server, 'url'>) {
  return {
    kind: 'client-credentials',
    tokenUrl: `${provider.url}/token`,
    clientId: 'provisioner',
    clientSecret,
    scope: 'openid',
  } as const;
}
