/** A first installation whose key for the store is wrong: no product ever gets a home, and every way to look says so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import { type ApiCaller, createApiCaller } from '../support/api-caller.ts';
import { provisioner } from '../support/command-line.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

let world: World;
let api: ApiCaller;
let product: string;
beforeAll(async () => {
  world = await createWorld({ S3_ACCESS_KEY: 'AKIANOBODY0000000000' });
  api = await createApiCaller(world.daemon().url, {});
  product = await new PortalUser(world.portal.url).createProduct('Sales', 'sales');
  await eventually('a failed run', async () => (await overview()).homeless.count === 1);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const overview = async () => (await api.call('get', '/overview')).json;
const page = async (path: string) => (await fetch(`${world.daemon().url}/console${path}`)).text();

describe('without a single home', () => {
  it('the API names the product, the error and its code', async () => {
    expect((await overview()).homeless).toEqual({
      count: 1,
      products: [
        expect.objectContaining({
          id: product,
          code: 'STORE_DENIED',
          error: expect.stringContaining('S3_SECRET_KEY'),
          parked: true,
        }),
      ],
    });
  });

  it('the command line’s status names them', async () => {
    const { code, out } = await provisioner(['status'], { PROV_API_URL: world.daemon().url });
    expect(code).toBe(0);
    expect(out).toMatch(/^no home yet +1$/m);
    expect(out).toMatch(new RegExp(`^${product} +STORE_DENIED .*S3_SECRET_KEY`, 'm'));
  });

  it('the first page does not say that nothing needs a person, and says what does', async () => {
    const text = await page('');
    expect(text).not.toContain('Nothing needs a person');
    expect(text).toContain('S3_SECRET_KEY');
    expect(text).toContain('Check the rights of our own identity in the store');
    expect(text).toContain(`/console/products/${product}`);
  });

  it('it is two more clicks to the run that failed', async () => {
    const text = await page(`/products/${product}`);
    expect(text).toContain('It never got a home');
    const run = /\/console(\/runs\/[0-9a-f-]+)"/.exec(text)?.[1] ?? 'no run is linked';
    expect(await page(run)).toContain('STORE_DENIED');
  });

  it.each(['Sales', 'the id'])('who asks why %s can not read is told of the error', async (word) => {
    const asked = word === 'the id' ? product : word;
    const text = await page(`/access?reader=${asked}&source=anything`);
    expect(text).toContain('has no home yet');
    expect(text).toContain('S3_SECRET_KEY');
  });

  it('the list of products sends there', async () => {
    expect(await page('/products')).toContain('No product has a home yet');
  });
});
