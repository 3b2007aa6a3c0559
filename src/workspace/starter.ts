/** A small template that works, for people to make their own of. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ProvisionerError } from '../model/errors.ts';

const filesOf = (id: string): Readonly<Record<string, string>> => ({
  'template.yaml': `id: ${id}
version: 1
title: ${id}
description: Says what this template is for.
engine: none
# What the platform can set, as JSON Schema; every parameter has a default.
parameters:
  type: object
  properties:
    greeting:
      type: string
      default: Hello
# Commands that show in a new workspace that it works.
acceptance:
  - grep -q '^inputs:' inputs.yaml
# managed = rewritten when its content changes; merged = the template's changes are merged into what people made of it;
# once = a starter, then the person's.
files:
  README.md: merged
  .gitignore: merged
  inputs.yaml: managed
`,
  'files/README.md.hbs': `# {{line product.name}}

{{line parameters.greeting}}! {{line product.description}}

Outputs go to \`{{home.outputUri}}\`.
`,
  'files/.gitignore': '.env\n',
  'files/inputs.yaml.hbs': `# Managed by the provisioner: changes to this file are not kept.
inputs:
{{#each inputs}}
  - name: {{yaml product.name}}
    uri: {{yaml uri}}
{{else}}
  []
{{/each}}
`,
});

/** @throws ProvisionerError `CONFIG_INVALID` when the folder is there already or its name can not be a template's */
export async function writeStarter(folder: string): Promise<void> {
  const id = basename(folder);
  if (!/^[a-z0-9][a-z0-9-]*$/.test(id))
    throw new ProvisionerError(
      'CONFIG_INVALID',
      `A template is named with a-z, 0-9 and -, not ${JSON.stringify(id)}.`,
    );
  await makeNew(folder);
  for (const [path, text] of Object.entries(filesOf(id))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** @throws ProvisionerError `CONFIG_INVALID` when something lies there */
export async function makeNew(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder).catch((cause: unknown) => {
    throw new ProvisionerError('CONFIG_INVALID', `${folder} is there already, or can not be made.`, {
      cause,
    });
  });
}
