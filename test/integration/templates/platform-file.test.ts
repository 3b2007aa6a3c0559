/** The platform team's file, read from a disk and held against the templates that there are. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PlatformFile, readPlatformFile } from '../../../src/config/platform-file.ts';
import { type CatalogueOptions, loadCatalogue } from '../../../src/workspace/catalogue.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'platform-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let files = 0;
async function fileWith(text: string): Promise<string> {
  const path = join(root, `platform-${files++}.yaml`);
  await writeFile(path, text);
  return path;
}

describe('the file', () => {
  test('is read for the environment that this is', async () => {
    const path = await fileWith(`
version: 1
templates:
  ours: { path: templates/ours }
rules:
  - { domain: Sales, template: ours }
parameters:
  ours: { greeting: Hello, size: 1 }
env: { TRINO_HOST: localhost }
stores: { main: { endpoint: 'https://s3.example.com', bucket: ours } }
workspaces: { remote: { url: 'https://git.example.com/{home}.git' } }
environments:
  production:
    stores: { main: { bucket: live } }
    parameters: { ours: { size: 2 } }
    env: { TRINO_HOST: trino, TRINO_PASSWORD: { secret_ref: 'vault:secret/trino#password' } }
`);
    expect(await readPlatformFile(path, 'production')).toEqual({
      templates: { ours: { path: join(root, 'templates/ours') } },
      rules: [{ domain: 'Sales', template: 'ours' }],
      parameters: { ours: { greeting: 'Hello', size: 2 } },
      env: { TRINO_HOST: 'trino', TRINO_PASSWORD: { secret_ref: 'vault:secret/trino#password' } },
      remote: { url: 'https://git.example.com/{home}.git', user: 'git', branch: 'main' },
      rollout: { canaries: 0, stop_after: 1 },
      store: { endpoint: 'https://s3.example.com', bucket: 'live' },
    });
    expect((await readPlatformFile(path, undefined)).env).toEqual({ TRINO_HOST: 'localhost' });
  });

  test.each([
    [
      'an environment that it does not have',
      'version: 1\nenvironments: { test: {} }',
      'production',
      'it has: test',
    ],
    ['a word that it does not know', 'version: 1\ntemplate: {}', undefined, 'template'],
    ['a rule that fits everything', 'version: 1\nrules: [{ template: x }]', undefined, 'type, domain or tag'],
    [
      'a second store',
      'version: 1\nstores: { a: {}, b: {} }',
      undefined,
      'one installation serves one store',
    ],
    [
      'another store for an environment',
      'version: 1\nstores: { a: {} }\nenvironments: { test: { stores: { b: {} } } }',
      'test',
      'it names a and b',
    ],
    ['a line that is the provisioner’s', 'version: 1\nenv: { S3_BUCKET: x }', undefined, 'S3_ and AWS_'],
    ['a secret that is none of ours', 'version: 1\nenv: { X: { secret_ref: plain } }', undefined, 'vault:'],
    [
      'a repository with a password in it',
      'version: 1\ntemplates: { x: { git: https://a:b@c/d, ref: main } }',
      undefined,
      'without credentials',
    ],
    [
      'one address for the histories of all',
      "version: 1\nworkspaces: { remote: { url: 'https://git.example.com/all.git' } }",
      undefined,
      '{home} or {namespace}',
    ],
    [
      'a password in the address of histories',
      "version: 1\nworkspaces: { remote: { url: 'https://a:b@git.example.com/{home}.git' } }",
      undefined,
      'without credentials',
    ],
    [
      'an address of histories without TLS',
      "version: 1\nworkspaces: { remote: { url: 'http://git.example.com/{home}.git' } }",
      undefined,
      'local network',
    ],
    [
      'a program in place of an address of histories',
      "version: 1\nworkspaces: { remote: { url: 'ext::sh -c {home}' } }",
      undefined,
      'must be an https://',
    ],
    ['no YAML', 'version: [', undefined, 'Flow sequence'],
  ])('is refused for %s', async (_what, text, environment, words) => {
    await expect(readPlatformFile(await fileWith(text), environment)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(words),
    });
  });

  test('has its form in docs/platform.schema.json', async () => {
    const schema = JSON.parse(JSON.stringify(z.toJSONSchema(PlatformFile, { io: 'input' })));
    const path = 'docs/platform.schema.json';
    if (process.env.UPDATE_DOCS !== undefined) await writeFile(path, `${JSON.stringify(schema, null, 2)}\n`);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(schema);
  });
});

describe('the templates', () => {
  async function template(id: string, manifest = ''): Promise<string> {
    const folder = join(root, 'templates', id);
    await mkdir(join(folder, 'files'), { recursive: true });
    const head = `id: ${id}\nversion: 1\ntitle: T\ndescription: D\nengine: none\n`;
    await writeFile(join(folder, 'template.yaml'), `${head}${manifest}files: { README.md: once }\n`);
    await writeFile(join(folder, 'files/README.md'), 'Hello\n');
    return folder;
  }
  const size = 'parameters: { type: object, properties: { size: { type: integer, default: 3 } } }\n';
  const options = async (change: Partial<CatalogueOptions> = {}): Promise<CatalogueOptions> => ({
    fallback: await template('first'),
    folders: {},
    rules: [],
    parameters: {},
    ...change,
  });

  test('beside the fallback can be had by their names, with their parameters’ defaults', async () => {
    await template('second', size);
    const { choices, fallback } = await loadCatalogue(await options());
    expect(fallback.template.id).toBe('first');
    expect(choices.get('second')?.parameters).toEqual({ size: 3 });
  });

  test('have the values that the platform sets', async () => {
    await template('second', size);
    const { choices } = await loadCatalogue(await options({ parameters: { second: { size: 5 } } }));
    expect(choices.get('second')?.parameters).toEqual({ size: 5 });
  });

  test.each<[string, Partial<CatalogueOptions>, string]>([
    ['a rule names none', { rules: [{ domain: 'x', template: 'nowhere' }] }, 'names the template nowhere'],
    [
      'parameters are for none',
      { parameters: { nowhere: {} } },
      'parameters are set for the template nowhere',
    ],
    ['a value is of the wrong type', { parameters: { second: { size: 'big' } } }, 'size must be integer'],
    ['a value is for no parameter', { parameters: { second: { colour: 1 } } }, 'colour'],
  ])('stop the start when %s', async (_what, change, words) => {
    await template('second', size);
    await expect(loadCatalogue(await options(change))).rejects.toThrow(words);
  });

  test('go by the names that the platform gives them', async () => {
    const folders = { other: await template('second', size) };
    const { choices } = await loadCatalogue(await options({ folders, parameters: { other: { size: 7 } } }));
    expect(choices.get('other')).toMatchObject({ template: { id: 'second' }, parameters: { size: 7 } });
  });
});
