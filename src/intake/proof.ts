/** Which proof a delivery must bring, by its generation. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Verdict, verifyStandardWebhook, verifyToken, verifyV1 } from './signature.ts';

/** The secrets that webhooks are held against; empty lists = not configured. */
export interface ProofSecrets {
  /** `WEBHOOK_SECRET`: the portal's v1 signature. */
  readonly v1: readonly string[];
  /** `WEBHOOK_V2_TOKEN`. */
  readonly tokens: readonly string[];
  /** `WEBHOOK_V2_SECRET`: Standard Webhooks. */
  readonly standard: readonly string[];
  /** Counts only for a generation that has no proof of its own configured. */
  readonly allowUnsigned: boolean;
}

/** What of the request can carry proof. */
export interface Presented {
  readonly rawBody: Buffer;
  readonly headers: IncomingHttpHeaders;
  /** `?token=` */
  readonly token: string | undefined;
}

type Generation = 'v1' | 'v2';

/** Generations of which anybody's webhooks are taken. */
export function unprovenGenerations(secrets: ProofSecrets): readonly Generation[] {
  const open = {
    v1: secrets.v1.length === 0,
    v2: secrets.tokens.length === 0 && secrets.standard.length === 0,
  };
  return secrets.allowUnsigned ? (['v1', 'v2'] as const).filter((generation) => open[generation]) : [];
}

/** v1 is signed by the portal; without a secret for it the other proofs must do. */
export function proveDelivery(
  generation: Generation,
  presented: Presented,
  secrets: ProofSecrets,
  nowMs: number,
): Verdict {
  if (generation === 'v1' && secrets.v1.length > 0) {
    return verifyV1(presented.rawBody, single(presented.headers.sign), secrets.v1);
  }
  if (unprovenGenerations(secrets).includes(generation)) return { ok: true };
  if (secrets.tokens.length === 0 && secrets.standard.length === 0) return { ok: false, reason: 'no-secret' };
  const byToken = verifyToken(presentedToken(presented), secrets.tokens);
  if (byToken.ok || secrets.standard.length === 0) return byToken;
  const { headers, rawBody } = presented;
  const standard = {
    id: single(headers['webhook-id']),
    timestamp: single(headers['webhook-timestamp']),
    signature: single(headers['webhook-signature']),
  };
  return verifyStandardWebhook(rawBody, standard, secrets.standard, nowMs);
}

function presentedToken({ headers, token }: Presented): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
  return bearer ?? token;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
