/** Messages as webhooks, signed the Standard Webhooks way (standardwebhooks.com), and to Slack's incoming webhooks. */
import { createHmac } from 'node:crypto';
import type { Channel, Message } from './notice.ts';

const timeoutMs = 10_000;

/**
 * Any system that verifies Standard Webhooks.
 *
 * @param secret `whsec_` and the key's bytes in base64
 */
export function webhookChannel(url: string, secret: string): Channel {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return {
    name: 'webhook',
    send: (message) => {
      const body = JSON.stringify(payloadOf(message));
      const timestamp = Math.floor(Date.now() / 1000);
      const mac = createHmac('sha256', key).update(`${message.id}.${timestamp}.${body}`).digest('base64');
      return post(url, body, {
        'webhook-id': message.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${mac}`,
      });
    },
  };
}

/** Slack, and what takes its form (Mattermost, Rocket.Chat, Teams by a connector). */
export function slackChannel(url: string): Channel {
  return {
    name: 'slack',
    send: ({ over, title, text }) => {
      const sign = over ? ':white_check_mark:' : ':warning:';
      const words = [`${sign} *${escapeSlack(title)}*`, escapeSlack(text)].filter((line) => line !== '');
      return post(url, JSON.stringify({ text: words.join('\n') }), {});
    },
  };
}

function payloadOf({ kind, reason, over, title, text, about }: Message) {
  return {
    type: `provisioner.${kind}.${over ? 'recovered' : 'raised'}`,
    timestamp: new Date().toISOString(),
    data: {
      reason,
      title,
      text,
      about: about.map(({ subject, facts, since }) => ({ subject, ...facts, since: since.toISOString() })),
    },
  };
}

/** `&`, `<` and `>` mean something there (Slack documentation, "Formatting text"): names must not become mentions. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The address may hold a secret (Slack's do), so that it is in no message. */
async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    return answer.ok ? null : `it was answered with ${answer.status}`;
  } catch (thrown) {
    const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
    const code =
      typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : 'no answer in time';
    return `no connection (${String(code)})`;
  }
}
