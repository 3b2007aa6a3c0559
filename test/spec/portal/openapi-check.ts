/** Holds a schema of ours against a schema of an OpenAPI 3.1 document. */
import { z } from 'zod';

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

export interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<
    Record<string, { readonly content?: { readonly 'application/json'?: { readonly schema?: JsonSchema } } }>
  >;
}

/** Everything in which `ours` asks for what the 200 answer of the operation does not promise; empty when it fits. */
export function complaintsAbout(ours: z.ZodType, operation: Operation, document: OpenApiDocument): string[] {
  const theirs = operation.responses['200']?.content?.['application/json']?.schema;
  if (theirs === undefined) return ['no 200 answer in the document'];
  const mine = z.toJSONSchema(ours, { io: 'input' }) as JsonSchema;
  return compare(mine, theirs, document, '$');
}

function resolve(schema: JsonSchema, document: OpenApiDocument): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const target = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
  if (target === undefined) throw new Error(`${schema.$ref} leads nowhere`);
  return resolve(target, document);
}

/** Each form that the portal may send must be one that we take. */
function compare(ours: JsonSchema, theirs: JsonSchema, document: OpenApiDocument, at: string): string[] {
  const taken = forms(ours);
  const sent = forms(resolve(theirs, document)).map((each) => resolve(each, document));
  return sent.flatMap((form) => {
    const tries = taken.map((each) => compareOne(each, form, document, at));
    return tries.some((complaints) => complaints.length === 0) ? [] : (tries[0] ?? []);
  });
}

/** The alternatives of a schema: `anyOf`, or several types. */
function forms(schema: JsonSchema): readonly JsonSchema[] {
  if (schema.anyOf !== undefined) return schema.anyOf;
  if (!Array.isArray(schema.type)) return [schema];
  return schema.type.map((type: string) => ({ ...schema, type }));
}

function compareOne(ours: JsonSchema, theirs: JsonSchema, document: OpenApiDocument, at: string): string[] {
  if (ours.type === undefined) return [];
  if (ours.type !== theirs.type) return [`${at}: ${ours.type} wanted, ${theirs.type ?? 'anything'} sent`];
  if (ours.format !== undefined && ours.format !== theirs.format) {
    return [`${at}: format ${ours.format} wanted, ${theirs.format ?? 'any text'} sent`];
  }
  if (ours.type === 'array') return compare(ours.items ?? {}, theirs.items ?? {}, document, `${at}[]`);
  return Object.entries(ours.properties ?? {}).flatMap(([name, mine]) => {
    const property = theirs.properties?.[name];
    if (property === undefined) return [`${at}.${name}: not sent at all`];
    const missing = ours.required?.includes(name) && !theirs.required?.includes(name);
    const complaints = compare(mine, property, document, `${at}.${name}`);
    return missing ? [`${at}.${name}: wanted always, sent sometimes`, ...complaints] : complaints;
  });
}
