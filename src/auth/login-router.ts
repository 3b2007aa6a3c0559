/** Logging in and out: `/auth/login`, with a provider by `/auth/start` and `/auth/callback`, with a key by `/auth/key`. */
import { randomBytes } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { deleteSession, insertSession } from '../db/sessions.ts';
import type { Tables } from '../db/tables.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { RoleName } from '../model/role.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type CookieOptions, readOurCookie, setOurCookie } from './cookies.ts';
import { sha256 } from './digest.ts';
import type { Guard } from './guard.ts';
import { securityHeaders } from './headers.ts';
import { loginStyles, renderLoginPage } from './login-page.ts';
import { LoginAttempt, type OidcLogin } from './oidc.ts';
import { isSameOrigin } from './origin.ts';
import { safeReturnPath } from './return-path.ts';

export interface LoginOptions {
  readonly db: Kysely<Tables>;
  readonly guard: Guard;
  readonly cookies: CookieOptions;
  /** `null`: people log in with keys only. */
  readonly oidc: OidcLogin | null;
  /** Our host as browsers know it, when that is set. */
  readonly publicHost: string | undefined;
  /** How long a login lasts. */
  readonly lifetimeMs: number;
  readonly log: Logger;
  readonly clock: () => Date;
}

/** A login at the provider may take so long. */
const attemptMs = 10 * 60_000;
/** Failed attempts from one address within a minute. */
const mostAttempts = 20;

const KeyForm = z.object({ key: z.string().max(500), return: z.unknown() });

export function createLoginRouter(options: LoginOptions): Router {
  const router = Router();
  const limit = rateLimit({
    windowMs: 60_000,
    limit: mostAttempts,
    skipSuccessfulRequests: true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // The address that counts is the connection's: a header that anybody can write names nobody.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    handler: (_request, response) =>
      refuse(options, response, 429, '/console', 'Too many attempts. Wait a minute.'),
  });
  router.use('/auth', securityHeaders(options.cookies.secure), (_request, response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });
  router.get('/auth/login', ({ query }, response) => {
    response.send(renderLoginPage(options.oidc !== null, safeReturnPath(query.return), null));
  });
  router.get('/auth/token', (request, response) => tellToken(options.guard, request, response));
  router.get('/auth/login.css', (_request, response) => void response.type('css').send(loginStyles));
  router.get('/auth/start', limit, (request, response) => start(options, request, response));
  router.get('/auth/callback', limit, (request, response) => finish(options, request, response));
  router.post(
    '/auth/key',
    limit,
    express.urlencoded({ extended: false, limit: '8kb' }),
    (request, response) => logInWithKey(options, request, response),
  );
  router.post('/auth/logout', express.urlencoded({ extended: false, limit: '8kb' }), (request, response) =>
    logOut(options, request, response),
  );
  router.use('/auth', failed(options));
  return router;
}

/** What express's body reader throws for a form that it can not read. */
const BadForm = z.object({ status: z.int().min(400).max(499) });

/** A browser gets the login page with words; to whoever asks for something else it is an error like any other. */
function failed(options: LoginOptions) {
  return (thrown: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent || request.accepts(['json', 'html']) !== 'html') return next(thrown);
    const asked: unknown = request.body?.return ?? request.query.return;
    const badForm = BadForm.safeParse(thrown);
    if (badForm.success)
      return refuse(options, response, badForm.data.status, asked, 'This form can not be read.');
    const { code, message } = asProvisionerError(thrown);
    options.log.error('a login or a log-out failed', { code, error: message });
    const problem =
      'That did not work: most often the database is away for a moment. Try again; the log has the reason.';
    refuse(options, response, 500, asked, problem);
  };
}

/** For scripts of our own pages: browsers give the answer to no other. */
async function tellToken(guard: Guard, request: Request, response: Response): Promise<void> {
  const visitor = await guard.identify(request);
  response.status(visitor === null ? 401 : 200).json({ csrf: visitor?.csrfToken ?? null });
}

async function start(options: LoginOptions, request: Request, response: Response): Promise<void> {
  const returnTo = safeReturnPath(request.query.return);
  if (options.oidc === null) return refuse(options, response, 404, returnTo, 'No identity provider is set.');
  try {
    const { url, attempt } = await options.oidc.begin(returnTo);
    setOurCookie(response, 'attempt', JSON.stringify(attempt), attemptMs, options.cookies);
    response.redirect(303, url.href);
  } catch (error) {
    options.log.error('a login could not begin: the identity provider does not answer', {
      error: wordsOf(error),
    });
    refuse(options, response, 503, returnTo, 'The identity provider does not answer. Try again.');
  }
}

async function finish(options: LoginOptions, request: Request, response: Response): Promise<void> {
  const attempt = attemptOf(readOurCookie(request, 'attempt', options.cookies));
  setOurCookie(response, 'attempt', null, 0, options.cookies);
  if (options.oidc === null || attempt === null)
    return refuse(options, response, 400, '/console', 'This login was not begun here, or took too long.');
  const query = new URLSearchParams(request.originalUrl.split('?')[1] ?? '');
  const confirmed = await options.oidc.finish(query, attempt).catch((error: unknown) => {
    options.log.warn('a login was refused', { error: wordsOf(error) });
    return null;
  });
  if (confirmed === null)
    return refuse(
      options,
      response,
      401,
      attempt.returnTo,
      'The identity provider did not confirm this login.',
    );
  const { name, role } = confirmed;
  if (role === null) {
    options.log.warn('a login was refused: no role', { person: name });
    const problem = `You are ${name}, but no role was given to you. Ask who runs the provisioner.`;
    return refuse(options, response, 403, attempt.returnTo, problem);
  }
  await enter(options, response, { name, role, apiKey: null, expiresAt: null });
  response.redirect(303, safeReturnPath(attempt.returnTo));
}

async function logInWithKey(options: LoginOptions, request: Request, response: Response): Promise<void> {
  const form = KeyForm.safeParse(request.body);
  const returnTo = safeReturnPath(form.data?.return);
  if (!isSameOrigin(request, options.publicHost))
    return refuse(options, response, 403, returnTo, 'This form was sent from another page.');
  const holder = form.success ? await options.guard.holderOf(form.data.key.trim()) : null;
  if (holder === null) {
    options.log.warn('a login with a key was refused');
    return refuse(options, response, 401, returnTo, 'This key opens nothing here.');
  }
  const { id: apiKey, name, role, expiresAt } = holder;
  await enter(options, response, { name, role, apiKey, expiresAt });
  response.redirect(303, returnTo);
}

async function logOut(options: LoginOptions, request: Request, response: Response): Promise<void> {
  const admitted = await options.guard.admit(request, 'viewer');
  if (admitted === 'csrf') return refuse(options, response, 403, '/console', 'This form is no longer valid.');
  const id = readOurCookie(request, 'login', options.cookies);
  if (id !== null) await deleteSession(options.db, sha256(id));
  setOurCookie(response, 'login', null, 0, options.cookies);
  response.redirect(303, '/auth/login');
}

/** Who logs in. */
interface Entrant {
  readonly name: string;
  readonly role: RoleName;
  /** The key that it was done with. */
  readonly apiKey: string | null;
  /** The login ends with that. */
  readonly expiresAt: Date | null;
}

/** A login gets a fresh secret each time, so that nobody can have set it before. */
async function enter(
  { db, cookies, lifetimeMs, clock, log }: LoginOptions,
  response: Response,
  { expiresAt: keyEnd, ...who }: Entrant,
): Promise<void> {
  const id = randomBytes(32).toString('base64url');
  const now = clock();
  const lastsMs = Math.min(lifetimeMs, (keyEnd?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime());
  const expiresAt = new Date(now.getTime() + lastsMs);
  await insertSession(db, { sha256: sha256(id), ...who, expiresAt }, now);
  setOurCookie(response, 'login', id, lastsMs, cookies);
  log.info('logged in', { person: who.name, role: who.role });
}

function refuse(
  { oidc }: LoginOptions,
  response: Response,
  status: number,
  returnTo: unknown,
  problem: string,
): void {
  response.status(status).send(renderLoginPage(oidc !== null, safeReturnPath(returnTo), problem));
}

function attemptOf(text: string | null): LoginAttempt | null {
  if (text === null) return null;
  try {
    return LoginAttempt.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Without the answer's body, which could hold a token. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
