/** Namespaces and platform files of any kind: nothing leads out of the products' folder, and nothing crashes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readPlatformFile } from '../../../src/config/platform-file.ts';
import { assemblePolicy } from '../../../src/grants/policy.ts';
import { ProvisionerError } from '../../../src/model/errors.ts';
import { homeNamesFor, prefixOf } from '../../../src/model/home.ts';
import { allows, s3Requests } from '../../support/iam-evaluator.ts';
import { damaged, damagedText, fuzzRuns } from '../../support/mutations.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const namespace = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom(...'ab1._-/\\*?$ {}\u0000:'), maxLength: 80 }),
  fc.constantFrom(
    '..',
    '.',
    '',
    '.git',
    '.env',
    '.archive',
    'a/../../b',
    'con',
    '~',
    '*',
    'provisioner-canary',
  ),
);
const product = fc.record({ id: fc.uuid(), namespace });

test('every home of any namespace lies right below the products’ folder, and is no folder of ours', () => {
  const root = resolve('/products');
  fc.assert(
    fc.property(product, (named) => {
      const homes = homeNamesFor(named);
      expect(homes.length).toBeGreaterThan(0);
      for (const home of homes) {
        expect(dirname(resolve(root, home))).toBe(root);
        expect(home.startsWith('.')).toBe(false);
      }
    }),
    { numRuns: fuzzRuns(2000) },
  );
});

test('the policy of a product opens nothing of another one, whatever their namespaces and keys', () => {
  fc.assert(
    fc.property(product, product, fc.string({ unit: 'binary', maxLength: 30 }), (one, other, rest) => {
      const [own] = homeNamesFor(one);
      const [foreign] = homeNamesFor(other);
      fc.pre(own !== undefined && foreign !== undefined && own !== foreign);
      if (own === undefined || foreign === undefined) return;
      const policy = assemblePolicy('data', own, []);
      for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'])
        expect(allows(policy, s3Requests.object(action, 'data', prefixOf(foreign) + rest))).toBe(false);
      expect(allows(policy, s3Requests.list('data', prefixOf(foreign)))).toBe(false);
      expect(allows(policy, s3Requests.list('data', undefined))).toBe(false);
      expect(allows(policy, s3Requests.object('s3:GetObject', 'data', `${prefixOf(own)}x`))).toBe(true);
    }),
    { numRuns: fuzzRuns(2000) },
  );
});

const platformFile = `
version: 1
templates:
  ours: { path: templates/ours }
  theirs: { git: 'https://git.example.com/templates.git', ref: main, folder: dbt }
rules:
  - { domain: Sales, template: ours }
parameters:
  ours: { greeting: Hello, size: 1 }
env: { TRINO_HOST: localhost, TRINO_PASSWORD: { secret_ref: 'vault:secret/trino#password' } }
environments:
  production:
    parameters: { ours: { size: 2 } }
`;

test('a damaged platform file is read, or refused with a reason', async () => {
  const path = join(folder, 'platform.yaml');
  const text = fc.oneof(
    damaged(parse(platformFile)).map((value) => stringify(value)),
    damagedText(platformFile),
  );
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.constantFrom(undefined, 'production', '__proto__', 'constructor'),
      async (content, environment) => {
        await writeFile(path, content);
        const read = await readPlatformFile(path, environment).catch((thrown: unknown) => thrown);
        if (!(read instanceof Error)) return;
        expect(read).toBeInstanceOf(ProvisionerError);
        expect((read as ProvisionerError).code).toBe('CONFIG_INVALID');
      },
    ),
    { numRuns: fuzzRuns(400) },
  );
});
