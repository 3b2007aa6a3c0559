/** A daemon that tells people, by each channel, and never waits for them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalUser } from '../../../demo/people/portal-user.ts';
import { mailChannel } from '../../../src/notify/mail.ts';
import {
  type HttpReceiver,
  type MailReceiver,
  startHttpReceiver,
  startMailReceiver,
} from '../../support/receivers.ts';
import { createWorld, eventually, type World } from '../../support/world.ts';

const secret = `whsec_${Buffer.from('a key of thirty-two bytes, right').toString('base64')}`;
const password = 'the p@ssword of the mail server';
let [world, http, mail]: [World?, HttpReceiver?, MailReceiver?] = [];
let parts: { world: World; http: HttpReceiver; mail: MailReceiver };

beforeAll(async () => {
  http = await startHttpReceiver();
  mail = await startMailReceiver(password);
  world = await createWorld({
    PROV_NOTIFY_WEBHOOK_URL: `${http.url}/hook`,
    PROV_NOTIFY_WEBHOOK_SECRET: secret,
    PROV_NOTIFY_SLACK_URL: `${http.url}/services/of-slack-itself`,
    PROV_NOTIFY_SMTP_URL: `smtp://daemon:${encodeURIComponent(password)}@127.0.0.1:${mail.port}`,
    PROV_NOTIFY_MAIL_FROM: 'provisioner@example.com',
    PROV_NOTIFY_MAIL_TO: 'one@example.com,two@example.com',
    PROV_NOTIFY_AFTER: '0s',
  });
  parts = { world, http, mail };
  await new PortalUser(world.portal.url).createProduct('Sales <b> & Co', 'sales');
  await eventually('the end of the run', () =>
    parts.world.lines.some((line) => line.includes('brought the product in order')),
  );
  // Drift, and a store that refuses us.
  await world.daemon()[Symbol.asyncDispose]();
  await rm(join(world.folder, 'products', 'sales', '.env'));
  await world.restart({ PROV_DRIFT_INTERVAL: '1s' });
  await eventually('the message of drift', () => hooks().length > 0, 30_000);
  await world.restart({ S3_ACCESS_KEY: 'AKIANOBODY0000000000', PROV_DRIFT_INTERVAL: '1s' });
  await eventually(
    'the message of the store',
    () => hooks().length > 1 && slacks().length > 1 && parts.mail.mails.length > 1,
    30_000,
  );
});
afterAll(async () => {
  for (const part of [world, http, mail]) await part?.[Symbol.asyncDispose]();
});

const hooks = () => parts.http.received.filter(({ path }) => path === '/hook');
const slacks = () => parts.http.received.filter(({ path }) => path.startsWith('/services/'));

describe('people are told', () => {
  test('by webhook, signed so that the standard’s own library takes it', () => {
    const bodies = hooks().map(({ headers, body }) => new Webhook(secret).verify(body, headers));
    expect(bodies).toMatchObject([
      {
        type: 'provisioner.drift.raised',
        data: { about: [{ product: 'Sales <b> & Co', message: '.env' }] },
      },
      { type: 'provisioner.parked.raised', data: { reason: 'StoreDenied', about: [{ home: 'sales' }] } },
    ]);
  });

  test('in Slack, where a name can not become mark-up', () => {
    const [, told] = slacks().map(({ body }): string => JSON.parse(body).text);
    expect(told).toMatch(
      /^:warning: \*The data product Sales &lt;b&gt; &amp; Co needs a person \(StoreDenied\)\*/,
    );
  });

  test('by mail, to everybody on the list', () => {
    const [, told] = parts.mail.mails;
    expect(told).toMatchObject({ to: ['one@example.com', 'two@example.com'], user: 'daemon' });
    expect(told?.raw).toMatch(/^Subject: The data product Sales <b> & Co needs a person/m);
    expect(told?.raw).toMatch(/^Auto-Submitted: auto-generated/m);
  });

  test('once, though the daemon was started again; and quietly when it is over', async () => {
    const before = hooks().length;
    await parts.world.restart({ S3_ACCESS_KEY: 'AKIANOBODY0000000000' });
    await eventually(
      'a look',
      () => parts.world.lines.filter((line) => line.includes('STORE_DENIED')).length > 1,
    );
    await parts.world.restart();
    await eventually('the good word', () => hooks().length > before, 30_000);
    const types = hooks().map(({ body }): string => JSON.parse(body).type);
    expect(types).toEqual([
      'provisioner.drift.raised',
      'provisioner.parked.raised',
      'provisioner.parked.recovered',
    ]);
  });

  test('no secret, in messages or in the log', async () => {
    const text = [
      ...parts.http.received.map(({ body }) => body),
      ...parts.mail.mails.map(({ raw }) => raw),
      ...parts.world.lines,
    ].join('\n');
    const env = (await parts.world.workspaceFile('sales', '.env')) ?? '';
    const key = /S3_SECRET_KEY=(\S+)/.exec(env)?.[1] ?? 'there is none';
    for (const hidden of [
      key,
      secret,
      password,
      encodeURIComponent(password),
      'of-slack-itself',
      parts.world.store.secretKey,
    ])
      expect(text).not.toContain(hidden);
  });
});

test('receivers that are away hold nothing up; what is given up is counted', async () => {
  await using other = await createWorld({
    PROV_NOTIFY_SLACK_URL: 'http://127.0.0.1:9/x',
    PROV_NOTIFY_SMTP_URL: 'smtp://127.0.0.1:9',
    PROV_NOTIFY_MAIL_FROM: 'a@example.com',
    PROV_NOTIFY_MAIL_TO: 'b@example.com',
    PROV_NOTIFY_AFTER: '0s',
    S3_ACCESS_KEY: 'AKIANOBODY0000000000',
  });
  await new PortalUser(other.portal.url).createProduct('alone', 'alone');
  await eventually(
    'the complaints',
    () => {
      const lines = other.lines.filter((line) => line.includes('a message could not be sent'));
      return lines.some((line) => line.includes('"slack"')) && lines.some((line) => line.includes('"mail"'));
    },
    30_000,
  );
  const asked = performance.now();
  expect((await fetch(`${other.daemon().url}/health/live`)).status).toBe(200);
  await other.daemon()[Symbol.asyncDispose]();
  expect(performance.now() - asked).toBeLessThan(10_000);
});

test('a password is not sent to a mail server that offers no encryption, where that is asked for', async () => {
  await using receiver = await startMailReceiver(password);
  const server = `smtp://daemon:${encodeURIComponent(password)}@127.0.0.1:${receiver.port}`;
  const addresses = { server, from: 'one@example.com', to: ['two@example.com'] };
  const message = {
    id: 'msg_1',
    kind: 'brake',
    reason: 'Brake',
    over: false,
    title: 'T',
    text: 'x',
    about: [],
  } as const;
  expect(await mailChannel({ ...addresses, requireTls: true }).send(message)).toMatch(/did not take it/);
  expect(receiver.mails).toEqual([]);
  expect(await mailChannel({ ...addresses, requireTls: false }).send(message)).toBeNull();
});
