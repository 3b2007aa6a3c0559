/** The process itself. */
import { z } from 'zod';
import { LogLevel } from '../../model/control.ts';
import { duration, flag, integer, secret, settingsOf } from './forms.ts';

const setting = settingsOf('Daemon');

export const daemonSettings = {
  PROV_DATABASE_URL: setting(
    z
      .string()
      .min(1)
      .refine(
        (text) => !text.includes('://') || /^postgres(ql)?:\/\//.test(text),
        'must be a folder or postgres://…',
      )
      .default('./.data'),
    {
      about: 'A folder for the embedded database, or a PostgreSQL server.',
      example: 'postgres://provisioner@db/provisioner',
      secret: true,
    },
  ),
  PROV_CONTROL_PATH: setting(z.string().min(1).default('./.control'), {
    about:
      'Folder through which `provisioner brake release`, `log-level` and `keys create` reach the daemon: who may write there is admin.',
    example: '/var/lib/provisioner/control',
  }),
  PROV_HOST: setting(z.string().min(1).default('0.0.0.0'), {
    about: 'Address to listen on.',
    example: '127.0.0.1',
  }),
  PROV_PORT: setting(integer(0, 65_535).default(8090), {
    about: 'Port to listen on.',
    example: '8090',
  }),
  PROV_SHUTDOWN_DELAY: setting(duration.default(5000), {
    about:
      'After SIGTERM webhooks are taken for so long, while readiness says no: a load balancer needs time to hear it.',
    example: '5s',
  }),
  PROV_METRICS_TOKEN: setting(secret.optional(), {
    about: 'Who reads `/metrics` must bring it, as `Authorization: Bearer`; without it everybody may.',
    example: 'a-long-random-token',
    secret: true,
  }),
  PROV_LOG_FORMAT: setting(
    z.enum(['auto', 'pretty', 'json'], 'must be auto, pretty or json').default('auto'),
    {
      about: 'Readable lines or JSON; `auto` = readable on a terminal.',
      example: 'json',
    },
  ),
  PROV_LOG_LEVEL: setting(LogLevel.default('info'), {
    about: 'Least severe line that is written.',
    example: 'debug',
  }),
  PROV_CA_FILE: setting(z.string().min(1).optional(), {
    about: 'PEM file of certificate authorities to trust beside the usual ones, for every connection.',
    example: '/etc/ssl/platform-ca.pem',
  }),
  PROV_ALLOW_HTTP: setting(flag.default(false), {
    about: 'Allow `http://` to hosts outside the local network.',
    example: 'false',
  }),
};
