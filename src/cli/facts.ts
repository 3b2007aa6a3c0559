/** Facts of a product in a file of one's own, to try a template on: what is left out is a sample's. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import { publishedTable } from '../model/published.ts';
import type { RenderContext } from '../workspace/render.ts';
import { plainProduct } from '../workspace/samples.ts';

const text = z.string();

const Table = z.strictObject({
  name: text,
  description: text.default(''),
  columns: z
    .array(z.strictObject({ name: text, type: text.nullable().default(null), description: text.default('') }))
    .default([]),
});

const Input = z
  .strictObject({
    product: z.strictObject({ id: text.default('00000000-0000-4000-8000-000000000000'), name: text }),
    outputPort: text.default('data'),
    schema: text,
    uri: text,
    published: z.array(Table).default([]),
  })
  .transform(({ published, ...input }) => {
    const tables = published.map(({ name, description, columns }) =>
      publishedTable(name, description, columns),
    );
    return { ...input, tables: tables.map(({ name }) => name), published: tables };
  });

const Facts = z.strictObject({
  product: z
    .strictObject({
      id: text.exactOptional(),
      name: text.exactOptional(),
      namespace: text.exactOptional(),
      description: text.exactOptional(),
      domain: text.exactOptional(),
      type: text.exactOptional(),
      lifecycle: text.nullable().exactOptional(),
      tags: z.array(text).exactOptional(),
      owners: z.array(z.strictObject({ name: text, email: text })).exactOptional(),
    })
    .default({}),
  home: z
    .strictObject({
      name: text.exactOptional(),
      bucket: text.exactOptional(),
      prefix: text.exactOptional(),
      schema: text.exactOptional(),
      outputUri: text.exactOptional(),
    })
    .default({}),
  inputs: z.array(Input).exactOptional(),
  parameters: z.record(text, z.json()).default({}),
});

/** @throws ProvisionerError `CONFIG_INVALID` that names the fact that is wrong */
export async function readFacts(path: string | undefined): Promise<RenderContext> {
  const { product, home, inputs, parameters } = path === undefined ? Facts.parse({}) : await parseFile(path);
  return {
    product: { ...plainProduct.product, ...product },
    home: { ...plainProduct.home, ...home },
    inputs: inputs ?? plainProduct.inputs,
    parameters,
  };
}

async function parseFile(path: string): Promise<z.infer<typeof Facts>> {
  try {
    return Facts.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ProvisionerError('CONFIG_INVALID', `${path} does not hold facts of a product: ${why}`, {
      cause,
    });
  }
}
