/** `template.yaml`: what a template is, what can be set in it, and whose each file is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';

/**
 * `managed` = ours, rewritten when its content changes; `merged` = ours to improve, theirs to edit; `once` = a starter,
 * then the person's.
 */
const Ownership = z.enum(['managed', 'merged', 'once']);
export type Ownership = z.infer<typeof Ownership>;

/** `when` names a parameter: the file is there only where that has a value other than false, empty or `none`. */
const FileRule = z.union([
  Ownership.transform((rule) => ({ rule, when: null })),
  z.strictObject({ rule: Ownership, when: z.string() }),
]);
export type FileRule = z.infer<typeof FileRule>;

const Manifest = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be of a-z, 0-9 and -'),
  version: z.number().int().positive(),
  title: z.string().min(1),
  description: z.string().min(1),
  engine: z.string().min(1),
  /** Version of what a template sees; each has everything of those before. */
  context: z.union([z.literal(1), z.literal(2)]).default(1),
  /** JSON Schema (2020-12) of the parameters: an object whose properties all have defaults. */
  parameters: z
    .looseObject({
      type: z.literal('object'),
      properties: z.record(z.string(), z.looseObject({ default: z.json() })),
    })
    .default({ type: 'object', properties: {} }),
  /** Commands that show in a new workspace that it works, from its folder. */
  acceptance: z.array(z.string().min(1)).default([]),
  files: z.record(z.string(), FileRule),
});
export type Manifest = z.infer<typeof Manifest>;

/** Values of a template's parameters, defaults filled in. */
export type Parameters = Readonly<Record<string, unknown>>;

/** @throws ProvisionerError `TEMPLATE_INVALID` */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'template.yaml');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalid(path, 'it can not be read; a template is a folder with a template.yaml', cause);
  });
  const manifest = Manifest.safeParse(parseYamlText(path, text));
  if (!manifest.success) throw invalid(path, z.prettifyError(manifest.error));
  const { properties } = manifest.data.parameters;
  for (const [file, { when }] of Object.entries(manifest.data.files)) {
    if (when !== null && properties[when] === undefined)
      throw invalid(path, `the file ${file} is there when ${when}, which is no parameter`);
  }
  return manifest.data;
}

/**
 * Makes the check of a template's parameters, which fills in defaults.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID` when the schema is none; the returned function when a value is wrong
 */
export function parametersOf(folder: string, manifest: Manifest): (given: Parameters) => Parameters {
  const path = join(folder, 'template.yaml');
  const validate = compileSchema(path, { additionalProperties: false, ...manifest.parameters });
  return (given) => {
    const values = structuredClone({ ...given });
    if (validate(values)) return values;
    const faults = (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${instancePath.slice(1) || (params.additionalProperty ?? 'the parameters')} ${message}`,
    );
    throw invalid(path, `its parameters are wrong: ${faults.join('; ')}`);
  };
}

/** Parameter → values to try it with: all that it can have where the schema lists them, else its examples. */
export function choicesOf({
  parameters: { properties },
}: Manifest): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const values = Choices.parse(schema);
      if (values.type === 'boolean') return [name, [true, false]];
      return [name, values.enum ?? values.examples ?? []];
    }),
  );
}

/** What of a JSON Schema tells values. */
const Choices = z.looseObject({
  type: z.string().optional().catch(undefined),
  enum: z.array(z.unknown()).optional().catch(undefined),
  examples: z.array(z.unknown()).optional().catch(undefined),
});

function compileSchema(path: string, schema: object): ValidateFunction {
  try {
    return new Ajv2020({ useDefaults: true, allErrors: true, strict: true }).compile(schema);
  } catch (cause) {
    throw invalid(
      path,
      `\`parameters\` is no JSON Schema: ${cause instanceof Error ? cause.message : ''}`,
      cause,
    );
  }
}

function parseYamlText(path: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** A template that can not be used, with the file and what is wrong with it. */
export function invalid(file: string, what: string, cause?: unknown): ProvisionerError {
  const message = `The template file ${file} is not usable: ${what}`;
  return new ProvisionerError('TEMPLATE_INVALID', message, { cause });
}
