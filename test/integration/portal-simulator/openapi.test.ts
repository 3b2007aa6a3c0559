/** The simulator is held against the portal's own OpenAPI documents. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { allRoutes } from '../../../demo/portal/routes/all-routes.ts';
import type { Generation } from '../../../demo/portal/state/records.ts';
import { goThroughAccess } from './acts-of-access.ts';
import { end } from './acts-of-ending.ts';
import { makeEverything } from './acts-of-making.ts';
import { Life, type Outcome } from './life.ts';
import { openApi, recordedAnswer } from './recordings.ts';
import { Replay } from './replay.ts';

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>
  >;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Says what is wrong with an answer, by the schema that the document has for it; null when nothing is. */
function answerCheck(generation: Generation) {
  const document = openApi(generation);
  // OpenAPI's own words beside JSON Schema's (`discriminator`, `example`) are no concern here.
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // The portal's times have no zone.
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/);
  ajv.addSchema({ ...document, $id: 'portal' });
  const paths = document.paths as Paths;
  const matchers = Object.keys(paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  const find = (path: string): string | undefined => {
    const bare = path.split('?', 1)[0] ?? '';
    if (paths[bare] !== undefined) return bare;
    return matchers.find(({ pattern }) => pattern.test(bare))?.path;
  };
  return {
    paths,
    check(method: string, path: string, status: number, json: unknown): string | null {
      const template = find(path);
      if (template === undefined) return `${path} is in no document`;
      const operation = paths[template]?.[method.toLowerCase()];
      if (operation?.responses[status] === undefined) return `${method} ${template} answers no ${status}`;
      if (operation.responses[status].content === undefined) return null;
      const pointer = ['paths', template, method.toLowerCase(), 'responses', String(status)]
        .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
        .join('/');
      const schema = `portal#/${pointer}/content/application~1json/schema`;
      const valid = ajv.validate({ $ref: schema }, json);
      return valid ? null : `${method} ${template}: ${ajv.errorsText()}`;
    },
  };
}

describe.each(['v0.7.0', 'main'] as const)('%s', (generation) => {
  test('every route is one of the document', () => {
    const { paths } = answerCheck(generation);
    const routes = allRoutes(generation, { keyed: false });
    expect(routes.length).toBeGreaterThan(40);
    for (const { method, path } of routes) {
      expect(Object.keys(paths[`/api/v2${path}`] ?? {}), path).toContain(method.toLowerCase());
    }
  });

  test('the document’s check takes a recorded answer and refuses one with a field missing', () => {
    const { check } = answerCheck(generation);
    const { request, status, response } = recordedAnswer(generation, 'input-ports-approved');
    expect(check(request.method, request.path, status, response)).toBeNull();
    const { input_ports } = response as { input_ports: { status: string }[] };
    const broken = { input_ports: input_ports.map(({ status: _status, ...rest }) => rest) };
    expect(check(request.method, request.path, status, broken)).toMatch(/status/);
  });

  test('every answer of a whole life is valid by the document', async () => {
    const { check } = answerCheck(generation);
    await using life = await Life.begin(generation);
    const faults: (string | null)[] = [];
    const call = life.call.bind(life);
    life.call = async (method: string, path: string, body?: unknown): Promise<Outcome> => {
      const outcome = await call(method, path, body);
      const { status, answer } = outcome;
      // Refusals other than 422 have no schema in the documents.
      if (status < 400) faults.push(check(method, `/api/v2${path}`, status, answer));
      return outcome;
    };
    const replay = new Replay(life, generation);
    const cast = await makeEverything(replay);
    await goThroughAccess(replay, cast);
    await end(replay, cast);
    for (const path of [
      'data_product_lifecycles',
      'data_product_types',
      'domains',
      'tags',
      'data_product_settings',
    ]) {
      await life.call('GET', `/configuration/${path}`);
    }
    for (const path of ['/version', '/users/current', '/resource_names/constraints'])
      await life.call('GET', path);
    await life.call('GET', '/resource_names/validate?resource_name=x&model=output_port');
    expect(faults.length).toBeGreaterThan(90);
    expect(faults.filter((fault) => fault !== null)).toEqual([]);
  });
});
