/** Calls the API as programs do, and holds every answer against the document that the daemon itself serves. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

const Content = z.record(z.string(), z.object({ schema: z.looseObject({}) }));
const Document = z.looseObject({
  openapi: z.literal('3.1.1'),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        description: z.string(),
        responses: z.record(z.string(), z.object({ content: Content.optional() })),
      }),
    ),
  ),
});
export type ApiDocument = z.infer<typeof Document>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, when it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects; what is not there fails it
  readonly json: any;
}

export interface ApiCaller {
  readonly document: ApiDocument;
  /** Operations that were called, as `get /products/{product}`. */
  readonly called: ReadonlySet<string>;
  /** @throws when the answer is not as the document says @param path below `/api/v1` */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param headers of every call, such as the key */
export async function createApiCaller(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<ApiCaller> {
  const served = await fetch(`${url}/api/v1/openapi.json`, { headers });
  const document = Document.parse(await served.json());
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: 'https://provisioner.invalid/openapi' });
  const called = new Set<string>();

  const complaints = (operation: string, status: number, type: string, value: unknown) => {
    const [method = '', template = ''] = operation.split(' ');
    const responses = document.paths[template]?.[method]?.responses ?? {};
    const key = String(status) in responses ? String(status) : 'default';
    if (responses[key]?.content === undefined) return value === undefined ? [] : ['no content is described'];
    if (responses[key].content[type] === undefined) return [`no ${type} is described`];
    const pointer = ['paths', template, method, 'responses', key, 'content', type, 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = ajv.compile({ $ref: `https://provisioner.invalid/openapi#/${pointer}` });
    const lines = type === 'application/x-ndjson' ? (value as unknown[]) : [value];
    return lines.flatMap((line) => (validate(line) ? [] : [ajv.errorsText(validate.errors)]));
  };

  return {
    document,
    called,
    call: async (method, path, options = {}) => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method: method.toUpperCase(),
        redirect: 'manual',
        headers: {
          ...headers,
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      const value = parsedAs(type, text);
      const template = templateOf(document, path);
      if (template !== null) {
        const operation = `${method} ${template}`;
        called.add(operation);
        const wrong = complaints(operation, response.status, type, value);
        if (wrong.length > 0)
          throw new Error(
            `${operation} answered ${response.status}, not as described: ${wrong.join('; ')}\n${text}`,
          );
      }
      return { status: response.status, headers: response.headers, text, json: value };
    },
  };
}

function parsedAs(type: string, text: string): unknown {
  if (type === 'application/x-ndjson')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  if (text === '') return undefined;
  return type.endsWith('json') ? JSON.parse(text) : text;
}

/** The path of the document that a call's path fits; those without parameters first. */
function templateOf(document: ApiDocument, path: string): string | null {
  const [plain = ''] = path.split('?');
  const templates = Object.keys(document.paths).sort(
    (left, right) => left.split('{').length - right.split('{').length,
  );
  const fits = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain);
  return templates.find(fits) ?? null;
}
