/** From an event to the data products to look at again. Pure: the tables are in `v1-routes.ts` and `v2-events.ts`. */
import type { Affected } from '../model/affected.ts';
import { isSuccess, type V1Event, type V2Event, type WebhookEvent } from './event.ts';
import { ignored } from './touches.ts';
import { v1Routes } from './v1-routes.ts';
import { v2Events } from './v2-events.ts';

/**
 * Names the products an event may have touched, and the look-ups that find the ones it does not name. Never throws.
 *
 * @returns `ignored`, with a reason that quotes nothing of the body, for failed calls, calls that change no data
 *   product, unknown events and ids that are no UUIDs
 */
export function affectedProducts(event: WebhookEvent): Affected {
  return event.generation === 'v1' ? affectedByCall(event) : affectedByRow(event);
}

function affectedByCall({ method, path, status, response }: V1Event): Affected {
  if (!isSuccess(status)) return ignored(`the portal answered ${status}, so nothing changed`);
  const segments = segmentsOf(path);
  const answer = parseAnswer(response);
  for (const route of v1Routes) {
    const affected = route.affected(method, segments, answer);
    if (affected !== undefined) return affected;
  }
  return ignored('not a call that changes a data product');
}

function affectedByRow({ type, data }: V2Event): Affected {
  return v2Events.get(type)?.(data) ?? ignored('unknown type of event');
}

/** The path below `/api/v2` in parts, with or without its trailing slash; none for any other path. */
function segmentsOf(path: string): readonly string[] {
  const base = '/api/v2/';
  return path.startsWith(base) ? path.slice(base.length).replace(/\/$/, '').split('/') : [];
}

/** The portal's answer is JSON inside a JSON string, or nothing, or (`/mcp/`) an event stream. */
function parseAnswer(response: string | null): unknown {
  try {
    return JSON.parse(response ?? 'null');
  } catch {
    return undefined;
  }
}
