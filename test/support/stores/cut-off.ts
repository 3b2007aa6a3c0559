/** Stands before a store's IAM API and refuses changes from some number on: what a run finds that was cut off there. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CutOff extends AsyncDisposable {
  readonly url: string;
  /** So many changes are let through from now on; the others are refused. */
  allow(changes: number): void;
  /** Names of the changes that were let through since. */
  readonly allowed: readonly string[];
}

const changing = /^(Create|Put|Delete|Attach|Detach|Update|Remove|Add)/;

const refusal =
  '<ErrorResponse><Error><Code>AccessDenied</Code><Message>cut off</Message></Error></ErrorResponse>';

export async function startCutOff(target: string): Promise<CutOff> {
  let left = Number.POSITIVE_INFINITY;
  let allowed: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const action = new URLSearchParams(body.toString()).get('Action') ?? '';
    if (changing.test(action)) {
      if (left === 0) return response.writeHead(403, { 'content-type': 'text/xml' }).end(refusal);
      left -= 1;
      allowed.push(action);
    }
    const { authorization = '', 'content-type': type = '', 'x-amz-date': date = '' } = request.headers;
    const headers = { authorization, 'content-type': type, 'x-amz-date': String(date) };
    const answer = await fetch(target, { method: 'POST', headers, body });
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    allow: (changes) => {
      left = changes;
      allowed = [];
    },
    get allowed() {
      return allowed;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
