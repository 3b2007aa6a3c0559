/**
 * What the platform file gives workspaces and pushes, secrets included. Those are asked for again at intervals, so that one
 * that is replaced in the secret manager gets everywhere without a restart.
 */
import type { Platform as PlatformFile, RemotePlace } from '../config/platform-file.ts';
import { resolveSecret, type SecretServers } from '../config/secret-references.ts';
import { asProvisionerError, ProvisionerError } from '../model/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Redactor } from '../telemetry/redact.ts';
import { isEnvValue } from '../workspace/env-block.ts';
import { loginOf, type Remote } from '../workspace/push.ts';

type Source = Pick<PlatformFile, 'env' | 'remote'>;

interface Values {
  readonly workspaceEnv: Readonly<Record<string, string>>;
  readonly remote: Remote | null;
  readonly secrets: readonly string[];
}

export class PlatformValues {
  readonly #servers: SecretServers;
  readonly #source: Source;
  #values: Values;

  private constructor(servers: SecretServers, source: Source, values: Values) {
    this.#servers = servers;
    this.#source = source;
    this.#values = values;
  }

  /** @throws ProvisionerError `CONFIG_INVALID` that names each line that can not be had, or not be written to `.env` */
  static async read(servers: SecretServers, source: Source): Promise<PlatformValues> {
    return new PlatformValues(servers, source, await readValues(servers, source));
  }

  /** Further lines of every workspace's `.env`; may hold secrets. */
  get workspaceEnv(): Readonly<Record<string, string>> {
    return this.#values.workspaceEnv;
  }

  /** Where histories are pushed; `null`: nowhere. */
  get remote(): Remote | null {
    return this.#values.remote;
  }

  /** What came from a secret manager. */
  get secrets(): readonly string[] {
    return this.#values.secrets;
  }

  /**
   * Asks again; what is there stays when that fails.
   *
   * @returns whether anything changed
   * @throws as `read`
   */
  async refresh(): Promise<boolean> {
    const values = await readValues(this.#servers, this.#source);
    const changed = JSON.stringify(values) !== JSON.stringify(this.#values);
    this.#values = values;
    return changed;
  }
}

/** Asks for the secrets again and again until disposed; each new one is kept out of the log before it is used. */
export function watchValues(
  values: PlatformValues,
  { redactor, log, intervalMs }: { redactor: Redactor; log: Logger; intervalMs: number },
): Disposable {
  const known = new Set<string>();
  const hide = () => {
    for (const secret of values.secrets) if (!known.has(secret)) redactor.register(secret);
    for (const secret of values.secrets) known.add(secret);
  };
  hide();
  const ask = async () => {
    try {
      if (await values.refresh()) log.info('a secret of the platform file was replaced');
    } catch (thrown) {
      log.warn('the secrets of the platform file stay as they were', {
        error: asProvisionerError(thrown).message,
      });
    }
    hide();
  };
  let timer: NodeJS.Timeout;
  let stopped = false;
  const next = () => {
    timer = setTimeout(() => void ask().then(() => stopped || next()), intervalMs);
  };
  if (values.secrets.length > 0) next();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function readValues(servers: SecretServers, { env, remote }: Source): Promise<Values> {
  const lines = await Promise.all(
    Object.entries(env).map(async ([name, value]) => {
      const secret = typeof value === 'string' ? null : await secretOf(servers, name, value.secret_ref);
      return { name, value: typeof value === 'string' ? value : (secret ?? ''), secret };
    }),
  );
  const unfit = lines.filter(({ value }) => !isEnvValue(value)).map(({ name }) => name);
  if (unfit.length > 0)
    throw new ProvisionerError(
      'CONFIG_INVALID',
      `The platform file’s ${unfit.join(', ')} can not be written to .env, where nothing is quoted: only A-Z a-z 0-9 _ . / : + = @ , - mean the same to all who read it.`,
    );
  const pushed = remote === null ? null : await remoteOf(servers, remote);
  return {
    workspaceEnv: Object.fromEntries(lines.map(({ name, value }) => [name, value])),
    remote: pushed,
    secrets: [...lines.flatMap(({ secret }) => secret ?? []), ...(pushed?.login?.secrets ?? [])],
  };
}

async function remoteOf(servers: SecretServers, { url, token, user, branch }: RemotePlace): Promise<Remote> {
  if (token === undefined) return { url, branch, login: null };
  const secret = await secretOf(servers, 'workspaces.remote.token', token.secret_ref);
  return { url, branch, login: loginOf(user, secret) };
}

async function secretOf(servers: SecretServers, name: string, reference: string): Promise<string> {
  try {
    return await resolveSecret(servers, reference);
  } catch (thrown) {
    const message = `The platform file’s ${name} is a reference that can not be resolved: ${asProvisionerError(thrown).message}`;
    throw new ProvisionerError('CONFIG_INVALID', message, { cause: thrown });
  }
}
