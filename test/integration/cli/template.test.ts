/** What people who write templates do on the command line. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { readPlatformFile } from '../../../src/config/platform-file.ts';
import { readManifest } from '../../../src/workspace/manifest.ts';
import { provisioner as runProvisioner } from '../../support/command-line.ts';

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

const provisioner = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProvisioner(words, { ...settings, ...env });

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

  test('looks at all in ./templates when none is named', async () => {
    const { code, out } = await provisioner(['template', 'lint', '--json']);
    const names = (await readdir('templates')).sort().map((name) => `templates/${name}`);
    expect(names.length).toBeGreaterThan(1);
    expect(JSON.parse(out)).toEqual(Object.fromEntries(names.map((name) => [name, []])));
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
    expect(unknown.out).toContain('it uses product.nickname, which there is not');
    await tree('broken', {
      'files/README.md.hbs': '# {{line product.name}}',
      'files/a.yaml.hbs': 'name: {{product.name}}',
      'files/b.json': '{ "a": }',
      'files/key.txt': `AKIA${'ABCDEFGH23456789'}`,
    });
    const { out, err } = await provisioner(['template', 'lint', folder]);
    expect(err).toContain('no `acceptance` in template.yaml');
    expect(out).toContain('a.yaml: it is no YAML');
    expect(out).toContain('(a product with hostile texts)');
    expect(out).toContain('b.json: it is no JSON');
    expect(out).toContain('key.txt: it seems to hold an access key');
  });

  test('finds TOML that is none, also in a file that is there for some only', async () => {
    const parameters =
      'parameters: { type: object, properties: { lock: { type: boolean, default: false } } }\n';
    const folder = await tree('toml', {
      'template.yaml': `id: toml\n${head}${parameters}files: { README.md: once, .gitignore: once, a.toml: { rule: once, when: lock } }\n`,
      'files/README.md': '',
      'files/.gitignore': '',
      'files/a.toml.hbs': 'name = {{product.name}}\n',
    });
    const { code, out } = await provisioner(['template', 'lint', folder]);
    expect([code, out]).toEqual([1, expect.stringContaining('a.toml: it is no TOML')]);
    await writeFile(join(folder, 'files/a.toml.hbs'), '[tool]\nname = {{yaml product.name}}\n');
    expect((await provisioner(['template', 'lint', folder])).out).toContain('in order');
  });

  test('finds a variable that there is none of in a branch that no product takes, and none that there is', async () => {
    const folder = await tree('branches', {
      'template.yaml': `id: branches\n${head}files: { README.md: once, .gitignore: once, a.txt: once }\n`,
      'files/README.md.hbs': [
        "{{#if (is product.type 'Odd')}}{{product.nickname}}{{/if}}",
        '{{#each inputs as |input place|}}{{#if (is place 7)}}{{input.url}}{{/if}}{{else}}{{#if false}}{{outputs}}{{/if}}{{/each}}',
        '{{#each inputs}}{{#each published}}{{#unless true}}{{colour}}{{../product.id}}{{../../home.nme}}{{/unless}}{{/each}}{{/each}}',
        '{{#with home}}{{#if false}}{{bukket}}{{/if}}{{/with}}',
      ].join('\n'),
      'files/.gitignore': '',
      'files/a.txt.hbs': [
        '{{#each inputs as |input place|}}{{place}}{{input.uri}}{{#each input.published}}{{name}}{{@index}}',
        '{{#each columns}}{{name}}{{this.type}}{{../name}}{{../../schema}}{{@root.home.bucket}}{{/each}}{{/each}}{{/each}}',
        "{{#with product}}{{line name}}{{#each owners}}{{mail email}}{{/each}}{{/with}}{{lookup product 'name'}}",
        '{{template.version}}{{#each product.tags}}{{line this}}{{/each}}{{product.tags.length}}',
      ].join(''),
    });
    const { code, out } = await provisioner(['template', 'lint', folder, '--json']);
    expect(code).toBe(1);
    const found = Object.values(JSON.parse(out)).flat();
    const names = ['product.nickname', 'input.url', 'outputs', 'colour', '../../home.nme', 'bukket'];
    expect(found).toEqual(
      names.map((name) => ({ file: 'README.md', problem: `it uses ${name}, which there is not` })),
    );
  });

  test('tries each value of a choice, and says which file it never saw', async () => {
    const parameters = {
      type: 'object',
      properties: {
        ci: { type: 'string', enum: ['none', 'github', 'gitlab'], default: 'none' },
        host: { type: 'string', default: '' },
      },
    };
    const folder = await tree('choices', {
      'template.yaml': `id: choices\n${head}parameters: ${JSON.stringify(parameters)}\nfiles: { README.md: once, .gitignore: once, ci.yaml: { rule: once, when: ci }, host.txt: { rule: once, when: host } }\n`,
      'files/README.md': '',
      'files/.gitignore': '',
      'files/ci.yaml.hbs': "a: {{#if (is parameters.ci 'gitlab')}}[{{/if}}\n",
      'files/host.txt.hbs': '{{parameters.host}}',
    });
    const { code, out, err } = await provisioner(['template', 'lint', folder]);
    expect([code, out]).toEqual([1, expect.stringContaining('ci.yaml: it is no YAML')]);
    expect(out).toContain('(with ci: "gitlab")');
    expect(err).toContain('host.txt was not looked at');
  });

  test.each([
    ['a token', `ghp_${'a'.repeat(36)}`],
    ['a private key', '-----BEGIN EC PRIVATE KEY-----'],
    ['a password in an address', 'postgres://admin:hunter22@db/x'],
    ['a password', "secret_key = 'wJalrXUtnFEMI'"],
  ])('finds %s, also as a parameter’s default', async (what, secret) => {
    const name = `secret-${what.replaceAll(' ', '-')}`;
    const parameters = { type: 'object', properties: { key: { type: 'string', default: secret } } };
    const folder = await tree(name, {
      'template.yaml': `id: x\n${head}parameters: ${JSON.stringify(parameters)}\nfiles: { README.md: once, .gitignore: once, a.txt: once }\n`,
      'files/README.md': '',
      'files/.gitignore': '',
      'files/a.txt': secret,
    });
    const { code, out } = await provisioner(['template', 'lint', folder]);
    expect(code).toBe(1);
    expect(out).toContain(`a.txt: it seems to hold ${what}`);
    expect(out).toContain('template.yaml: it seems to hold a');
    expect(out).not.toContain(secret);
  });

  test('finds an acceptance that runs what is not there', async () => {
    const folder = await tree('lost', {
      'template.yaml': `id: lost\n${head}acceptance: [./run.sh check]\nfiles: { README.md: once, .gitignore: once }\n`,
      'files/README.md': '',
      'files/.gitignore': '',
    });
    const { code, out } = await provisioner(['template', 'lint', folder]);
    expect([code, out]).toEqual([1, expect.stringContaining('run.sh is not there or not executable')]);
  });

  test('says that SQL was not checked where no Python can', async () => {
    const { err } = await provisioner(['template', 'lint', 'templates/sqlmesh'], { PATH: '/nonexistent' });
    expect(err).toContain('SQL was not checked');
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
    expect(compared).toContain('--- workspace/README.md\n+++ template/README.md\n@@ -1,1 +1,');
    expect(compared).toContain('\n-mine\n\\ No newline at end of file\n+# Orders\n');
    expect(compared).toContain('--- /dev/null\n+++ template/run.sh\n');
    expect(compared).not.toContain('\u001b[');
    expect(compared).toMatch(/^README\.md .* differs$/m);
    expect(compared).toMatch(/^run\.sh .* missing$/m);
    expect(compared).toMatch(/^config\.yaml .* same$/m);
  });

  test('knows templates by name, colours differences on a terminal, and shows what a terminal would hide', async () => {
    const folder = await tree('workspace', { 'README.md': 'mine \u001b[2J\u202e\n' });
    const { out } = await provisioner(['template', 'preview', 'sqlmesh', '--against', folder], {
      FORCE_COLOR: '1',
    });
    expect(out).toContain('\u001b[31m-mine \\u{1b}[2J\\u{202e}\u001b[39m');
  });

  test('takes a template by the name that the platform file gives it, with what is set there', async () => {
    const folder = await tree('named', {
      'platform.yaml':
        'version: 1\ntemplates: { house: { path: ./ours } }\nrules: [{ tag: x, template: house }]\nparameters: { house: { greeting: Moin } }\n',
      'ours/template.yaml': `id: ours\n${head}parameters: { type: object, properties: { greeting: { type: string, default: Hello } } }\nfiles: { README.md: once, .gitignore: once }\n`,
      'ours/files/README.md.hbs': [
        '{{parameters.greeting}} {{home.name}}',
        '{{#each inputs}}{{schema}} {{uri}} {{#each published}}{{name}}:{{#each columns}}{{name}} {{type}}{{/each}}{{/each}}',
        '{{/each}}',
      ].join('\n'),
      'ours/files/.gitignore': '',
      'product.json': JSON.stringify({
        home: { name: 'orders' },
        inputs: [
          {
            product: { name: 'Leads' },
            schema: 'leads',
            uri: 's3://x/leads/output/',
            published: [{ name: 'calls', columns: [{ name: 'id', type: 'bigint' }] }],
          },
        ],
      }),
    });
    const env = { PROV_PLATFORM_FILE: join(folder, 'platform.yaml') };
    const out = join(root, 'not/there/yet');
    const words = ['template', 'preview', 'house', '--product', join(folder, 'product.json'), '--out', out];
    expect(await provisioner(words, env)).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(out, 'README.md'), 'utf8')).toBe(
      'Moin orders\nleads s3://x/leads/output/ calls:id bigint\n',
    );
    const listed = await provisioner(['template', 'list'], env);
    expect(listed.out).toMatch(/^house +1 +none +2 /m);
    expect(listed.out).not.toMatch(/^ours /m);
    expect(listed.out).toMatch(/^sqlmesh .* yes /m);
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

  test('can be a Cookiecutter folder as it is, or be made of one', async () => {
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
    const asItIs = join(root, 'cutter-rendered');
    expect((await provisioner(['template', 'preview', from, '--out', asItIs])).code).toBe(0);
    expect(await readFile(join(asItIs, 'README.md'), 'utf8')).toBe('# Sales report on duckdb\n');
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

  test('made of a Cookiecutter folder has people’s texts in it as texts, whatever they are', async () => {
    const lines = {
      'run.sh': 'echo "{{ cookiecutter.description }}" {{ cookiecutter.description }} > shown\n',
      'a.py': '"""{{ cookiecutter.description }}"""\nx = f"{{ cookiecutter.description }}"\n',
      'a.yaml':
        'a: "{{ cookiecutter.description }}"\nb: {{ cookiecutter.description }}\nc: "say {{ cookiecutter.description }}"\n',
      'a.toml': "a = '{{ cookiecutter.description }}'\n",
      'a.json': '{\n  "a": "{{ cookiecutter.description }}"\n}\n',
      'README.md': '{{ cookiecutter.description }}\n',
      '.gitignore': '',
    };
    const from = await tree('cutter-of-texts', {
      'cookiecutter.json': '{ "project_name": "x", "description": "y" }',
      ...Object.fromEntries(
        Object.entries(lines).map(([path, text]) => [`{{cookiecutter.project_name}}/${path}`, text]),
      ),
    });
    const folder = join(root, 'of-texts');
    expect((await provisioner(['template', 'import', from, folder])).code).toBe(0);
    expect((await provisioner(['template', 'lint', folder])).out).toContain('in order');
    const description = `$(touch pwned) \`touch pwned\` '; touch pwned; ' "; touch pwned; " """ {1/0} #: \n- x`;
    const facts = await tree('facts', { 'texts.json': JSON.stringify({ product: { description } }) });
    const out = join(root, 'of-texts-rendered');
    await mkdir(out);
    await provisioner(['template', 'preview', from, '--product', join(facts, 'texts.json'), '--out', out]);
    execFileSync('sh', ['run.sh'], { cwd: out });
    execFileSync('python3', ['a.py'], { cwd: out });
    expect(await readdir(out)).not.toContain('pwned');
    expect(parseYaml(await readFile(join(out, 'a.yaml'), 'utf8'))).toMatchObject({ a: description });
    expect(parseToml(await readFile(join(out, 'a.toml'), 'utf8'))).toEqual({ a: description });
    expect(JSON.parse(await readFile(join(out, 'a.json'), 'utf8'))).toEqual({ a: description });
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

describe('what docs/templates.md shows', () => {
  const docs = readFile('docs/templates.md', 'utf8');
  const blocks = async (language: string) =>
    [...(await docs).matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
      ([, text = '']) => text,
    );

  test('the ten minutes go as they are written', async () => {
    const [shown = ''] = (await blocks('sh')).filter((text) => text.includes('template new'));
    const commands = shown.split('\n').filter((text) => text.startsWith('npx provisioner '));
    expect(commands).toHaveLength(3);
    const place = join(root, 'ten-minutes');
    for (const command of commands) {
      const words = command
        .replace(/ +#.*$/, '')
        .split(' ')
        .slice(2);
      const here = words.map((word) =>
        word.replace(/^templates/, `${place}/templates`).replace('/tmp', place),
      );
      expect(await provisioner(here), command).toMatchObject({ code: 0 });
    }
    expect(await readdir(join(place, 'ours'))).toEqual(
      expect.arrayContaining(['.gitignore', 'README.md', 'inputs.yaml']),
    );
  });

  test('each platform file is one, and the first block is a manifest', async () => {
    const [manifest = '', ...platforms] = await blocks('yaml');
    const folder = await tree('shown', { 'template.yaml': manifest });
    expect(await readManifest(folder)).toMatchObject({ id: 'sqlmesh', context: 2 });
    expect(platforms.length).toBeGreaterThan(1);
    const path = join(folder, 'platform.yaml');
    for (const text of platforms) {
      await writeFile(path, text);
      const environment = text.includes('environments:') ? 'production' : undefined;
      await expect(readPlatformFile(path, environment), text).resolves.toBeDefined();
    }
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

  test('can be the store’s place by the platform file, where the environment does not say it', async () => {
    const folder = await tree('platform', {
      'stores.yaml':
        "version: 1\nstores: { main: { endpoint: 'https://s3.example.com', region: eu-west-1, bucket: theirs } }\n",
    });
    const { code, out } = await provisioner(['config', 'show'], {
      PROV_PLATFORM_FILE: join(folder, 'stores.yaml'),
      S3_ENDPOINT: '',
      S3_BUCKET: 'ours',
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^S3_ENDPOINT +platform file +https:\/\/s3\.example\.com$/m);
    expect(out).toMatch(/^S3_REGION +platform file +eu-west-1$/m);
    expect(out).toMatch(/^S3_BUCKET +environment +ours$/m);
  });

  test('stops at a line that .env could not hold', async () => {
    const folder = await tree('platform', {
      'unfit.yaml': "version: 1\nenv: { TRINO_HOST: trino, TRINO_PASSWORD: 'p$ss w!rd' }\n",
    });
    const { code, err } = await provisioner(['config', 'show'], {
      PROV_PLATFORM_FILE: join(folder, 'unfit.yaml'),
    });
    expect([code, err]).toEqual([2, expect.stringContaining('TRINO_PASSWORD can not be written to .env')]);
    expect(err).not.toContain('p$ss');
  });

  test('a word that is no command is answered with one that is', async () => {
    const { code, err } = await provisioner(['templat', 'list']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean template?')]);
  });
});
