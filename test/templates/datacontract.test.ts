/** The data contract of every template is one for the tool that people check contracts with. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pythonVenv } from '../../demo/tools/python-venv.ts';
import { sampleProducts } from '../../src/workspace/samples.ts';
import { cacheFolder } from '../support/cache-folder.ts';
import { expectDone, render, runIn } from './project.ts';

let root: string;
let venv: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'datacontract-'));
  venv = await pythonVenv(cacheFolder, join(import.meta.dirname, 'datacontract-requirements.txt'));
}, 10 * 60_000);
afterAll(() => rm(root, { recursive: true, force: true }));

const templates = readdirSync('templates').filter((id) => existsSync(join('templates', id, 'template.yaml')));
const cases = templates.flatMap((id) => Object.keys(sampleProducts).map((product) => [id, product] as const));

test.each(cases)('the contracts that %s gives %s are valid', async (id, name) => {
  const facts = sampleProducts[name];
  if (facts === undefined) throw new Error(`there is no sample ${name}`);
  const files = await render(id, { ...facts, parameters: {} });
  const number = cases.findIndex((each) => each[0] === id && each[1] === name);
  for (const promise of ['datacontract.yaml', 'datacontract.inputs.yaml']) {
    const contract = files.find((file) => file.path === promise);
    expect(contract).toBeDefined();
    const path = join(root, `${number}-${promise}`);
    await writeFile(path, contract?.content ?? '');
    expectDone(await runIn(root, venv, 'datacontract', 'lint', path), 'Data contract is valid');
  }
});
