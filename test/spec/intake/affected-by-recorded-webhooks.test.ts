/** Every recorded webhook of one life of a few products, held against what its step really touched. */
import { describe, expect, it } from 'vitest';
import { affectedProducts } from '../../../src/intake/affected-products.ts';
import { parseEvent } from '../../../src/intake/event.ts';
import type { Affected, LookUp } from '../../../src/model/affected.ts';
import { recordedV1, recordedV2 } from './recorded-webhooks.ts';

interface World {
  readonly provider: string;
  /** Consumers of the provider's ports, at some time of the recorded life. */
  readonly consumers: readonly string[];
}

const worlds = {
  v1: {
    provider: '646f84b5-c8ae-4627-a03b-015f8eccad45',
    consumers: ['0fe30f9f-ac64-4ca7-8268-639bcd7ada2e', 'b34868ed-2d25-4228-92d5-ba410dcebebd'],
  },
  v2: {
    provider: 'ff6fbd43-a6d2-45da-ae21-521f8a5ab731',
    consumers: ['77b82083-3915-4a17-a6dd-b283df86aaf1', '0620043d-ad28-4a58-81f8-1c85e95b89f8'],
  },
} satisfies Record<string, World>;

/** Steps that touched a product which no webhook could name: the portal sends nothing. The resync or our own clock finds it. */
const unannounced = ['31-input-port-approve-renewal'];

/** Whom a product asked for access in the call that made it, its own first run wakes. */
const wokenByItsRun = ['47-data-product-create-with-input-ports'];

function affectedBy(body: Buffer): Affected {
  const parsed = parseEvent(JSON.parse(body.toString()));
  if (!parsed.ok) throw new Error(parsed.reason);
  return affectedProducts(parsed.event);
}

function named(verdicts: readonly Affected[]): string[] {
  return verdicts.flatMap((verdict) => (verdict.kind === 'affected' ? verdict.products : []));
}

function lookUps(verdicts: readonly Affected[]): LookUp[] {
  return verdicts.flatMap((verdict) => (verdict.kind === 'affected' ? verdict.lookUps : []));
}

function isEverything(verdicts: readonly Affected[]): boolean {
  return lookUps(verdicts).some(({ kind }) => kind === 'everything');
}

/** What the look-up finds in this world, where every port of the provider has all the consumers. */
function found(lookUp: LookUp, { provider, consumers }: World): readonly string[] {
  if (lookUp.kind === 'everything') return [];
  if (lookUp.kind === 'providers-of') return consumers.includes(lookUp.consumer) ? [provider] : [];
  return lookUp.provider === provider ? consumers : [];
}

function missed(touched: readonly string[], verdicts: readonly Affected[], world: World): string[] {
  if (isEverything(verdicts)) return [];
  const reached = new Set([...named(verdicts), ...lookUps(verdicts).flatMap((each) => found(each, world))]);
  return touched.filter((product) => !reached.has(product));
}

describe('a v1 webhook', () => {
  it.each(recordedV1.map((each) => [each.name, each] as const))(
    'reaches all that it touched: %s',
    (_, recorded) => {
      const verdict = affectedBy(recorded.body);
      const left = wokenByItsRun.includes(recorded.name) ? [worlds.v1.provider] : [];
      expect(missed(recorded.touched, [verdict], worlds.v1)).toEqual(left);
      if (!isEverything([verdict])) expect(named([verdict])).toEqual(recorded.named);
    },
  );

  it('asks for everything only where no product is named, or in the removal of a role', () => {
    const everything = recordedV1.filter(({ body }) => isEverything([affectedBy(body)]));
    expect(everything.map(({ name }) => name.slice(3))).toEqual([
      'role-dp-delete',
      'domain-update',
      'domain-migrate',
      'type-migrate',
      'tag-delete',
      'setting-def-delete',
      'lifecycle-delete',
      'access-durations-set',
    ]);
  });

  it('is ignored when the call failed, and for explorations', () => {
    const reasons = recordedV1.flatMap(({ name, body }) => {
      const verdict = affectedBy(body);
      return verdict.kind === 'ignored' ? [`${name.slice(3)}: ${verdict.reason}`] : [];
    });
    expect(reasons).toEqual([
      'input-port-request-duplicate-400: the portal answered 400, so nothing changed',
      'fail-422-create: the portal answered 422, so nothing changed',
      'fail-422-bad-json: the portal answered 422, so nothing changed',
      'fail-403-as-bob: the portal answered 403, so nothing changed',
      'fail-404-old-api: the portal answered 404, so nothing changed',
      'fail-405: the portal answered 405, so nothing changed',
      'fail-409-non-ascii: the portal answered 409, so nothing changed',
      'exploration-create: an exploration is not a data product',
      'exploration-delete: an exploration is not a data product',
      'fail-404-update-unknown: the portal answered 404, so nothing changed',
      'fail-500: the portal answered 500, so nothing changed',
      'fail-422-control-characters: the portal answered 422, so nothing changed',
      'fail-307-trailing-slash: the portal answered 307, so nothing changed',
    ]);
  });
});

describe('the v2 events of one call', () => {
  const announced = recordedV2.filter(({ name }) => !unannounced.includes(name));

  it.each(announced.map((each) => [each.name, each] as const))(
    'reach all that it touched: %s',
    (_, recorded) => {
      expect(missed(recorded.touched, recorded.bodies.map(affectedBy), worlds.v2)).toEqual([]);
    },
  );

  it('never ask for everything', () => {
    expect(recordedV2.filter(({ bodies }) => isEverything(bodies.map(affectedBy)))).toEqual([]);
  });

  it('are none for some calls that touch products, which the resync or the clock must find', () => {
    const silent = recordedV2.filter(({ bodies, touched }) => bodies.length === 0 && touched.length > 0);
    expect(silent.map(({ name }) => name)).toEqual(unannounced);
  });
});
