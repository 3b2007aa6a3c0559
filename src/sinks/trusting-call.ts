/** One HTTP call to a server whose authority is trusted for that call alone, as `fetch` can not do. */
import { request as plainRequest } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';

export interface TrustingCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** PEM; trusted beside those that this process trusts. `null`: no others. */
  readonly authority: string | null;
  readonly timeoutMs: number;
}

/** Follows no redirection. Rejects when there is no answer in time. */
export function callTrusting(
  url: URL,
  { method, headers, body, authority, timeoutMs }: TrustingCall,
): Promise<{ readonly status: number; readonly text: string }> {
  const options: RequestOptions = {
    method,
    headers,
    signal: AbortSignal.timeout(timeoutMs),
    ...(authority === null ? {} : { ca: [...getCACertificates('default'), authority] }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const sent = url.protocol === 'https:' ? tlsRequest(url, options) : plainRequest(url, options);
  sent.once('error', reject).once('response', (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
    answer.once('end', () =>
      resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  sent.end(body);
  return promise;
}
