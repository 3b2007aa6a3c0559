/** The simulator as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { call, makeProduct } from './products.ts';
import { startWebhookReceiver } from './webhook-receiver.ts';

const main = fileURLToPath(new URL('../../../demo/portal/main.ts', import.meta.url));

const start = (env: Readonly<Record<string, string>>) =>
  spawn(process.execPath, [main], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });

test('takes its settings from the environment, and ends with 0 on SIGTERM', async () => {
  await using receiver = await startWebhookReceiver();
  const child = start({
    PORT: '0',
    PORTAL_GENERATION: 'main',
    WEBHOOK_URL: '',
    WEBHOOK_V2_URL: receiver.url,
  });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value: hello } = await lines.next();
  expect(hello).toMatch(/^Portal simulator \(main\) on http:\/\/127\.0\.0\.1:\d+$/);
  const url = hello?.split(' ').at(-1) ?? '';
  const id = await makeProduct(url);
  expect((await call(url, 'GET', `/data_products/${id}`)).status).toBe(200);
  const { value: sent } = await lines.next();
  expect(sent).toMatch(/^v2 webhook: 200 after \d+ ms$/);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});

test('a wrong setting ends it at once, with the variable’s name', async () => {
  const child = start({ PORT: 'eighty', WEBHOOK_URL: 'nowhere' });
  const exit = once(child, 'exit');
  const said = (await child.stderr.toArray()).join('');
  expect(await exit).toEqual([2, null]);
  expect(said).toMatch(/PORT/);
  expect(said).toMatch(/WEBHOOK_URL/);
});
