/** Stands before a server with AWS's query APIs and answers some calls itself, in AWS's words. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered instead; `null`: what the server says. */
type Refusal = { readonly status: number; readonly code: string } | null;

export interface AwsFront extends AsyncDisposable {
  readonly url: string;
  /** From now on. */
  refuse(decide: (action: string) => Refusal): void;
}

export async function startAwsFront(target: string): Promise<AwsFront> {
  let decide: (action: string) => Refusal = () => null;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const refusal = decide(new URLSearchParams(body.toString()).get('Action') ?? '');
    if (refusal !== null) {
      const error = `<Error><Code>${refusal.code}</Code><Message>not now</Message></Error>`;
      response.writeHead(refusal.status, { 'content-type': 'text/xml' });
      return response.end(`<ErrorResponse>${error}</ErrorResponse>`);
    }
    const { authorization = '', 'content-type': type = '', 'x-amz-date': date = '' } = request.headers;
    const headers = { authorization, 'content-type': type, 'x-amz-date': String(date) };
    const answer = await fetch(target, { method: 'POST', headers, body });
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (next) => {
      decide = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
