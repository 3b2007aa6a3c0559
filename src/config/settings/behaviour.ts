/** How the daemon decides. */
import { z } from 'zod';
import { duration, flag, integer, settingsOf } from './forms.ts';

const setting = settingsOf('Behaviour');

export const behaviourSettings = {
  PROV_KEY_GRACE: setting(duration.default(15 * 60_000), {
    about: 'How long the old access key works on after a new one was handed over.',
    example: '15m',
  }),
  PROV_KEY_MAX_AGE: setting(duration.default(30 * 86_400_000), {
    about: 'A key that is so old is replaced; `0` = never.',
    example: '30d',
  }),
  PROV_ROTATE_ON_ACCESS_CHANGE: setting(flag.default(true), {
    about: "New credentials when a product's access changes; `false` changes the policy only.",
    example: 'true',
  }),
  PROV_PROOF_TIMEOUT: setting(duration.default(60_000), {
    about: 'How long a store may take until a new key works as it must.',
    example: '60s',
  }),
  PROV_ON_DELETE: setting(z.enum(['archive', 'purge'], 'must be archive or purge').default('archive'), {
    about: "A deleted product's data: `archive` leaves it in place, `purge` deletes it.",
    example: 'archive',
  }),
  PROV_BRAKE_PERCENT: setting(integer(1, 100).default(20), {
    about: 'More than this share of products gone within the window stops all tear-downs.',
    example: '20',
  }),
  PROV_BRAKE_MINIMUM: setting(integer(1, 1_000_000).default(3), {
    about: '… and at least this many.',
    example: '3',
  }),
  PROV_BRAKE_WINDOW: setting(duration.default(10 * 60_000), {
    about: 'The window of the brake.',
    example: '10m',
  }),
  PROV_RESYNC_INTERVAL: setting(duration.default(10 * 60_000), {
    about: 'How often the portal is asked for every product; what differs from last time is looked at.',
    example: '10m',
  }),
  PROV_DRIFT_INTERVAL: setting(duration.default(30 * 60_000), {
    about:
      'Every product is compared with store and workspace at least this often, spread evenly; `0` = never: the resync then looks at all products, not at what changed.',
    example: '30m',
  }),
  PROV_OBSERVE_ONLY: setting(flag.default(false), {
    about: 'Look and plan, apply nothing: for a first installation on a live estate.',
    example: 'false',
  }),
  PROV_MAX_TRIES: setting(integer(1, 1000).default(10), {
    about: 'Failed runs in a row after which a product is parked until the next resync or drift check.',
    example: '10',
  }),
  PROV_ARCHIVE_RETENTION: setting(duration.default(90 * 86_400_000), {
    about: 'How long workspaces of deleted products stay in the archive; `0` = for ever.',
    example: '90d',
  }),
  PROV_CONCURRENCY: setting(integer(1, 256).default(16), {
    about: 'How many products are reconciled at a time.',
    example: '16',
  }),
  PROV_HISTORY_RETENTION: setting(duration.default(30 * 86_400_000), {
    about: 'How long deliveries and runs are kept.',
    example: '30d',
  }),
  PROV_AUDIT_RETENTION: setting(duration.default(400 * 86_400_000), {
    about: 'How long the audit is kept.',
    example: '400d',
  }),
};
