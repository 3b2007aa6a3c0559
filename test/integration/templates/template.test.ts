/** Template folders that are not what they should be, on a disk. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTemplate } from '../../../src/workspace/template.ts';

let root: string;
let elsewhere: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'template-'));
  elsewhere = join(root, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'a.txt'), 'a key of ours\n');
});
afterAll(() => rm(root, { recursive: true, force: true }));

let folders = 0;
/** A template of one file, `a.txt`, that is still to be put below `files/`. */
async function aTemplate(): Promise<{ folder: string; file: string }> {
  const folder = join(root, `template-${folders++}`);
  await mkdir(folder);
  const head = 'id: ours\nversion: 1\ntitle: T\ndescription: D\nengine: none\n';
  await writeFile(join(folder, 'template.yaml'), `${head}files: { a.txt: managed }\n`);
  return { folder, file: join(folder, 'files/a.txt') };
}

describe('nothing is read through a link', () => {
  test.each([
    ['of the folder of all files', (file: string) => [elsewhere, dirname(file)] as const],
    ['of one file', (file: string) => [join(elsewhere, 'a.txt'), file] as const],
  ])('%s', async (_what, linkOf) => {
    const { folder, file } = await aTemplate();
    const [to, link] = linkOf(file);
    await mkdir(dirname(link), { recursive: true });
    await symlink(to, link);
    await expect(loadTemplate(folder)).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringContaining('it is a link'),
    });
  });
});

test.each([
  ['bytes that are no UTF-8', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff])],
  ['a NUL', Buffer.from('a\0b')],
])('a file with %s is refused by its name: it would come out as another', async (_what, bytes) => {
  const { folder, file } = await aTemplate();
  await mkdir(dirname(file));
  await writeFile(file, bytes);
  await expect(loadTemplate(folder)).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining(`${file} is not usable: it is no UTF-8 text`),
  });
});
