/** Webhooks of the second generation, sent as a portal behind a load balancer would: to whoever takes them. */
import { randomUUID } from 'node:crypto';

/** A webhook that says "look at this product again". */
function hintOf(product: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id: randomUUID(),
    source: 'dpp-api',
    type: 'data_product.event',
    data: { id: product },
  });
}

/** @returns the delivery's id when it was acknowledged; `null` when it was refused or nobody answered */
export async function sendHint(url: string, secret: string, product: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/webhooks/v2?token=token-${secret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: hintOf(product),
      signal: AbortSignal.timeout(10_000),
    });
    const answer: unknown = await response.json();
    if (response.status !== 202 || typeof answer !== 'object' || answer === null) return null;
    return 'delivery' in answer ? String(answer.delivery) : null;
  } catch {
    return null;
  }
}
