/** Who is asking, and whether they may. Everything but health, metrics, webhooks and sessions goes through here. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Kysely } from 'kysely';
import { hasApiKeys } from '../db/api-keys.ts';
import { findSession } from '../db/sessions.ts';
import type { Tables } from '../db/tables.ts';
import { type RoleName, roleHolds } from '../model/role.ts';
import { type KeyHolder, verifyApiKey } from './api-keys.ts';
import { type CookieOptions, readOurCookie } from './cookies.ts';
import { sameText, sha256, sign } from './digest.ts';
import { adoptKeyOrders, nameOfSettingsKey } from './key-book.ts';
import { isLocalCall, isSameOrigin } from './origin.ts';

/** Who asks: `name` goes to the audit. */
export interface Visitor {
  readonly name: string;
  readonly role: RoleName;
  /** `key`: a bearer key; `login`: a browser's cookie; `local`: nothing is asked on the loopback. */
  readonly by: 'key' | 'login' | 'local';
  /** What a write with a cookie must bring, as header `x-csrf-token` or form field `csrf`; `null`: nothing. */
  readonly csrfToken: string | null;
}

/** Why somebody may not. */
export type Refusal = 'unauthenticated' | 'nothing-set' | 'forbidden' | 'csrf';

export interface GuardOptions {
  readonly db: Kysely<Tables>;
  readonly cookies: CookieOptions;
  /** A key from the settings, besides those in the books. */
  readonly adminKey: string | undefined;
  /** People can log in with an identity provider. */
  readonly oidc: boolean;
  /** We listen where only this machine reaches us. */
  readonly loopback: boolean;
  readonly controlFolder: string;
  /** Our host as browsers know it, when that is set. */
  readonly publicHost: string | undefined;
  readonly clock: () => Date;
}

export interface Guard {
  /** Who asks; `null`: nobody that we know. Never throws for what a request holds. */
  identify(request: Request): Promise<Visitor | null>;
  /** Who asks, when they may do what needs the role; else why not. Checks writes with a cookie for their token. */
  admit(request: Request, role: RoleName): Promise<Visitor | Refusal>;
  /** As middleware: who asks stands in `visitorOf(response)` afterwards; `refuse` answers the others. */
  require(
    role: RoleName,
    refuse: (refusal: Refusal, request: Request, response: Response) => void,
  ): RequestHandler;
  /** Nothing is set that could tell people apart, and only this machine reaches us: everybody is admin. */
  isOpen(): Promise<boolean>;
  /** Who a key stands for; `null`: it opens nothing. */
  holderOf(key: string): Promise<KeyHolder | null>;
}

const settingsKey = 'settings:';
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who `Guard.require` let in. @throws Error when the route is not behind it */
export function visitorOf(response: Response): Visitor {
  const { visitor } = response.locals as { visitor?: Visitor };
  if (visitor === undefined) throw new Error('this route is not behind the guard');
  return visitor;
}

export function createGuard(options: GuardOptions): Guard {
  return new BookGuard(options);
}

class BookGuard implements Guard {
  readonly #options: GuardOptions;
  #anyKeys = false;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  async identify(request: Request): Promise<Visitor | null> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const key = /^Bearer +(?<key>\S+)$/i.exec(authorization)?.groups?.key;
      const holder = key === undefined ? null : await this.holderOf(key);
      return holder === null ? null : { name: holder.name, role: holder.role, by: 'key', csrfToken: null };
    }
    const login = await this.#loginOf(request);
    if (login !== null) return login;
    if (!isLocalCall(request) || !(await this.isOpen())) return null;
    return { name: 'local', role: 'admin', by: 'local', csrfToken: null };
  }

  async admit(request: Request, role: RoleName): Promise<Visitor | Refusal> {
    const visitor = await this.identify(request);
    if (visitor === null) return (await this.#anythingSet()) ? 'unauthenticated' : 'nothing-set';
    if (!safeMethods.has(request.method) && !this.#isMeant(request, visitor)) return 'csrf';
    return roleHolds(visitor.role, role) ? visitor : 'forbidden';
  }

  require(
    role: RoleName,
    refuse: (refusal: Refusal, request: Request, response: Response) => void,
  ): RequestHandler {
    return async (request: Request, response: Response, next: NextFunction) => {
      const admitted = await this.admit(request, role);
      if (typeof admitted === 'string') return refuse(admitted, request, response);
      response.locals.visitor = admitted;
      next();
    };
  }

  async isOpen(): Promise<boolean> {
    return this.#options.loopback && !(await this.#anythingSet());
  }

  async holderOf(key: string): Promise<KeyHolder | null> {
    const { adminKey, db, clock, controlFolder } = this.#options;
    if (adminKey !== undefined && sameText(key, adminKey))
      return {
        id: this.#settingsId(adminKey),
        name: `key:${nameOfSettingsKey}`,
        role: 'admin',
        expiresAt: null,
      };
    const known = await verifyApiKey(db, key, clock());
    if (known !== null) return known;
    // Also when another request has just taken the order up.
    await adoptKeyOrders(db, controlFolder);
    return verifyApiKey(db, key, clock());
  }

  async #loginOf(request: Request): Promise<Visitor | null> {
    const { cookies, db, clock, adminKey } = this.#options;
    const id = readOurCookie(request, 'login', cookies);
    if (id === null) return null;
    const session = await findSession(db, sha256(id), clock());
    if (session === null) return null;
    const madeWith = session.apiKey ?? '';
    if (
      madeWith.startsWith(settingsKey) &&
      (adminKey === undefined || madeWith !== this.#settingsId(adminKey))
    )
      return null;
    return {
      name: session.name,
      role: session.role,
      by: 'login',
      csrfToken: sign(cookies.secret, 'csrf', id),
    };
  }

  /** Tells one key of the settings from the next, so that a login ends with the one that it was made with. */
  #settingsId(adminKey: string): string {
    return `${settingsKey}${sign(this.#options.cookies.secret, 'settings-key', adminKey)}`;
  }

  async #anythingSet(): Promise<boolean> {
    const { adminKey, oidc, db, controlFolder } = this.#options;
    if (adminKey !== undefined || oidc || this.#anyKeys) return true;
    await adoptKeyOrders(db, controlFolder);
    this.#anyKeys = await hasApiKeys(db);
    return this.#anyKeys;
  }

  /** A browser sends its cookie (and reaches the loopback) for any page: a write must show that ours asked for it. */
  #isMeant(request: Request, { by, csrfToken }: Visitor): boolean {
    if (by === 'key') return true;
    if (!isSameOrigin(request, this.#options.publicHost)) return false;
    if (csrfToken === null) return true;
    const body: unknown = request.body;
    const field = typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : undefined;
    const given = request.get('x-csrf-token') ?? field;
    return typeof given === 'string' && sameText(given, csrfToken);
  }
}
