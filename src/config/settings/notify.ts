/** Whom to tell, and of what. */
import { z } from 'zod';
import { noticeKinds } from '../../model/notice.ts';
import { duration, httpUrl, list, settingsOf } from './forms.ts';

const setting = settingsOf('Messages');

export const notifySettings = {
  PROV_NOTIFY_WEBHOOK_URL: setting(httpUrl.optional(), {
    about: 'Address that messages are posted to, signed the Standard Webhooks way.',
    example: 'https://alerts.example.com/provisioner',
  }),
  PROV_NOTIFY_WEBHOOK_SECRET: setting(
    z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64')
      .optional(),
    {
      about: 'Secret that they are signed with.',
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      secret: true,
    },
  ),
  PROV_NOTIFY_SLACK_URL: setting(httpUrl.optional(), {
    about: 'Incoming webhook of Slack, or of what takes its form.',
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
    secret: true,
  }),
  PROV_NOTIFY_SMTP_URL: setting(
    z.url({ protocol: /^smtps?$/, error: 'must be smtp:// or smtps://' }).optional(),
    {
      about: 'Mail server for messages.',
      example: 'smtp://provisioner:password@mail.example.com:587',
      secret: true,
    },
  ),
  PROV_NOTIFY_MAIL_FROM: setting(z.string().min(3).optional(), {
    about: 'Sender of those mails.',
    example: 'provisioner@example.com',
  }),
  PROV_NOTIFY_MAIL_TO: setting(list.pipe(z.array(z.email('must be mail addresses'))).optional(), {
    about: 'Who gets them, comma separated.',
    example: 'data-platform@example.com',
  }),
  PROV_NOTIFY_ON: setting(
    list
      .pipe(z.array(z.enum(noticeKinds, `must be of ${noticeKinds.join(', ')}`)).min(1))
      .prefault(noticeKinds.join(',')),
    { about: 'What is told.', example: 'parked,brake' },
  ),
  PROV_NOTIFY_AFTER: setting(duration.default(5 * 60_000), {
    about: 'What is over sooner is not told.',
    example: '5m',
  }),
  PROV_NOTIFY_REPEAT: setting(duration.default(86_400_000), {
    about: 'What is still so after this long is told again.',
    example: '24h',
  }),
  PROV_NOTIFY_TEXTS: setting(z.string().min(1).optional(), {
    about: 'Folder with texts of your own (Handlebars) that take the place of ours.',
    example: './texts',
  }),
};
