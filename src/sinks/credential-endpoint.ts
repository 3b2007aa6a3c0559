/**
 * No secret at all in the workspace: what lies there is a token that our own address exchanges for a session, in the form
 * of AWS's container credential provider, which SDKs and CLI read by themselves (AWS SDKs reference guide, "Container
 * credential provider").
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ProductId } from '../model/ids.ts';
import type { HeldKey, SecretSink, SinkEntry, SinkKey } from './sink.ts';

export interface CredentialEndpointOptions {
  /** Our address as workspaces reach it; SDKs take `https`, or `http` on the loopback. */
  readonly url: string;
  /** Where the editors see the folder of all workspaces. */
  readonly mount: string;
  /** The token file in a workspace. */
  readonly tokens: {
    read(entry: SinkEntry): Promise<string | null>;
    write(entry: SinkEntry, token: string): Promise<void>;
  };
  /** The books: digests of tokens, and which session was proven last. */
  readonly books: {
    digest(product: ProductId): Promise<string | null>;
    note(product: ProductId, digest: string | null): Promise<void>;
    current(product: ProductId): Promise<Omit<HeldKey, 'secret'> | null>;
  };
}

/** Name of the token file in a workspace. */
export const tokenFile = '.credentials-token';

export class CredentialEndpointSink implements SecretSink {
  readonly #options: CredentialEndpointOptions;

  constructor(options: CredentialEndpointOptions) {
    this.#options = options;
  }

  /**
   * The session itself was only for its proof; whoever brings the token gets one of their own. A token is as good as a
   * key: it is made anew with each new name, and stays when a session is renewed.
   */
  async put(entry: SinkEntry, { name }: SinkKey): Promise<void> {
    const current = await this.#options.books.current(entry.product);
    if (current?.id === name && (await this.#isWhole(entry))) return;
    const token = randomBytes(32).toString('base64url');
    await this.#options.tokens.write(entry, token);
    await this.#options.books.note(entry.product, tokenDigest(token));
  }

  async read(entry: SinkEntry): Promise<HeldKey | null> {
    if (!(await this.#isWhole(entry))) return null;
    const key = await this.#options.books.current(entry.product);
    return key === null ? null : { ...key, secret: null };
  }

  async remove(entry: SinkEntry): Promise<void> {
    await this.#options.books.note(entry.product, null);
  }

  reference({ product, home }: SinkEntry): Readonly<Record<string, string>> {
    const { url, mount } = this.#options;
    return {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: new URL(`/credentials/${product}`, url).href,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${mount}/${home}/${tokenFile}`,
    };
  }

  howToFetch({ home }: SinkEntry): string {
    const file = `${this.#options.mount}/${home}/${tokenFile}`;
    return `AWS SDKs and CLI fetch it by themselves; by hand: curl -H "Authorization: $(cat ${file})" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`;
  }

  /** The token in the workspace is the one in our books. */
  async #isWhole(entry: SinkEntry): Promise<boolean> {
    const [token, digest] = await Promise.all([
      this.#options.tokens.read(entry),
      this.#options.books.digest(entry.product),
    ]);
    return token !== null && digest !== null && tokenDigest(token.trim()) === digest;
  }
}

export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
