/**
 * What a delivery says, for both generations of the portal's webhooks. Only the fields that name something are taken:
 * people's free text, query values (settings are set there) and the portal's answer to a failed call (a 422 echoes the
 * caller's request) are dropped at this border, so that they can not reach a log or a table.
 */
import { z } from 'zod';

/** v1: one call to the portal's API, whatever came of it. */
const V1Message = z
  .object({
    method: z.string(),
    /** Path only, percent-decoded. */
    url: z.string(),
    /** The portal's answer to a POST as a text, most often JSON; `""` for PUT and DELETE. */
    response: z.string(),
    status_code: z.int(),
  })
  .transform(({ method, url, response, status_code }) => ({
    generation: 'v1' as const,
    method,
    path: url,
    status: status_code,
    /** The portal's answer, kept for ids only and only when the call succeeded. Not for logs. */
    response: isSuccess(status_code) ? response : null,
  }));
export type V1Event = Readonly<z.infer<typeof V1Message>>;

/** An id that is absent or of a wrong type counts as not given: the verdict on it belongs to the event's table row. */
const given = z.string().optional().catch(undefined);

/** v2: one changed row in the portal's database, as a CloudEvent. The portal's own field names are kept. */
const V2Message = z
  .object({
    specversion: z.literal('1.0'),
    id: z.string(),
    type: z.string(),
    data: z.object({
      id: given,
      data_product_id: given,
      output_port_id: given,
      technical_asset_id: given,
      consuming_abstract_data_product_id: given,
      consuming_abstract_data_product_type: given,
    }),
  })
  .transform(({ id, type, data }) => ({ generation: 'v2' as const, id, type, data }));
export type V2Event = Readonly<z.infer<typeof V2Message>>;

export type WebhookEvent = V1Event | V2Event;

export type ParsedEvent =
  | { readonly ok: true; readonly event: WebhookEvent }
  | { readonly ok: false; readonly reason: string };

/** Whether a call with this HTTP status may have changed anything: 2xx only, a redirect (307) has not. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * Reads a parsed body as an event; the shape tells the generation, not the path it was sent to. Never throws.
 *
 * @returns the event, or a reason that names the faulty fields and quotes nothing of the body
 */
export function parseEvent(value: unknown): ParsedEvent {
  if (typeof value !== 'object' || value === null)
    return { ok: false, reason: 'the body is not a JSON object' };
  if ('specversion' in value) return read('v2 event', V2Message, value);
  if ('status_code' in value) return read('v1 message', V1Message, value);
  return { ok: false, reason: 'the body has neither "status_code" (v1) nor "specversion" (v2)' };
}

function read(what: string, schema: z.ZodType<WebhookEvent>, value: object): ParsedEvent {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, event: parsed.data };
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'body');
  return { ok: false, reason: `not a ${what}: missing or of a wrong type: ${fields.join(', ')}` };
}

const maxDescription = 200;

/**
 * One short printable line for logs: `POST /api/v2/data_products -> 200`, or `input_port.event`. At most 200
 * characters and an ellipsis; control and other invisible characters are written out; no query, no ids but the path's.
 */
export function describeEvent(event: WebhookEvent): string {
  if (event.generation === 'v2') return printable(event.type);
  const [path = ''] = event.path.split('?', 1);
  return `${printable(`${event.method} ${path}`)} -> ${event.status}`;
}

function printable(text: string): string {
  // Two code units at most make a character, so a pair cut here is beyond what is shown.
  const start = text.slice(0, 2 * (maxDescription + 1));
  const escaped = start.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
  const characters = Array.from(escaped);
  return characters.length <= maxDescription ? escaped : `${characters.slice(0, maxDescription).join('')}…`;
}
