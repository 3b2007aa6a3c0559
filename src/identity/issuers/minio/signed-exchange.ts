/** One exchange with the admin API: signed as S3 is (AWS Signature Version 4), on connections that are kept. */
import { buffer } from 'node:stream/consumers';
import { HttpRequest } from '@smithy/core/protocols';
import { Hash } from '@smithy/core/serde';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { storeClient } from '../../../model/store-client.ts';

const timeoutMs = 10_000;

/** Whose they are does not matter: every request is signed by itself. */
const connections = new NodeHttpHandler(storeClient.requestHandler);

/** Where requests go, and who signs them. */
export interface Signer {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What is asked: a path below `/minio/admin/v3/`; the body goes as it stands. */
export interface SignedRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface SignedAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

/**
 * Makes a function that sends one request and reads its answer. It follows no redirect, and throws when the answer is
 * not there in 10 s.
 */
export function signedExchange({ endpoint, region, accessKeyId, secretAccessKey }: Signer) {
  const { protocol, hostname, port, host } = new URL(endpoint);
  // The service is `s3`; the path is signed as it is sent, as S3 has it.
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Hash.bind(null, 'sha256'),
    uriEscapePath: false,
  });
  return async ({ method, path, query = {}, body }: SignedRequest): Promise<SignedAnswer> => {
    const signed = await signer.sign({
      method,
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: `/minio/admin/v3/${path}`,
      query,
      headers: { host, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
      body,
    });
    const abortSignal = AbortSignal.timeout(timeoutMs);
    const { response } = await connections.handle(new HttpRequest(signed), { abortSignal });
    return { status: response.statusCode, bytes: await buffer(response.body) };
  };
}
