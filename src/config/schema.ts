/**
 * Every setting, once: its form, default, example and meaning. The README's table and the start-up message are made
 * from this object, so they can not disagree with it.
 */
import { z } from 'zod';
import { behaviourSettings } from './settings/behaviour.ts';
import { consoleSettings } from './settings/console.ts';
import { daemonSettings } from './settings/daemon.ts';
import { notifySettings } from './settings/notify.ts';
import { peopleSettings } from './settings/people.ts';
import { portalSettings } from './settings/portal.ts';
import { secretsSettings } from './settings/secrets.ts';
import { storeSettings } from './settings/store.ts';
import { telemetrySettings } from './settings/telemetry.ts';
import { webhooksSettings } from './settings/webhooks.ts';
import { workspacesSettings } from './settings/workspaces.ts';

/** The environment as it must be. Keys are the variables' names; values are parsed to what the parts need. */
export const Environment = z.object({
  ...portalSettings,
  ...storeSettings,
  ...webhooksSettings,
  ...workspacesSettings,
  ...behaviourSettings,
  ...peopleSettings,
  ...consoleSettings,
  ...daemonSettings,
  ...telemetrySettings,
  ...notifySettings,
  ...secretsSettings,
});
export type Environment = z.infer<typeof Environment>;
