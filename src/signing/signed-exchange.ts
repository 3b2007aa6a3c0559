/**
 * One exchange with a store: signed as S3 is (AWS Signature Version 4), on connections that are kept. For what the SDK has no
 * call for, and where a client of the SDK would cost more than all that is asked with it (decision 0021).
 */
import { addAbortSignal, type Readable } from 'node:stream';
import { HttpRequest } from '@smithy/core/protocols';
import { Hash } from '@smithy/core/serde';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { storeClient } from '../model/store-client.ts';
import { errorOf } from './answer-error.ts';

const timeoutMs = 10_000;
/** From then on a store may refuse for the time alone; the SDK corrects itself at the same. */
const wrongClockMs = 300_000;
const failedLate = /^\s*(?:<\?xml[^>]*>\s*)?<Error>/;

/** Whose they are does not matter: every request is signed by itself. */
const connections = new NodeHttpHandler(storeClient.requestHandler);

/** Where requests go, and who signs them. */
export interface Signer {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What is asked: an absolute path in the form that it is sent in; the body goes as it stands. */
export interface SignedRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** So much of the answer is read, a little more at most; all of it when left out. */
  readonly mostBytes?: number;
}

/** A success. */
export interface SignedAnswer {
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Makes a function that sends one request and resolves with a success. It follows no redirect, and throws when
 * the answer is not there, to its end, in 10 s, or is none: an error with the status and the store's own code, like the SDK's (`storeError`
 * reads both). A store that has another time than we have is asked again by its own, as the SDK does.
 */
export function signedExchange({ endpoint, region, accessKeyId, secretAccessKey, sessionToken }: Signer) {
  const { protocol, hostname, port, host } = new URL(endpoint);
  // The service is `s3`; the path is signed as it is sent, as S3 has it.
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    sha256: Hash.bind(null, 'sha256'),
    uriEscapePath: false,
  });
  let skewMs = 0;
  const send = async ({
    query = {},
    headers = {},
    mostBytes = Number.POSITIVE_INFINITY,
    ...request
  }: SignedRequest): Promise<SignedAnswer> => {
    const length =
      request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
    const place = { protocol, hostname, ...(port === '' ? {} : { port: Number(port) }) };
    const signed = await signer.sign(
      { ...request, ...place, query, headers: { ...headers, host, ...length } },
      { signingDate: new Date(Date.now() + skewMs) },
    );
    const abortSignal = AbortSignal.timeout(timeoutMs);
    const { response } = await connections.handle(new HttpRequest(signed), { abortSignal });
    const answer = addAbortSignal(abortSignal, response.body);
    const body = await readUpTo(mostBytes, answer);
    const { statusCode, headers: said } = response;
    const aheadMs = Date.parse(said.date ?? '') - Date.now();
    if (Math.abs(aheadMs - skewMs) >= wrongClockMs) skewMs = aheadMs;
    if (statusCode < 200 || statusCode >= 300) throw errorOf(statusCode, body.toString('utf8'));
    // A copy can fail after its status was sent (S3 documentation, CopyObject).
    if (request.method === 'PUT' && failedLate.test(body.toString('latin1', 0, 200)))
      throw errorOf(500, body.toString('utf8'));
    return { headers: said, body };
  };
  return async (request: SignedRequest): Promise<SignedAnswer> => {
    const assumedMs = skewMs;
    return send(request).catch((error: unknown) => {
      if (skewMs === assumedMs) throw error;
      return send(request);
    });
  };
}

/** Hangs up when there is more. */
async function readUpTo(mostBytes: number, body: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size > mostBytes) break;
  }
  return Buffer.concat(parts);
}
