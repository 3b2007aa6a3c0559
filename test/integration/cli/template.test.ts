/** What people who write templates do on the command line. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'template-cli-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const settings = {
  PROV_DPP_API_URL: 'http://localhost:8080',
  S3_ENDPOINT: 'http://localhost:9000',
  S3_ACCESS_KEY: 'provisioner',
  S3_SECRET_KEY: 'a-secret-of-the-admin',
  WEBHOOK_SECRET: 'a-secret-of-the-portal',
};

async function provisioner(words: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['src/main.ts', ...words], {
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...settings, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, out, err };
}

async function tree(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const full = join(root, folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(full, path)), { recursive: true });
    await writeFile(join(full, path), text);
  }
  return full;
}

const head = 'version: 1\ntitle: T\ndescription: D\nengine: none\n';

describe('lint', () => {
  test('finds every template of the project in order', async () => {
    const { code, out } = await provisioner(['template', 'lint', 'templates/sqlmesh']);
    expect(out).toBe('templates/sqlmesh: in order\n');
    expect(code).toBe(0);
  });

  test('names what a product would stumble over', async () => {
    const folder = await tree('broken', {
      'template.yaml': `id: broken\n${head}files: { README.md: once, .gitignore: once, a.yaml: once, b.json: once, key.txt: once }\n`,
      'files/README.md.hbs': '{{product.nickname}}',
      'files/.gitignore': '',
      'files/a.yaml.hbs': '',
      'files/b.json': '',
      'files/key.txt': '',
    });
    const unknown = await provisioner(['template', 'lint', folder, '--json']);
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain('nickname');
    await tree('broken', {
      'files/README.md.hbs': '# {{line product.name}}',
      'files/a.yaml.hbs': 'name: {{product.name}}',
      'files/b.json': '{ "a": }',
      'files/key.txt': `AKIA${'ABCDEFGH23456789'}`,
    });
    const { out } = await provisioner(['template', 'lint', folder]);
    expect(out).toContain('a.yaml: it is no YAML');
    expect(out).toContain('(a product with hostile texts)');
    expect(out).toContain('b.json: it is no JSON');
    expect(out).toContain('key.txt: it seems to hold an access key');
  });

  test('misses a README', async () => {
    const folder = await tree('bare', {
      'template.yaml': `id: bare\n${head}files: {}\n`,
      'files/.empty': '',
    });
    await rm(join(folder, 'files/.empty'));
    expect((await provisioner(['template', 'lint', folder])).out).toContain('README.md: there is none');
  });
});

describe('preview', () => {
  test('shows and writes what a product would get, and compares it with what is there', async () => {
    const facts = await tree('facts', {
      'product.json': JSON.stringify({ product: { name: 'Orders' }, parameters: {} }),
    });
    const out = join(root, 'rendered');
    await mkdir(out);
    const words = ['template', 'preview', 'templates/sqlmesh', '--product', join(facts, 'product.json')];
    const { code, out: shown } = await provisioner([...words, '--out', out]);
    expect(code).toBe(0);
    expect(shown).toMatch(/^FILE +RULE +BYTES$/m);
    expect(await readFile(join(out, 'README.md'), 'utf8')).toMatch(/^# Orders$/m);
    await writeFile(join(out, 'README.md'), 'mine');
    await rm(join(out, 'run.sh'));
    const { out: compared } = await provisioner([...words, '--against', out]);
    expect(compared).toMatch(/^README\.md .* differs$/m);
    expect(compared).toMatch(/^run\.sh .* missing$/m);
    expect(compared).toMatch(/^config\.yaml .* same$/m);
  });

  test('says which fact is wrong', async () => {
    const facts = await tree('facts', { 'wrong.json': '{ "product": { "tags": "x" } }' });
    const { code, err } = await provisioner([
      'template',
      'preview',
      'templates/sqlmesh',
      '--product',
      join(facts, 'wrong.json'),
    ]);
    expect(code).toBe(2);
    expect(err).toContain('product.tags');
  });
});

describe('a new template', () => {
  test('is in order from the start, and is not written over', async () => {
    const folder = join(root, 'fresh');
    expect((await provisioner(['template', 'new', folder])).code).toBe(0);
    expect((await provisioner(['template', 'lint', folder])).out).toContain('in order');
    const { code, err } = await provisioner(['template', 'new', folder]);
    expect([code, err]).toEqual([2, expect.stringContaining('is there already')]);
  });

  test('can come from a Cookiecutter folder', async () => {
    const from = await tree('cutter', {
      'cookiecutter.json': JSON.stringify({
        project_name: 'Demo',
        project_slug: '{{ cookiecutter.project_name | lower }}',
        engine: ['duckdb', 'spark'],
        _copy_without_render: [],
      }),
      '{{ cookiecutter.project_slug }}/README.md':
        '# {{ cookiecutter.project_name }} on {{cookiecutter.engine}}\n',
      '{{ cookiecutter.project_slug }}/{{cookiecutter.project_slug}}.sql': 'select 1\n',
      '{{ cookiecutter.project_slug }}/models/a.sql': "{% raw %}select * from {{ ref('b') }}{% endraw %}\n",
      '{{ cookiecutter.project_slug }}/.gitignore': 'target/\n',
    });
    const folder = join(root, 'imported');
    expect((await provisioner(['template', 'import', from, folder])).code).toBe(0);
    expect((await provisioner(['template', 'lint', folder])).out).toContain('in order');
    const out = join(root, 'imported-rendered');
    await mkdir(out);
    await provisioner(['template', 'preview', folder, '--out', out]);
    expect(await readFile(join(out, 'README.md'), 'utf8')).toBe('# Sales report on duckdb\n');
    expect(await readFile(join(out, 'models/a.sql'), 'utf8')).toBe("select * from {{ ref('b') }}\n");
    expect(await readFile(join(out, 'sales_report.sql'), 'utf8')).toBe('select 1\n');
  });

  test('is not half made when the Cookiecutter folder uses more than can be taken over', async () => {
    const from = await tree('cutter-with-logic', {
      'cookiecutter.json': '{ "name": "x", "ci": "yes" }',
      '{{cookiecutter.name}}/a.md':
        "{% if cookiecutter.ci == 'yes' %}CI{% endif %} {{ cookiecutter.name | upper }}",
    });
    const folder = join(root, 'never');
    const { code, err } = await provisioner(['template', 'import', from, folder]);
    expect(code).toBe(2);
    expect(err).toContain("a.md: {% if cookiecutter.ci == 'yes' %}");
    expect(err).toContain('a.md: {{ cookiecutter.name | upper }}');
    await expect(readFile(join(folder, 'template.yaml'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what is set', () => {
  test('is listed with where it comes from, and without a secret', async () => {
    const file = await tree('platform', {
      'platform.yaml': 'version: 1\nrules: [{ tag: x, template: sqlmesh }]\nenv: { TRINO_HOST: trino }\n',
    });
    const env = { PROV_PLATFORM_FILE: join(file, 'platform.yaml') };
    const { code, out } = await provisioner(['config', 'show'], env);
    expect(code).toBe(0);
    expect(out).toMatch(/^S3_SECRET_KEY +environment +\*\*\*$/m);
    expect(out).toMatch(/^S3_BUCKET +default +data-products$/m);
    expect(out).toContain('"TRINO_HOST": "trino"');
    expect(out).not.toContain('a-secret-of');
    const listed = await provisioner(['template', 'list', '--json'], env);
    expect(JSON.parse(listed.out)).toMatchObject({ rules: [{ tag: 'x', template: 'sqlmesh' }] });
  });

  test('a word that is no command is answered with one that is', async () => {
    const { code, err } = await provisioner(['templat', 'list']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean template?')]);
  });
});
