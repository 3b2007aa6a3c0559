/** The OpenAPI 3.1 document, from the very forms that check requests. */
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { cookieName } from '../../auth/cookies.ts';
import { version } from '../../model/version.ts';
import type { Endpoint } from './endpoint.ts';
import { Problem, type ProblemCode, problemCatalogue } from './problem.ts';

export type ApiDocument = ReturnType<typeof createDocument>;

/** Any operation can have these. */
const usual: readonly ProblemCode[] = ['REQUEST_INVALID', 'UNAUTHENTICATED', 'FORBIDDEN'];

/**
 * @param endpoints every operation that the router serves
 * @param secure browsers reach us by https
 */
export function describeApi(endpoints: readonly Endpoint[], secure: boolean): ApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const endpoint of endpoints)
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operationOf(endpoint) };
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'Data product provisioner',
        version,
        description:
          'What the provisioner knows and did, and orders to it. Send `Authorization: Bearer <key>`, or the cookie of a login; a write with a cookie brings `x-csrf-token` too.',
      },
      servers: [{ url: '/api/v1' }],
      security: [{ key: [] }, { login: [] }],
      paths,
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'A key of the form `prov_<id>_<secret>`.' },
          login: {
            type: 'apiKey',
            in: 'cookie',
            name: cookieName('login', secure),
            description: 'A person’s login.',
          },
        },
      },
    },
    {
      override: ({ jsonSchema, zodSchema }) => {
        if (zodSchema._zod.def.type !== 'date') return;
        jsonSchema.type = 'string';
        jsonSchema.format = 'date-time';
      },
    },
  );
}

function operationOf(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { params, query, body, answer } = endpoint;
  const { status, content, schema } = answer;
  return {
    operationId: operationIdOf(endpoint),
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: [endpoint.description, `Needs the role \`${endpoint.role}\`.`].filter(Boolean).join(' '),
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    ...(body && { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      [status]: { description: endpoint.summary, content: { [content]: { schema } } },
      ...(endpoint.method === 'get' && content === 'application/json'
        ? { 304: { description: 'As it was when you got the `ETag` that you sent in `If-None-Match`.' } }
        : {}),
      ...problemsOf([
        ...usual,
        ...(endpoint.method === 'get' ? [] : (['CSRF'] as const)),
        ...(endpoint.body === undefined ? [] : (['BODY_NOT_JSON', 'BODY_TOO_LARGE'] as const)),
        ...(endpoint.problems ?? []),
      ]),
      default: problemAnswer('Something behind the API failed.'),
    },
  };
}

function operationIdOf({ method, path }: Endpoint): string {
  const words = path.split(/[/{}.-]+/).filter((word) => word !== '');
  return [method, ...words.map((word) => word[0]?.toUpperCase() + word.slice(1))].join('');
}

/** Codes that share a status share its entry. */
function problemsOf(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => problemCatalogue[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => [
      status,
      problemAnswer(found.map((code) => `\`${code}\`: ${problemCatalogue[code].title}`).join(' ')),
    ]),
  );
}

function problemAnswer(description: string) {
  return { description, content: { 'application/problem+json': { schema: Problem } } };
}
