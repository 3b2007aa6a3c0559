/** Sessions that were opened on demand, each given out until half of its life is over or its name was replaced. */
import { ProvisionerError } from '../model/errors.ts';
import type { AccessKey, PrincipalName } from './issuer.ts';

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
  readonly name: string;
  readonly session: Promise<Session>;
  readonly openedMs: number;
}

export class OpenSessions {
  readonly #hide: Hide;
  readonly #clock: () => Date;
  readonly #open = new Map<PrincipalName, OpenSession>();
  /** Who was given one holds it to its end, also when it is not given out any more. */
  #hidden: readonly { readonly untilMs: number; readonly forget: () => void }[] = [];

  constructor(hide: Hide, clock: () => Date) {
    this.#hide = hide;
    this.#clock = clock;
  }

  /**
   * @param name the one under which the principal's sessions are opened now
   * @param open opens one; what it throws is thrown
   */
  async sessionOf(principal: PrincipalName, name: string, open: () => Promise<AccessKey>): Promise<Session> {
    const last = this.#open.get(principal);
    if (last?.name === name && (await this.#isFresh(last))) return last.session;
    // Somebody else who asked may have been here meanwhile.
    const newer = this.#open.get(principal);
    if (newer !== last && newer?.name === name) return newer.session;
    const session = this.#openNew(open);
    this.#open.set(principal, { name, session, openedMs: this.#nowMs });
    return session;
  }

  async #openNew(open: () => Promise<AccessKey>): Promise<Session> {
    const { id, secret, session } = await open();
    if (session === null) throw new ProvisionerError('INTERNAL', 'The store gave a lasting key.');
    this.#keepHidden([secret, session.token], session.expiresAt.getTime());
    return { id, secret, ...session };
  }

  #keepHidden(secrets: readonly string[], untilMs: number): void {
    const over = this.#hidden.filter((each) => each.untilMs <= this.#nowMs);
    for (const { forget } of over) forget();
    const forgets = secrets.map(this.#hide);
    const forget = () => {
      for (const each of forgets) each();
    };
    this.#hidden = [...this.#hidden.filter((each) => !over.includes(each)), { untilMs, forget }];
  }

  async #isFresh({ session, openedMs }: OpenSession): Promise<boolean> {
    const endsMs = (await session.catch(() => null))?.expiresAt.getTime() ?? 0;
    return this.#nowMs < (openedMs + endsMs) / 2;
  }

  get #nowMs(): number {
    return this.#clock().getTime();
  }
}
