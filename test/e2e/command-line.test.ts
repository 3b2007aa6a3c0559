/** The command line beside a running daemon: what it shows, what it orders, and the exit codes. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { openDatabase } from '../../src/db/connection.ts';
import { onTerminal, provisioner } from '../support/command-line.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

let world: World;
let adminKey: string;
let consumer: string;

const controlOf = () => ({ PROV_CONTROL_PATH: join(world.folder, 'control') });
const run = (...words: string[]) =>
  provisioner(words, { PROV_API_URL: world.daemon().url, PROV_API_KEY: adminKey });
const json = async (...words: string[]) => {
  const { out, err } = await run(...words, '--json');
  if (err !== '') throw new Error(err);
  return JSON.parse(out);
};

beforeAll(async () => {
  world = await createWorld();
  const made = await provisioner(['keys', 'create', 'ops', '--role', 'admin'], controlOf());
  adminKey = made.out.trim();
  expect(made.err).toContain('only time');
  const user = new PortalUser(world.portal.url);
  const provider = await user.createProduct('Source \u001b[31mred', 'source');
  const port = await user.createPort(provider, 'out');
  consumer = await user.createProduct('Reader', 'reader');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  await eventually('access', async () => (await json('grants')).items?.length === 1, 30_000);
  await eventually('order', async () => (await json('status')).byHeadline.Ready === 2, 30_000);
});
afterAll(() => world[Symbol.asyncDispose]());

describe('looking', () => {
  it('status counts products and names what needs a person', async () => {
    const { code, out } = await run('status');
    expect([code, out]).toEqual([0, expect.stringMatching(/^products +2 Ready$/m)]);
    expect(out).toMatch(/^brake +off$/m);
  });

  it('products are rows, aligned, in which a name can not colour the screen', async () => {
    const { out } = await run('products');
    const [head = '', first = '', second = ''] = out.split('\n');
    expect(head).toMatch(/^HOME +CONDITION +STATE/);
    expect(first.indexOf('Ready')).toBe(head.indexOf('CONDITION'));
    expect(second.indexOf('live')).toBe(head.indexOf('STATE'));
    expect(out).toContain('Source red');
    expect(out).not.toContain('\u001b');
  });

  it.each(['reader', 'Reader'])('one product by the word %s', async (word) => {
    const { out } = await run('products', word);
    expect(out).toContain(consumer);
    expect(out).toMatch(/^READS/m);
    expect((await json('products', word)).id).toBe(consumer);
  });

  it('lists can be filtered and paged', async () => {
    const first = await run('products', '--limit', '1', '--sort', 'updated');
    const cursor = /--cursor (\S+)/.exec(first.err)?.[1] ?? '';
    const second = await run('products', '--limit', '1', '--sort', 'updated', '--cursor', cursor);
    expect(second.out.split('\n')[1]).not.toBe(first.out.split('\n')[1]);
    expect((await run('products', '--condition', 'Degraded')).out).toBe('Nothing found.\n');
  });

  it('grants, runs, deliveries and the audit, each as a list and one of them', async () => {
    expect((await run('grants', '--consumer', 'reader')).out).toMatch(/^reader \(Reader\) +source/m);
    const [one] = (await json('runs', '--product', 'reader')).items;
    expect((await run('runs', one.id)).out).toMatch(/^ACTION/m);
    const [delivery] = (await json('deliveries', '--product', 'reader')).items;
    expect((await run('deliveries', delivery.id)).out).toContain(consumer);
    expect((await run('audit', '--product', 'reader')).out).toMatch(/^NUMBER +WHEN +WHO/);
    const exported = async (...words: readonly string[]) =>
      JSON.parse((await run('audit', 'export', '--product', 'reader', ...words)).out.split('\n')[0] ?? '');
    expect(await exported()).toMatchObject({ actor: 'provisioner', product: consumer });
    expect(await exported('--format', 'cloudevents')).toMatchObject({
      specversion: '1.0',
      subject: consumer,
    });
    expect(await run('audit', 'verify')).toMatchObject({
      code: 0,
      out: expect.stringContaining('none was changed'),
    });
    expect(await json('audit', 'verify')).toMatchObject({ ok: true });
  });

  it('plan says what a run would do', async () => {
    await eventually('order', async () => (await run('plan', 'reader')).out === 'reader: nothing to do\n');
    expect(await json('plan', 'reader', 'source')).toMatchObject([{ actions: [] }, { actions: [] }]);
    await eventually(
      'order of all',
      async () => (await run('plan', '--all')).out === '2 of 2 products: nothing to do\n',
    );
    expect(await json('plan', '--all')).toMatchObject([
      { home: 'reader', of: 2 },
      { home: 'source', of: 2 },
    ]);
  });
});

describe('ordering', () => {
  it('reconcile, rotate, replay, pause and resume', async () => {
    expect((await run('reconcile', 'reader', 'source')).out).toBe('2 products will be looked at.\n');
    expect(await json('reconcile', '--all')).toEqual({ queued: 2 });
    expect((await run('rotate', 'reader')).code).toBe(0);
    const [delivery] = (await json('deliveries', '--product', 'reader')).items;
    expect((await json('replay', delivery.id)).queued).toBeGreaterThan(0);
    await run('pause', 'reader');
    expect((await json('products', '--paused')).items).toMatchObject([{ id: consumer }]);
    await run('resume', 'reader');
    await run('pause', '--all');
    expect((await run('status')).out).toMatch(/^paused +everything, by key:ops/m);
    expect((await run('resume', '--all')).out).toBe('Resumed: everything.\n');
    expect(await json('brake', 'release')).toEqual({ released: 0 });
    // An address alone means the API, which asks for a key; without one the order is a file.
    const keyless = await provisioner(['brake', 'release', '--url', world.daemon().url], controlOf());
    expect([keyless.code, keyless.err]).toEqual([4, expect.stringContaining('Set PROV_API_KEY')]);
    const placed = await provisioner(['brake', 'release', '--json'], controlOf());
    expect(JSON.parse(placed.out)).toEqual({ placed: true });
    await eventually('the order to be taken', async () => {
      const { items } = await json('audit', '--action', 'order-release-brake');
      return items.some(({ actor }: { actor: string }) => actor === `person:${userInfo().username}`);
    });
  });

  it('keys are made, listed and revoked', async () => {
    const made = await json('keys', 'create', 'ci', '--days', '7');
    const asCi = { PROV_API_URL: world.daemon().url, PROV_API_KEY: made.key };
    expect((await provisioner(['status'], asCi)).code).toBe(0);
    expect((await provisioner(['pause', '--all'], asCi)).code).toBe(4);
    const again = await run('keys', 'create', 'ci');
    expect([again.code, again.out, again.err]).toEqual([
      1,
      '',
      expect.stringContaining('A key that still works is named ci'),
    ]);
    const { items } = await json('keys', 'list');
    const { id } = items.find(({ name }: { name: string }) => name === 'ci');
    expect((await run('keys', 'list')).out).toMatch(/^KEY +NAME +ROLE/);
    expect((await run('keys', 'revoke', id)).code).toBe(0);
    expect((await provisioner(['status'], asCi)).code).toBe(4);
  });
});

describe('an audit that was changed', () => {
  it('is found by verify, with exit code 1', async () => {
    await eventually('order', async () => (await json('status')).jobs.running === 0);
    expect((await run('audit', 'verify')).code).toBe(0);
    await world.daemon()[Symbol.asyncDispose]();
    const database = await openDatabase(world.environment.PROV_DATABASE_URL ?? '');
    await database.sql.updateTable('audit').set({ actor: 'person:nobody' }).where('seq', '=', '1').execute();
    await database[Symbol.asyncDispose]();
    const shown = await onTerminal(
      ['database', 'export', join(world.folder, 'books'), '--json'],
      world.environment,
    );
    expect(shown).toContain(' rows written\r\u001b[K{');
    await world.restart();
    const found = await run('audit', 'verify');
    expect([found.code, found.out]).toEqual([
      1,
      'Row 1: the row was changed. The 0 rows before it are in order.\n',
    ]);
    expect(await json('audit', 'verify')).toMatchObject({ ok: false, seq: '1' });
  });
});

describe('on a terminal', () => {
  it('conditions have colours, and long work says how far it is, then wipes that away', async () => {
    const env = { PROV_API_URL: world.daemon().url, PROV_API_KEY: adminKey };
    expect(await onTerminal(['products'], env)).toContain('\u001b[32mReady\u001b[39m');
    const plan = await onTerminal(['plan', '--all'], env);
    expect(plan).toContain('\r\u001b[K2 of 2 products\r\u001b[K');
    expect(plan).toContain('2 of 2 products: nothing to do');
    expect(await onTerminal(['audit', 'verify'], env)).toContain('following the audit, 0 s\r\u001b[K');
  });
});

describe('what can not be', () => {
  it.each<[string, string[], Record<string, string>, number, string]>([
    ['no key', ['status'], { PROV_API_KEY: '' }, 4, 'Set PROV_API_KEY'],
    ['no daemon', ['status', '--url', 'http://127.0.0.1:1'], {}, 3, 'Is it running?'],
    ['a word that names nothing', ['rotate', 'read'], {}, 5, 'Did you mean: reader'],
    ['a word with a slip', ['rotate', 'raeder'], {}, 5, 'Did you mean: reader ('],
    ['a word that is like none', ['rotate', 'zzzzzz'], {}, 5, 'No product is named "zzzzzz".\n'],
    ['no such run', ['runs', '00000000-0000-4000-8000-000000000000'], {}, 5, 'no run'],
    ['nothing to undelete', ['undelete', 'reader'], {}, 1, 'nothing to bring back'],
    ['neither a product nor --all', ['pause'], {}, 2, '--all'],
    ['a filter that is none', ['products', '--state', 'lively'], {}, 2, 'state'],
    ['a command that is none', ['product'], {}, 2, 'Did you mean products?'],
    [
      'a key that would travel in the clear',
      ['status', '--url', 'http://provisioner.example.com'],
      {},
      2,
      'https://',
    ],
  ])('%s: exit code and words that help', async (_what, words, env, code, said) => {
    const result = await provisioner(words, {
      PROV_API_URL: world.daemon().url,
      PROV_API_KEY: adminKey,
      ...env,
    });
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(said)]);
    expect(result.err).not.toContain(adminKey);
  });
});
