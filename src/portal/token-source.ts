/** Access tokens by OAuth 2 client credentials (RFC 6749, section 4.4), fetched once for all callers. */
import { ProvisionerError } from '../model/errors.ts';
import { type Answer, type ExchangeLimits, exchange } from './exchange.ts';
import { TokenAnswer } from './schema.ts';

/** What the identity provider needs to know. */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
}

/** Where tokens come from, and who is told of them. */
export interface TokenSourceOptions {
  readonly client: ClientCredentials;
  readonly limits: ExchangeLimits;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of every token when it is born, so that no log shows it. */
  readonly registerSecret: (value: string) => void;
  /** Told of a token that nobody uses any more. */
  readonly forgetSecret: (value: string) => void;
}

interface Token {
  readonly value: string;
  readonly fetchedAtMs: number;
  /** From then on a new one is fetched. */
  readonly renewAtMs: number;
}

const label = 'POST token endpoint';
/** So long before its end a token is renewed: the portal answers an expired one with a bare 500. */
const marginMs = 30_000;
/** Life of a token whose provider does not tell. */
const unknownLifeMs = 300_000;
/** A token this young is not expired, so a portal that fails by itself does not set off a renewal per request. */
const trustedForMs = 5_000;

/** One token at a time, renewed before it expires; callers that come meanwhile share the renewal under way. */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  #token: Token | null = null;
  #previous: Token | null = null;
  #renewal: Promise<Token> | null = null;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
  }

  /**
   * A token that is good for a while.
   *
   * @throws ProvisionerError `PORTAL_DENIED` when the provider refuses the client, `PORTAL_UNAVAILABLE` when it does
   * not answer, `PORTAL_CONTRACT` when the answer is no token.
   */
  async current(): Promise<string> {
    const token = this.#token;
    if (token !== null && this.#options.clock() < token.renewAtMs) return token.value;
    return (await this.#renew()).value;
  }

  /**
   * Another token than the one that the portal seems to refuse, or null when there is no use in one: the refused one
   * has only just been made. Throws as `current` does.
   */
  async insteadOf(refused: string): Promise<string | null> {
    const token = this.#token;
    if (token === null || token.value !== refused) return this.current();
    if (this.#options.clock() - token.fetchedAtMs < trustedForMs) return null;
    return (await this.#renew()).value;
  }

  #renew(): Promise<Token> {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #fetch(): Promise<Token> {
    const { client, limits, clock } = this.#options;
    const answer = await exchange(tokenRequest(client), limits);
    if (answer.status !== 200) throw refusal(answer);
    const { access_token, expires_in } = readToken(answer);
    const fetchedAtMs = clock();
    const lifeMs = expires_in === undefined ? unknownLifeMs : expires_in * 1000;
    const renewAtMs = fetchedAtMs + lifeMs - Math.min(marginMs, lifeMs / 2);
    return this.#keep({ value: access_token, fetchedAtMs, renewAtMs });
  }

  /** The token before this one may still be on its way in a request; the one before that is out of use. */
  #keep(token: Token): Token {
    const outOfUse = this.#previous?.value;
    this.#previous = this.#token;
    this.#token = token;
    this.#options.registerSecret(token.value);
    if (outOfUse !== undefined && outOfUse !== token.value && outOfUse !== this.#previous?.value) {
      this.#options.forgetSecret(outOfUse);
    }
    return token;
  }
}

/** Id and secret go into the form, as the portal's own SDK sends them. */
function tokenRequest(client: ClientCredentials) {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    scope: client.scope,
  });
  return {
    label,
    method: 'POST',
    url: client.tokenUrl,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: form.toString(),
  };
}

function readToken(answer: Answer): TokenAnswer {
  const parsed = TokenAnswer.safeParse(jsonOrNull(answer.text));
  if (parsed.success) return parsed.data;
  throw new ProvisionerError('PORTAL_CONTRACT', 'The token endpoint gave an answer without a usable token.', {
    facts: { route: label, status: answer.status },
  });
}

function refusal(answer: Answer): ProvisionerError {
  const { status } = answer;
  const facts = { route: label, status };
  if (status >= 500 || status === 429 || status === 408) {
    return new ProvisionerError('PORTAL_UNAVAILABLE', `The token endpoint answered with ${status}.`, {
      facts,
    });
  }
  if (status >= 400) {
    const message = `The token endpoint refused our client with ${status}: check client id, secret and scope.`;
    return new ProvisionerError('PORTAL_DENIED', message, { facts });
  }
  const message = `The token endpoint answered with ${status}, which is no token (redirects are not followed): check its address.`;
  return new ProvisionerError('PORTAL_CONTRACT', message, { facts });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
