/**
 * HashiCorp Vault and OpenBao, as far as it is needed here: one login, and the KV engine in its version 2
 * (`/v1/<mount>/data/<path>`, documented alike by both).
 */
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';

/** Where the server is and who we are there. */
export interface VaultOptions {
  readonly address: string;
  /** Enterprise and OpenBao namespaces. */
  readonly namespace: string | undefined;
  readonly login:
    | { readonly kind: 'token'; readonly token: string }
    | { readonly kind: 'app-role'; readonly roleId: string; readonly secretId: string };
}

/** What of the settings says where Vault is and who we are there. */
export interface VaultVariables {
  readonly VAULT_ADDR?: string | undefined;
  readonly VAULT_NAMESPACE?: string | undefined;
  readonly VAULT_TOKEN?: string | undefined;
  readonly VAULT_ROLE_ID?: string | undefined;
  readonly VAULT_SECRET_ID?: string | undefined;
}

/** @throws Error that says which variable is missing */
export function vaultOptionsOf(env: VaultVariables): VaultOptions {
  const { VAULT_ADDR: address, VAULT_TOKEN: token, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = env;
  const namespace = env.VAULT_NAMESPACE;
  if (address === undefined || URL.parse(address) === null)
    throw new Error('VAULT_ADDR must be Vault’s address');
  if (token !== undefined) return { address, namespace, login: { kind: 'token', token } };
  if (roleId === undefined || secretId === undefined)
    throw new Error('set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID');
  return { address, namespace, login: { kind: 'app-role', roleId, secretId } };
}

const timeoutMs = 10_000;
const Login = z.object({ auth: z.object({ client_token: z.string().min(1) }) });
const Entry = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()).nullable() }) });
const Refusal = z.object({ errors: z.array(z.string()) });

/** All methods throw `SECRETS_UNAVAILABLE` or `SECRETS_DENIED`. */
export class VaultKv {
  readonly #options: VaultOptions;

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  /** Fields of the newest version of an entry; `null` when there is none (any more). */
  async read(mount: string, path: string): Promise<Readonly<Record<string, unknown>> | null> {
    const token = await this.#login();
    const answer = await this.#send('read an entry', `${mount}/data/${path}`, { method: 'GET', token });
    if (answer === null) return null;
    return this.#understand('read an entry', Entry, answer).data.data;
  }

  /** Writes a new version of an entry; the ones before it stay until the engine's own limit. */
  async write(mount: string, path: string, data: Readonly<Record<string, string>>): Promise<void> {
    const token = await this.#login();
    const call = { method: 'POST', token, body: { data } } as const;
    if ((await this.#send('write an entry', `${mount}/data/${path}`, call)) !== null) return;
    throw new ProvisionerError('SECRETS_DENIED', `Vault has no KV engine (version 2) at ${mount}.`);
  }

  /** Removes an entry with all its versions. */
  async remove(mount: string, path: string): Promise<void> {
    const token = await this.#login();
    await this.#send('remove an entry', `${mount}/metadata/${path}`, { method: 'DELETE', token });
  }

  async #login(): Promise<string> {
    const { login } = this.#options;
    if (login.kind === 'token') return login.token;
    const body = { role_id: login.roleId, secret_id: login.secretId };
    const answer = await this.#send('log in', 'auth/approle/login', { method: 'POST', body });
    return this.#understand('log in', Login, answer).auth.client_token;
  }

  /** The answer's JSON; `null` for 404. */
  async #send(
    what: string,
    path: string,
    { method, token, body }: { method: 'GET' | 'POST' | 'DELETE'; token?: string; body?: object },
  ): Promise<unknown> {
    const { address, namespace } = this.#options;
    const url = new URL(`/v1/${path.split('/').map(encodeURIComponent).join('/')}`, address);
    const headers = {
      'x-vault-request': 'true',
      ...(token === undefined ? {} : { 'x-vault-token': token }),
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    };
    let answer: Response;
    try {
      answer = await fetch(url, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new ProvisionerError('SECRETS_UNAVAILABLE', `Vault at ${address} did not answer.`, { cause });
    }
    const json: unknown = await answer.json().catch(() => null);
    if (answer.ok) return json;
    if (answer.status === 404) return null;
    const words = Refusal.safeParse(json).data?.errors.join('; ') ?? `HTTP ${answer.status}`;
    const code = answer.status >= 500 || answer.status === 429 ? 'SECRETS_UNAVAILABLE' : 'SECRETS_DENIED';
    throw new ProvisionerError(code, `Vault at ${address} refused to ${what}: ${words}.`);
  }

  #understand<T extends z.ZodType>(what: string, schema: T, answer: unknown): z.infer<T> {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    const { address } = this.#options;
    throw new ProvisionerError(
      'SECRETS_DENIED',
      `The answer of ${address} to the call to ${what} is not Vault’s.`,
    );
  }
}
