/** What was recorded from the real portal, and how an answer of ours is compared with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Generation } from '../../../demo/portal/state/records.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));

// The fixtures are ours and checked in; each kind has one shape.
const read = <Shape>(path: string): Shape => JSON.parse(readFileSync(`${fixtures}${path}`, 'utf8')) as Shape;

interface RecordedExchange {
  readonly request: { readonly method: string; readonly path: string; readonly body: unknown };
  readonly status: number;
  readonly response: unknown;
  readonly response_body_empty?: boolean;
  readonly response_headers?: Readonly<Record<string, string>>;
}

interface RecordedV1 {
  readonly secret: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body_raw_base64: string;
  readonly body: {
    readonly method: string;
    readonly url: string;
    readonly query: string;
    readonly response: string;
    readonly status_code: number;
  };
}

interface RecordedEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly type: string; readonly data: Readonly<Record<string, string>> };
}

/** The file of a folder whose name, without its number, is the given one. */
function named(folder: string, name: string): string {
  const file = readdirSync(`${fixtures}${folder}`).find((one) => one.replace(/^\d+-/, '') === `${name}.json`);
  if (file === undefined) throw new Error(`nothing was recorded as ${folder}/${name}`);
  return `${folder}/${file}`;
}

export const recordedAnswer = (generation: Generation, name: string): RecordedExchange =>
  read(named(`portal-api/${generation}`, name));

export const recordedV1 = (name: string): RecordedV1 => read(named('webhooks/v1', name));

export const recordedV2 = (name: string): readonly RecordedEvent[] =>
  read<{ readonly events: readonly RecordedEvent[] }>(named('webhooks/v2', name)).events;

export const allRecordedV1 = (): readonly RecordedV1[] =>
  readdirSync(`${fixtures}webhooks/v1`).map((file) => read(`webhooks/v1/${file}`));

export const openApi = (generation: Generation): Readonly<Record<string, unknown>> =>
  read(`portal-api/openapi-${generation}.json`);

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/;
const day = /^\d{4}-\d\d-\d\d$/;
const correlation = /^[0-9a-f]{32}$/;

/** Fields that tell of people's settings, not of the portal's state. */
const personal = new Set(['has_seen_tour', 'can_become_admin', 'admin_expiry']);

/**
 * Compares our values with recorded ones: same keys, same values, where times count as equal to times and every
 * recorded id must always stand for the same id of ours. The order of lists means nothing.
 */
export class Comparison {
  readonly #ours = new Map<string, string>();

  /** A recorded text with our ids in it; ids that were not seen yet stay. */
  translate(recorded: string): string {
    return recorded.replaceAll(uuid, (id) => this.#ours.get(id) ?? id);
  }

  /** A recorded value as ours must be; times become words. Ids are learned from the same place in ours. */
  expectation(recorded: unknown, ours: unknown): unknown {
    this.#learn(recorded, ours);
    return this.#inOurIds(recorded);
  }

  /** Our value in the form of `expectation`. */
  subject(ours: unknown): unknown {
    return normal(ours);
  }

  #learn(recorded: unknown, ours: unknown): void {
    if (typeof recorded === 'string' && typeof ours === 'string') {
      const [theirIds, ourIds] = [recorded.match(uuid) ?? [], ours.match(uuid) ?? []];
      for (const [index, id] of theirIds.entries()) {
        const other = ourIds[index];
        if (other !== undefined && !this.#ours.has(id)) this.#ours.set(id, other);
      }
    } else if (Array.isArray(recorded) && Array.isArray(ours)) {
      // Partners are those that agree in all but the ids that were not seen yet.
      const known = new Set(this.#ours.values());
      const partners = sortedBy(ours, (text) => text.replaceAll(uuid, (id) => (known.has(id) ? id : 'new')));
      const items = sortedBy(recorded, (text) => text.replaceAll(uuid, (id) => this.#ours.get(id) ?? 'new'));
      for (const [index, item] of items.entries()) this.#learn(item, partners[index]);
    } else if (isObject(recorded) && isObject(ours)) {
      for (const [key, value] of Object.entries(recorded)) this.#learn(value, ours[key]);
    }
  }

  #inOurIds(recorded: unknown): unknown {
    return normal(JSON.parse(this.translate(JSON.stringify(recorded ?? null))));
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sortedBy(items: readonly unknown[], key: (text: string) => string): readonly unknown[] {
  const keyed = items.map((item) => ({ item, key: key(JSON.stringify(normal(item))) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item);
}

function normal(value: unknown): unknown {
  if (typeof value === 'string') {
    if (time.test(value)) return 'a time';
    if (correlation.test(value)) return 'a correlation id';
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(normal).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => !personal.has(key));
  return withoutDays(Object.fromEntries(entries.map(([key, item]) => [key, normal(item)])));
}

/** The days of an access become its length. */
function withoutDays(value: Record<string, unknown>): Record<string, unknown> {
  const { valid_from: from, valid_until: until } = value;
  if (typeof from !== 'string' || !day.test(from)) return value;
  const days = typeof until === 'string' ? (Date.parse(until) - Date.parse(from)) / 86_400_000 : null;
  return { ...value, valid_from: 'a day', valid_until: days };
}
