/** Messages as e-mail. Nothing imports this file but by `import()`: who wants no mail does not load what sends it. */
import { createTransport } from 'nodemailer';
import type { Channel } from './notice.ts';

const timeoutMs = 10_000;

export interface MailOptions {
  /** `smtp://user:password@host:587` (STARTTLS where offered) or `smtps://…`. */
  readonly server: string;
  /** Nothing is sent, no password either, where the server offers no STARTTLS. */
  readonly requireTls: boolean;
  readonly from: string;
  readonly to: readonly string[];
}

export function mailChannel({ server, from, to, requireTls }: MailOptions): Channel {
  const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  const url = new URL(server);
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (url.protocol === 'smtps:' ? 465 : 587)),
    secure: url.protocol === 'smtps:',
    requireTLS: requireTls,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    ...timeouts,
  });
  return {
    name: 'mail',
    send: async ({ id, over, title, text }) => {
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: title,
          text: `${text}\n`,
          headers: { 'Auto-Submitted': 'auto-generated', ...(over ? { Importance: 'low' } : {}) },
          messageId: `<${id}@provisioner.invalid>`,
        });
        return null;
      } catch (thrown) {
        const code =
          typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : 'failed';
        return `the mail server did not take it (${code})`;
      }
    },
  };
}
