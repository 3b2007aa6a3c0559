/** A row of the audit as a CloudEvent 1.0 in the JSON format (github.com/cloudevents/spec, versions 1.0.x). */
import { z } from 'zod';
import type { AuditLine as Line } from '../../insight/audit.ts';
import { AuditLine } from './schemas.ts';

/** With `source`, the row's id makes an event one of its kind: who gets it twice can tell. */
const source = '/data-product-provisioner/audit';

export const AuditEvent = z
  .strictObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1),
    source: z.literal(source),
    type: z.string().regex(/^provisioner\.audit\..+$/),
    time: z.date(),
    subject: z.string().min(1).optional().meta({ description: 'The product, where it is about one.' }),
    datacontenttype: z.literal('application/json'),
    // Integers of CloudEvents have 32 bits.
    seq: z
      .string()
      .optional()
      .meta({ description: 'Extension: number in the chain; none for some seconds.' }),
    hash: z.string().optional().meta({
      description: 'Extension: SHA-256 (hex) over the hash before it and this row; none for some seconds.',
    }),
    data: AuditLine.omit({ id: true, at: true, seq: true, hash: true }),
  })
  .meta({ id: 'AuditEvent' });
export type AuditEvent = z.infer<typeof AuditEvent>;

/** Attributes that have no value are left out: in this format `null` would say the same in more words. */
function toAuditEvent({ id, at, seq, hash, ...data }: Line): AuditEvent {
  return {
    specversion: '1.0',
    id,
    source,
    type: `provisioner.audit.${data.action}`,
    time: at,
    ...(data.product === null ? {} : { subject: data.product }),
    datacontenttype: 'application/json',
    ...(seq === null ? {} : { seq }),
    ...(hash === null ? {} : { hash }),
    data,
  };
}

/** Rows as events, one at a time. */
export async function* auditEvents(lines: AsyncIterable<Line>): AsyncGenerator<AuditEvent> {
  for await (const line of lines) yield toAuditEvent(line);
}
