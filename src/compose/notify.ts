/** Settings → who is told, by which channels. */
import { isSafeAddress } from '../config/address.ts';
import type { Environment } from '../config/schema.ts';
import type { Channel } from '../notify/notice.ts';
import { type Notifier, type NotifierOptions, startNotifier } from '../notify/notifier.ts';
import { loadTexts } from '../notify/texts.ts';
import { slackChannel, webhookChannel } from '../notify/webhook.ts';

const lookEveryMs = 5000;

/** @returns `null` when nobody is to be told */
export async function openNotifier(
  env: Environment,
  parts: Pick<NotifierOptions, 'database' | 'log' | 'metrics'>,
): Promise<Notifier | null> {
  const channels = await channelsOf(env);
  if (channels.length === 0) return null;
  return startNotifier({
    ...parts,
    channels,
    texts: await loadTexts(env.PROV_NOTIFY_TEXTS),
    kinds: env.PROV_NOTIFY_ON,
    keyMaxAgeMs: env.PROV_KEY_MAX_AGE === 0 ? null : env.PROV_KEY_MAX_AGE,
    afterMs: env.PROV_NOTIFY_AFTER,
    repeatMs: env.PROV_NOTIFY_REPEAT,
    lookEveryMs,
  });
}

async function channelsOf(env: Environment): Promise<readonly Channel[]> {
  const channels: Channel[] = [];
  const { PROV_NOTIFY_WEBHOOK_URL: url, PROV_NOTIFY_WEBHOOK_SECRET: secret } = env;
  if (url !== undefined && secret !== undefined) channels.push(webhookChannel(url, secret));
  if (env.PROV_NOTIFY_SLACK_URL !== undefined) channels.push(slackChannel(env.PROV_NOTIFY_SLACK_URL));
  const { PROV_NOTIFY_SMTP_URL: server, PROV_NOTIFY_MAIL_FROM: from, PROV_NOTIFY_MAIL_TO: to } = env;
  if (server !== undefined && from !== undefined && to !== undefined) {
    const { mailChannel } = await import('../notify/mail.ts');
    channels.push(
      mailChannel({ server, from, to, requireTls: !env.PROV_ALLOW_HTTP && !isSafeAddress(server) }),
    );
  }
  return channels;
}
