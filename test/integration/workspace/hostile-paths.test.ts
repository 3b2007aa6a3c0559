/** Whatever a template's file is called once it is rendered, nothing is written outside the workspace. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asProvisionerError } from '../../../src/model/errors.ts';
import type { HomeName } from '../../../src/model/home.ts';
import { renderTemplate } from '../../../src/workspace/render.ts';
import { plainProduct } from '../../../src/workspace/samples.ts';
import { loadTemplate, type Template } from '../../../src/workspace/template.ts';
import { Workspaces } from '../../../src/workspace/workspace.ts';

let root: string;
let template: Template;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hostile-paths-'));
  const folder = join(root, 'template');
  await mkdir(join(folder, 'files'), { recursive: true });
  const head = 'id: ours\nversion: 1\ntitle: T\ndescription: D\nengine: none\n';
  await writeFile(join(folder, 'template.yaml'), `${head}files: { '{{product.name}}': managed }\n`);
  await writeFile(join(folder, 'files/{{product.name}}'), 'ours\n');
  template = await loadTemplate(folder);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const segment = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('..', '.', '', '.git', '.GIT', '.env', '.Env', 'link', 'hooks', 'a', '~'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('.credentials-token', 'a.provisioner.tmp', '..\\..', 'C:', '%2e%2e', '-rf'),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);
const path = fc
  .tuple(fc.constantFrom('', '/', '//', '../', '\0'), fc.array(segment, { minLength: 1, maxLength: 5 }))
  .map(([start, segments]) => `${start}${segments.join('/')}`);

const contentsOf = async (folder: string): Promise<Record<string, string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    // Node lists through links; what lies there is seen where it is.
    .filter((file) => !file.includes('/home/link/'));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')])),
  );
};

let places = 0;
/** A workspace with a link that leads out of it, beside what is not ours. */
async function aPlace() {
  const place = join(root, `place-${places++}`);
  const workspace = join(place, 'products/home');
  await mkdir(join(workspace, '.git'), { recursive: true });
  await mkdir(join(place, 'elsewhere'));
  await symlink(join(place, 'elsewhere'), join(workspace, 'link'));
  const guarded = ['elsewhere/a', 'products/a', 'products/home/.git/config', 'products/home/.env'];
  for (const file of guarded) await writeFile(join(place, file), 'not yours\n');
  const owner = { uid: undefined, gid: undefined };
  const workspaces = new Workspaces({ root: join(place, 'products'), owner, history: false });
  return { place, workspaces };
}

test.each([
  ['a workspace', 'home'],
  ['a workspace that is made for it', 'made'],
])('a path is refused, or stays inside %s and off what is not the template’s', async (_, home) => {
  let [refused, written] = [0, 0];
  await fc.assert(
    fc.asyncProperty(path, async (name) => {
      const { place, workspaces } = await aPlace();
      const before = await contentsOf(place);
      const product = { ...plainProduct.product, name };
      try {
        const files = renderTemplate(template, { ...plainProduct, product, parameters: {} });
        await workspaces.updateFiles(home as HomeName, {
          write: files.map((file) => file.path),
          merge: [],
          remove: [],
          files,
          before: {},
          after: {},
          message: 'Ours\n',
          at: new Date(0),
        });
        written += 1;
      } catch (thrown) {
        const { code } = asProvisionerError(thrown);
        expect(['TEMPLATE_INVALID', 'WORKSPACE_UNSAFE', 'WORKSPACE_UNWRITABLE']).toContain(code);
        refused += 1;
      }
      const after = await contentsOf(place);
      expect(after).toMatchObject(before);
      const added = Object.keys(after).filter((file) => before[file] === undefined);
      for (const file of added) {
        expect(file.startsWith(`${place}/products/${home}/`)).toBe(true);
        expect(file.toLowerCase()).not.toMatch(/\/products\/\w+\/(\.git|\.env|\.credentials-token)(\/|$)/);
      }
      await rm(place, { recursive: true });
    }),
    // A file behind the link stands where a folder of ours is to be.
    { numRuns: 300, examples: [['link/a/b']] },
  );
  // Neither way of the two was left out.
  expect(Math.min(refused, written)).toBeGreaterThan(10);
});
