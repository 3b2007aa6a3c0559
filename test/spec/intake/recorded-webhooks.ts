/** The portal's recorded webhooks of both generations, and what each step of that life really touched. */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const Base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));

const V1Recording = z.object({
  secret: z.string(),
  headers: z.object({ sign: z.string() }),
  body_raw_base64: Base64,
  affected: z.object({ named_in_webhook: z.array(z.string()), really_touched: z.array(z.string()) }),
});

const V2Recording = z.object({
  events: z.array(z.object({ body_raw_base64: Base64 })),
  affected: z.object({ really_touched: z.array(z.string()) }),
});

export interface RecordedV1 {
  readonly name: string;
  readonly secret: string;
  readonly sign: string;
  readonly body: Buffer;
  readonly named: readonly string[];
  readonly touched: readonly string[];
}

/** One call and the events that it set off, often several, sometimes none. */
export interface RecordedV2 {
  readonly name: string;
  readonly bodies: readonly Buffer[];
  readonly touched: readonly string[];
}

const folder = new URL('../../fixtures/webhooks/', import.meta.url);

function readAll<T>(generation: 'v1' | 'v2', schema: z.ZodType<T>): (T & { name: string })[] {
  return readdirSync(new URL(`${generation}/`, folder)).map((file) => ({
    name: file.replace(/\.json$/, ''),
    ...schema.parse(JSON.parse(readFileSync(new URL(`${generation}/${file}`, folder), 'utf8'))),
  }));
}

export const recordedV1: readonly RecordedV1[] = readAll('v1', V1Recording).map((each) => ({
  name: each.name,
  secret: each.secret,
  sign: each.headers.sign,
  body: each.body_raw_base64,
  named: each.affected.named_in_webhook,
  touched: each.affected.really_touched,
}));

export const recordedV2: readonly RecordedV2[] = readAll('v2', V2Recording).map((each) => ({
  name: each.name,
  bodies: each.events.map((event) => event.body_raw_base64),
  touched: each.affected.really_touched,
}));

/** The v1 recording with this name, without its number. */
export function recordingV1(name: string): RecordedV1 {
  const found = recordedV1.find((each) => each.name.replace(/^\d+-/, '') === name);
  if (found === undefined) throw new Error(`no recorded webhook ${name}`);
  return found;
}
