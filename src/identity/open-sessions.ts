/** Sessions that were opened on demand, each given out until half of its life is over. */
import { ProvisionerError } from '../model/errors.ts';
import type { Issuer, PrincipalName } from './issuer.ts';

/** Keeps a secret out of the log until the returned function is called. */
type Hide = (secret: string) => () => void;

/** Session credentials. */
export interface Session {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAt: Date;
}

interface OpenSession {
  readonly session: Promise<Session>;
  readonly openedMs: number;
}

export class OpenSessions {
  readonly #findIssuer: () => Promise<Issuer>;
  readonly #hide: Hide;
  readonly #open = new Map<PrincipalName, OpenSession>();

  constructor(findIssuer: () => Promise<Issuer>, hide: Hide) {
    this.#findIssuer = findIssuer;
    this.#hide = hide;
  }

  /** @throws ProvisionerError of the store */
  async sessionOf(principal: PrincipalName): Promise<Session> {
    const open = this.#open.get(principal);
    if (open !== undefined && (await isFresh(open))) return open.session;
    const session = this.#openNew(principal);
    this.#open.set(principal, { session, openedMs: Date.now() });
    return session;
  }

  async #openNew(principal: PrincipalName): Promise<Session> {
    const issuer = await this.#findIssuer();
    const { id, secret, session } = await issuer.createKey(principal, issuer.proposeKeyId());
    if (session === null) throw new ProvisionerError('INTERNAL', 'The store gave a lasting key.');
    const shown = [secret, session.token].map(this.#hide);
    // Nobody holds it for longer than it lives.
    const lifeMs = session.expiresAt.getTime() - Date.now();
    setTimeout(() => shown.forEach((forget) => void forget()), lifeMs).unref();
    return { id, secret, ...session };
  }
}

async function isFresh({ session, openedMs }: OpenSession): Promise<boolean> {
  const endsMs = (await session.catch(() => null))?.expiresAt.getTime() ?? 0;
  return Date.now() < (openedMs + endsMs) / 2;
}
