/** Settings and parts → the console. */
import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import type { Environment } from '../config/schema.ts';
import { Live } from '../console/live.ts';
import { createConsoleRouter } from '../console/router.ts';
import type { Editor } from '../console/sources.ts';
import type { Authenticate } from '../console/visitor.ts';
import { createCommands } from '../control/orders.ts';
import { readStamps } from '../db/stamps.ts';
import { version } from '../model/version.ts';
import { queueNames } from '../queue/jobs.ts';
import type { ReconcileParts } from '../reconcile/parts.ts';
import type { People } from './people.ts';

export interface Console {
  readonly router: Router;
  /** Tells open pages what happens; disposing it closes their connections. */
  readonly live: Live;
}

/** How often open pages learn what other processes did. */
const tickMs = 3000;
/** They learn what this one did at once, but not more often: what fifty pages ask for then is most of their cost. */
const restMs = 2000;

export function assembleConsole(env: Environment, parts: ReconcileParts, people: People): Console {
  const { database, queue, portal, workspaces, clock, log } = parts;
  const live = new Live({ read: (since) => readStamps(database.sql, since), log, tickMs, restMs });
  const router = createConsoleRouter({
    db: database.sql,
    commands: createCommands(parts),
    inputsOf: (consumer) => portal.listProviders(consumer),
    listFolder: (home, path) => workspaces.list(home, path),
    editorsOf: (home) => editorsOf(env, home),
    store: parts.storeReport,
    jobs: () => queue.depth(queueNames.reconcile),
    clock,
    authenticate: authenticator(people),
    live,
    log,
    version,
    secure: people.secure,
  });
  return { router, live };
}

function editorsOf(env: Environment, home: string): readonly Editor[] {
  const patterns = { 'VS Code': env.PROV_CODE_SERVER_URL, RStudio: env.PROV_RSTUDIO_URL };
  return Object.entries(patterns).flatMap(([name, pattern]) =>
    pattern === undefined ? [] : { name, href: pattern.replaceAll('{home}', encodeURIComponent(home)) },
  );
}

/** Who is not known is sent to log in, and comes back to the page. */
function authenticator({ guard }: People): Authenticate {
  const ownToken = randomBytes(32).toString('base64url');
  return async (request, response) => {
    const visitor = await guard.identify(request);
    if (visitor !== null) {
      const { name, role, csrfToken, by } = visitor;
      return { name, role, csrfToken: csrfToken ?? ownToken, loggedIn: by === 'login' };
    }
    const login = `/auth/login?return=${encodeURIComponent(request.method === 'GET' ? request.originalUrl : '/console')}`;
    if (request.get('HX-Request') === undefined) response.redirect(303, login);
    else response.status(401).set('HX-Refresh', 'true').end();
    return null;
  };
}
