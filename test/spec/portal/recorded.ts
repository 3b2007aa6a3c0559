/** The portal's recorded answers: one life of a few products, once for each generation of its API. */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { ProductId } from '../../../src/model/ids.ts';
import type { Route } from '../../../src/portal/routes.ts';

const Recorded = z.object({
  request: z.object({ method: z.string(), path: z.string(), body: z.unknown() }),
  status: z.number(),
  response: z.unknown(),
  response_body_empty: z.boolean().optional(),
  response_headers: z.record(z.string(), z.string()).optional(),
});
export type Recorded = z.infer<typeof Recorded>;

export const generations = ['v0.7.0', 'main'] as const;
export type Generation = (typeof generations)[number];

const folder = new URL('../../fixtures/portal-api/', import.meta.url);

function read(generation: Generation, file: string): Recorded {
  return Recorded.parse(JSON.parse(readFileSync(new URL(`${generation}/${file}`, folder), 'utf8')));
}

export interface NamedRecorded extends Recorded {
  readonly file: string;
}

function allRecorded(generation: Generation): NamedRecorded[] {
  return readdirSync(new URL(`${generation}/`, folder)).map((file) => ({
    file,
    ...read(generation, file),
  }));
}

/** The recording with this name; its number differs between the generations. */
export function recorded(generation: Generation, name: string): Recorded {
  const found = allRecorded(generation).find((each) => each.file.replace(/^\d+-/, '') === `${name}.json`);
  if (found === undefined) throw new Error(`no recording ${name} of ${generation}`);
  return found;
}

/** The successful recordings of one of our calls. */
export function recordingsOf(generation: Generation, route: Route<unknown>): NamedRecorded[] {
  const pattern = new RegExp(`^/api/v2${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
  return allRecorded(generation).filter(
    ({ request, status }) =>
      request.method === route.method &&
      pattern.test(request.path.split('?')[0] ?? '') &&
      status >= 200 &&
      status < 300,
  );
}

export function openApi(generation: Generation): unknown {
  return JSON.parse(readFileSync(new URL(`openapi-${generation}.json`, folder), 'utf8'));
}

/** The two products of the recorded life: Sales Leads provides, `Café Ünïcode – 数据` consumes. */
export function cast(generation: Generation): { provider: ProductId; consumer: ProductId } {
  const idIn = (name: string) => ProductId.parse(recorded(generation, name).request.path.split('/')[4]);
  return { provider: idIn('data-product-with-finalizer'), consumer: idIn('input-ports-approved') };
}
