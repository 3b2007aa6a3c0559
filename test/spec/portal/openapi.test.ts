import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labelOf, type Route, routes } from '../../../src/portal/routes.ts';
import { complaintsAbout, type OpenApiDocument, type Operation } from './openapi-check.ts';
import { type Generation, generations, openApi } from './recorded.ts';

const calls = Object.values(routes).map((route) => [labelOf(route), route] as const);

/** The operation behind a route of ours, whatever the path's parameters are called. */
function operationOf(document: OpenApiDocument, route: Pick<Route<unknown>, 'method' | 'path'>): Operation {
  const nameless = (path: string) => path.replaceAll(/\{\w+\}/g, '{}');
  const path = Object.keys(document.paths).find(
    (each) => nameless(each) === nameless(`/api/v2${route.path}`),
  );
  const operation = document.paths[path ?? '']?.[route.method.toLowerCase()];
  if (operation === undefined) throw new Error(`${route.method} ${route.path} is not in the document`);
  return operation;
}

const load = (generation: Generation) => openApi(generation) as OpenApiDocument;

describe.each(generations)('OpenAPI document of the portal, %s', (generation) => {
  const document = load(generation);

  it.each(calls)(
    '%s exists, with the trailing slash as we try it first, and promises every field we use',
    (_, route) => {
      const operation = operationOf(document, route);
      // The document says nothing about the answer of GET /version: its schema is empty.
      const untyped = route.path === '/version';
      const complaints = complaintsAbout(route.answer, operation, document);
      expect(complaints).toEqual(untyped ? ['$: object wanted, anything sent'] : []);
    },
  );

  it('the filter by product is a parameter of the role assignments', () => {
    const parameters = operationOf(document, routes.roleAssignments).parameters ?? [];
    expect(parameters.map((each) => each.name)).toContain('data_product_id');
  });

  it('a finalizer is added with the body we send', () => {
    expect(operationOf(document, routes.addFinalizer).requestBody).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/FinalizerRequest' } } },
    });
    expect(document.components.schemas.FinalizerRequest?.required).toEqual(['finalizer']);
  });

  it.each(calls.filter(([, route]) => route.method === 'GET'))(
    '%s has no paging that we would have to follow',
    (_, route) => {
      const parameters = operationOf(document, route).parameters ?? [];
      const names = parameters.map((each) => each.name);
      expect(names.filter((name) => /page|limit|offset|cursor|next/i.test(name))).toEqual([]);
    },
  );

  it('the check finds a field that is not there, of another type, or only sometimes there', () => {
    const detail = operationOf(document, routes.product);
    const complain = (shape: z.ZodRawShape) => complaintsAbout(z.object(shape), detail, document);
    expect(complain({ nonsense: z.string() })).toEqual(['$.nonsense: not sent at all']);
    expect(complain({ name: z.number() })).toEqual(['$.name: number wanted, string sent']);
    expect(complain({ name: z.uuid() })).toEqual(['$.name: format uuid wanted, any text sent']);
    expect(complain({ usage: z.string() })).toEqual(['$.usage: string wanted, null sent']);
    const inputs = z.object({ input_ports: z.array(z.object({ renewal_status: z.string().nullable() })) });
    expect(complaintsAbout(inputs, operationOf(document, routes.inputPorts), document)).toEqual([
      '$.input_ports[].renewal_status: wanted always, sent sometimes',
    ]);
  });
});

describe('the two generations', () => {
  it('disagree about the slash after the collection of technical assets, so no form can be taken for granted', () => {
    const collection = { method: 'GET', path: '/data_products/{id}/technical_assets' } as const;
    const slashed = { ...collection, path: `${collection.path}/` };
    expect(() => operationOf(load('v0.7.0'), collection)).not.toThrow();
    expect(() => operationOf(load('v0.7.0'), slashed)).toThrow();
    expect(() => operationOf(load('main'), slashed)).not.toThrow();
    expect(() => operationOf(load('main'), collection)).toThrow();
  });
});
