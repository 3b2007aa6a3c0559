/** What the console refuses, and what it says: over HTTP, without a browser. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grantChanges } from '../../../src/db/grants.ts';
import { setEstatePause, setProductPause } from '../../../src/db/pauses.ts';
import type { Stage } from '../../../src/db/rollouts.ts';
import { changeTogether } from '../../../src/db/together.ts';
import { ProvisionerError } from '../../../src/model/errors.ts';
import type { ProductId } from '../../../src/model/ids.ts';
import type { RoleName } from '../../../src/model/role.ts';
import { limitationsOf, type StoreReport } from '../../../src/model/store-report.ts';
import {
  noteAudit,
  noteDelivery,
  noteGrant,
  noteProduct,
  noteRollout,
  noteRun,
} from '../../support/books.ts';
import { type ConsoleStage, csrfToken, setConsoleStage } from '../../support/console.ts';

let stage: ConsoleStage;
let product: ProductId;
beforeAll(async () => {
  stage = await setConsoleStage();
  product = await noteProduct(stage.db, 'Sales', { home: 'sales' });
  await mkdir(join(stage.folder, 'sales', 'models'), { recursive: true });
  await mkdir(join(stage.folder, 'sales', '.git'));
  await writeFile(join(stage.folder, 'sales', 'models', 'orders.sql'), 'select 1');
  await mkdir(join(stage.folder, 'other'));
  await writeFile(join(stage.folder, 'other', 'theirs.txt'), 'x');
  await symlink(join(stage.folder, 'other'), join(stage.folder, 'sales', 'link'));
});
afterAll(() => stage?.[Symbol.asyncDispose]());

function send(path: string, fields: Record<string, string>, at = stage): Promise<Response> {
  return fetch(`${at.url}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
}

test('the overview says which store it is, what it was seen to do, and what it lacks', async () => {
  const limits = { policySize: 2048, keysPerPrincipal: 2 };
  const capabilities = {
    policies: 'enforced',
    secondKey: true,
    switchOff: false,
    selfService: ['session tokens'],
    sessions: true,
  } as const;
  let report: StoreReport | null = null;
  await using own = await setConsoleStage({ store: () => report });
  const page = async () => (await fetch(`${own.url}/`)).text();
  expect(await page()).toContain('Its identity API has not answered yet.');
  report = { store: 'Some <Store>', credentials: 'keys', limits, capabilities: null, limitations: [] };
  expect(await page()).toMatch(/not known yet(.|\n)*Some &lt;Store&gt;/);
  report = { ...report, capabilities, limitations: limitationsOf(capabilities) };
  const known = await page();
  expect(known).toMatch(/A key that is off is refused<\/dt><dd>no</);
  expect(known).toContain('A key that is switched off works on until it is deleted.');
  expect(known).toContain('can give itself: session tokens.');
});

test('the overview tells how far a new version of a template is, and calls a person when it stopped', async () => {
  await using own = await setConsoleStage();
  const [one, two] = [
    await noteProduct(own.db, 'One', { home: 'one', template: 'ours@3' }),
    await noteProduct(own.db, 'Two', { home: 'two', template: 'ours@2' }),
  ];
  await noteProduct(own.db, 'Three', { template: 'ours@2' });
  const words = async () =>
    (await (await fetch(own.url)).text()).replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  const stages = async (template: string, stage: Stage) =>
    void (await own.db.updateTable('rollout').set({ stage }).where('template', '=', template).execute());
  expect(await words()).not.toContain('New versions of templates');

  // What a later version has taken the place of is history.
  await noteRollout(own.db, 'ours@2', 'stopped', { [two]: 'failed' }, new Date(0));
  await noteRollout(own.db, 'ours@3', 'canary', { [one]: 'succeeded', [two]: null });
  const tried = 'ours@3 is tried 1 of 3 follow, 2 wait. Tried by one succeeded, two tries';
  expect(await words()).toMatch(new RegExp(`Nothing needs a person.*New versions of templates ${tried}`));
  expect(await words()).not.toContain('ours@2');

  await stages('ours@3', 'all');
  expect(await words()).toContain('ours@3 goes to all 1 of 3 follow, 2 wait');

  await stages('ours@3', 'stopped');
  await own.db.updateTable('rollout_canary').set({ outcome: 'failed' }).where('product', '=', two).execute();
  const stopped = await words();
  expect(stopped).toMatch(
    /Needs a person ours@3 stopped 1 of 3 follow, 2 wait.*two failed It stopped after 1 failed/,
  );
  expect(stopped).toContain('provisioner template release ours@3');
  expect(stopped).not.toContain('Nothing needs a person');

  await stages('ours@3', 'all');
  await own.db.updateTable('product').set({ template: 'ours@3' }).execute();
  expect(await words()).not.toContain('ours@3');
});

describe('orders', () => {
  test('without the form’s token nothing is ordered', async () => {
    for (const csrf of ['', 'guessed']) {
      const answer = await send(`/products/${product}/orders/rotate`, { csrf });
      expect(answer.status).toBe(403);
    }
    expect(stage.orders).toEqual([]);
  });

  test('a body that is not a form orders nothing', async () => {
    const answer = await fetch(`${stage.url}/products/${product}/orders/rotate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csrf: csrfToken }),
    });
    expect(answer.status).toBe(403);
  });

  test.each([
    ['viewer', 'rotate', 403],
    ['operator', 'rotate', 303],
  ] satisfies [RoleName, string, number][])(
    'a %s who orders %s is answered %i',
    async (role, order, status) => {
      await using own = await setConsoleStage({ role });
      const id = await noteProduct(own.db, 'Sales');
      const answer = await send(`/products/${id}/orders/${order}`, { csrf: csrfToken }, own);
      expect(answer.status).toBe(status);
      expect(own.orders.length).toBe(status === 303 ? 1 : 0);
      const estate = await send('/orders/release-brake', { csrf: csrfToken }, own);
      expect(estate.status).toBe(403);
      const page = await (await fetch(`${own.url}/products/${id}`)).text();
      expect(page.includes('confirm/rotate')).toBe(status === 303);
    },
  );

  test('an order that does not fit how the product stands is refused with words', async () => {
    const answer = await send(`/products/${product}/orders/undelete`, { csrf: csrfToken });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('It does not stand so that this could be ordered.');
  });

  test.each(['constructor', '__proto__', 'toString', 'nothing'])('there is no order %s', async (order) => {
    expect((await send(`/orders/${order}`, { csrf: csrfToken })).status).toBe(404);
    expect((await send(`/products/${product}/orders/${order}`, { csrf: csrfToken })).status).toBe(404);
  });
});

describe('the tree of a workspace', () => {
  const listed = async (path: string) => {
    const answer = await fetch(`${stage.url}/products/${product}/files?path=${encodeURIComponent(path)}`);
    return { status: answer.status, text: await answer.text() };
  };

  test('shows what lies in a folder', async () => {
    const { status, text } = await listed('models');
    expect(status).toBe(200);
    expect(text).toContain('orders.sql');
  });

  test.each([
    '..',
    '../other',
    'models/../../other',
    '/etc',
    'link',
    '.git',
    'models/../..',
    '.',
    'models//',
    'a\0b',
    '..\\other',
  ])('ends at the workspace: %j is not there', async (path) => {
    const { status, text } = await listed(path);
    expect(status).toBe(404);
    expect(text).not.toContain('theirs.txt');
  });
});

describe('addresses', () => {
  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/api/v1/keys',
    '/console/..//evil.example',
    '/consoleevil',
    '/console\r\nx: y',
  ])('a choice of colours leads back into the console, not to %j', async (back) => {
    const answer = await send('/theme', { csrf: csrfToken, theme: 'dark', back });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/console');
    expect(answer.headers.get('set-cookie')).toMatch(/^console-theme=dark; .*HttpOnly; SameSite=Strict$/);
  });

  test('the word after an order is chosen from ours: the address can not bring one', async () => {
    const page = await (await fetch(`${stage.url}?done=%3Cb%3Eyou%20won&done=constructor`)).text();
    expect(page).not.toContain('you won');
    expect(page).not.toContain('class="said"');
  });

  test('a query that makes no sense is as if it were not there', async () => {
    const queries = [
      'after=nonsense',
      'sort=drop',
      'condition[]=x',
      'from=yesterday',
      'product=1',
      'focus=1',
      `q=${'x'.repeat(5000)}`,
    ];
    for (const list of ['/products', '/runs', '/deliveries', '/audit', '/access', '/graph']) {
      for (const query of queries) {
        const answer = await fetch(`${stage.url}${list}?${query}`);
        expect(answer.status, `${list}?${query.slice(0, 30)}`).toBe(200);
      }
    }
  });

  test.each([
    '/products/nothing',
    `/products/${'0'.repeat(8)}-0000-4000-8000-000000000000`,
    '/runs/1',
    '/deliveries/x',
    '/elsewhere',
  ])('%s is answered with a page that says so', async (path) => {
    const answer = await fetch(`${stage.url}${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('There is nothing here');
  });
});

test('every page forbids what is not ours, and is kept by no cache; what never changes is kept for ever', async () => {
  const page = await fetch(stage.url);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  const text = await page.text();
  expect(text).not.toMatch(/<style|style="|onclick=|<script>/);
  const sheet = /href="\/console(\/assets\/[^"]+\.css)"/.exec(text)?.[1] ?? '';
  const asset = await fetch(`${stage.url}${sheet}`);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
});

test('who is not known gets nothing but the answer of who keeps the door', async () => {
  await using closed = await setConsoleStage({
    authenticate: async (_request, response) => {
      response.status(401).end();
      return null;
    },
  });
  const paths = ['', '/products', '/events', `/products/${product}/files`, '/graph', '/elsewhere'];
  for (const path of paths) expect((await fetch(`${closed.url}${path}`)).status, path).toBe(401);
  expect((await send('/orders/pause', { csrf: csrfToken }, closed)).status).toBe(401);
  expect(closed.orders).toEqual([]);
});

test('who can not be known while the database is away gets a page that says so, and nothing of ours', async () => {
  await using own = await setConsoleStage({
    authenticate: async () => {
      throw new ProvisionerError('DATABASE_UNAVAILABLE', 'connect ECONNREFUSED 10.1.2.3');
    },
  });
  for (const path of ['', '/runs?outcome=failed']) {
    const answer = await fetch(`${own.url}${path}`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toContain('text/html');
    const text = await answer.text();
    expect(text).toContain('The console is away for a moment');
    expect(text).toContain(`href="/console${path.replace('=', '&#x3D;')}"`);
    expect(text).not.toMatch(/10\.1\.2\.3|"error"/);
  }
  const part = await fetch(own.url, { headers: { 'HX-Request': 'true' } });
  expect([part.status, await part.text()]).toEqual([503, '']);
});

test('a page that can not be made says so to who is known, with the way back to it', async () => {
  await using own = await setConsoleStage({
    jobs: async () => {
      throw new ProvisionerError('DATABASE_UNAVAILABLE', 'connect ECONNREFUSED 10.1.2.3');
    },
  });
  const answer = await fetch(own.url);
  const text = await answer.text();
  expect(answer.status).toBe(500);
  expect(text).toContain('This page could not be made');
  expect(text).toContain('<a href="/console">Try again</a>');
  expect(text).not.toContain('10.1.2.3');
});

test('the portal being away is said on the page that asked it, which stays up', async () => {
  await using own = await setConsoleStage({
    inputsOf: async () => {
      throw new Error('connect ECONNREFUSED');
    },
  });
  const [one, other] = [await noteProduct(own.db, 'One'), await noteProduct(own.db, 'Other')];
  const answer = await fetch(`${own.url}/access?reader=${one}&source=${other}`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('The portal could not be asked: connect ECONNREFUSED');
});

test('a portal that does not answer keeps nobody waiting', async () => {
  await using own = await setConsoleStage({ inputsOf: () => new Promise(() => undefined) });
  const id = await noteProduct(own.db, 'One');
  const answer = await fetch(`${own.url}/products/${id}/asked`);
  expect(await answer.text()).toContain('did not answer within 4 s');
});

/** What an open page is told, word by word. */
async function* wordsTo(page: string): AsyncGenerator<string> {
  const stream = await fetch(page);
  for await (const chunk of stream.body ?? [])
    for (const [, word] of Buffer.from(chunk)
      .toString()
      .matchAll(/^event: (.+)$/gm))
      yield String(word);
}

const next = async (words: AsyncGenerator<string>) => (await words.next()).value;

describe('open pages', () => {
  test('are told of what another process noted', async () => {
    const words = wordsTo(`${stage.url}/events?topic=runs`);
    // From `ready` on no change is missed.
    expect(await next(words)).toBe('ready');
    await noteRun(stage.db, product, { started_at: new Date() });
    expect(await next(words)).toBe('runs');
    await words.return(undefined);
  });

  test('are told once of all that changed at once, and nothing of what they do not follow', async () => {
    await using own = await setConsoleStage();
    const [sales, costs] = [await noteProduct(own.db, 'Sales'), await noteProduct(own.db, 'Costs')];
    const overview = wordsTo(`${own.url}/events?topic=runs&topic=deliveries&topic=estate`);
    const audit = wordsTo(`${own.url}/events?topic=audit`);
    const page = wordsTo(`${own.url}/events?topic=product&topic=estate&product=${sales}`);
    for (const words of [overview, audit, page]) expect(await next(words)).toBe('ready');
    await own.db.transaction().execute(async (trx) => {
      await noteRun(trx, costs);
      await noteDelivery(trx, [costs]);
      await trx.updateTable('product').set({ updated_at: new Date() }).where('id', '=', costs).execute();
    });
    expect(await next(overview)).toBe('runs');
    await noteAudit(own.db, 'put-policy');
    expect(await next(audit)).toBe('audit');
    await setProductPause(own.db, sales, 'anna', new Date());
    expect(await next(page)).toBe('product');
    expect(await next(overview)).toBe('runs');
    await setEstatePause(own.db, { at: new Date(), by: 'anna' });
    for (const words of [overview, page]) expect(await next(words)).toBe('estate');
    for (const words of [overview, audit, page]) await words.return(undefined);
  });

  test('of a product learn that a grant of any is revoked', async () => {
    const reader = await noteProduct(stage.db, 'Costs');
    await noteGrant(stage.db, reader, product);
    const words = wordsTo(`${stage.url}/events?topic=product&product=${product}`);
    expect(await next(words)).toBe('ready');
    await changeTogether(stage.db, grantChanges(stage.db, reader, [], new Date()));
    expect(await next(words)).toBe('product');
    await words.return(undefined);
  });

  test('show what changed while nobody watched, once they are told that they are ready', async () => {
    await using own = await setConsoleStage();
    const part = async () =>
      (await fetch(`${own.url}/products`, { headers: { 'HX-Request': 'true', 'HX-Target': 'live' } })).text();
    expect(await part()).not.toContain('Unwatched');
    await noteProduct(own.db, 'Unwatched');
    const words = wordsTo(`${own.url}/events?topic=products`);
    expect(await next(words)).toBe('ready');
    expect(await part()).toContain('Unwatched');
    await words.return(undefined);
  });

  test('name what they follow where they connect', async () => {
    const body = await (await fetch(`${stage.url}/products/${product}`)).text();
    expect(body).toContain(
      `sse-connect="/console/events?topic&#x3D;product&amp;topic&#x3D;estate&amp;product&#x3D;${product}"`,
    );
  });

  test('give their connection back when they close, and nobody is asked for nobody', async () => {
    await using own = await setConsoleStage();
    const closing = new AbortController();
    await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${own.url}/events`, { signal: closing.signal })),
    );
    expect(own.live.watching).toBe(5);
    closing.abort();
    await expect.poll(() => own.live.watching).toBe(0);
  });
});
