import { afterAll, beforeAll, expect, test } from 'vitest';
import { PortalUser } from '../support/portal-calls.ts';
import { createWorld, eventually, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test('a new product gets a home with a working .env', async () => {
  const user = new PortalUser(world.portal.url);
  const t = performance.now();
  await user.createProduct('Sales Leads', 'sales-leads');
  const env = await eventually('an .env', () => world.workspaceFile('sales-leads', '.env')).catch((e) => { console.log(world.lines.join('')); throw e; });
  console.log(performance.now() - t);
  expect(env).toMatch(/^S3_ACCESS_KEY=AKIA/m);
  console.log(world.lines.join(''));
});
