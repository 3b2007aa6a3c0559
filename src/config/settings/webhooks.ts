/** What proves a webhook. */
import { flag, secrets, settingsOf } from './forms.ts';

const setting = settingsOf('Webhooks');

export const webhooksSettings = {
  WEBHOOK_SECRET: setting(secrets.optional(), {
    about: "The portal's `WEBHOOK_SECRET`; several, comma separated, while it is being changed.",
    example: 'a-long-random-secret',
    secret: true,
  }),
  WEBHOOK_V2_TOKEN: setting(secrets.optional(), {
    about:
      'Token that v2 webhooks must bring, as `Authorization: Bearer` or as `?token=` in the URL given to the portal.',
    example: 'a-long-random-token',
    secret: true,
  }),
  WEBHOOK_V2_SECRET: setting(secrets.optional(), {
    about: 'Secret for v2 webhooks signed the Standard Webhooks way (by a gateway in front).',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    secret: true,
  }),
  PROV_ALLOW_UNSIGNED: setting(flag.default(false), {
    about: 'Accept webhooks without any proof. For closed networks only; warned about at start.',
    example: 'false',
  }),
};
