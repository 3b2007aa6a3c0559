/** The running daemon's API, as the command line asks it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isSafeAddress } from '../config/address.ts';
import type { Variables } from '../config/secret-references.ts';
import { ProvisionerError } from '../model/errors.ts';

/** Exit codes beside 0 (done) and 1 (failed). */
export const exitCodes = { wrong: 2, unreachable: 3, refused: 4, missing: 5 } as const;

/** A command that came to nothing, with the exit code that says why. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}

/** Values of a query; what is `undefined` is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface ApiClient {
  /** @throws CommandFailure with the problem in words */
  get<T>(form: z.ZodType<T>, path: string, query?: Query): Promise<T>;
  /** The same, for what takes minutes. */
  getSlowly<T>(form: z.ZodType<T>, path: string): Promise<T>;
  send<T>(form: z.ZodType<T>, method: 'POST' | 'DELETE', path: string, body?: object): Promise<T>;
  /** The answer as text, piece by piece as it comes, however long it takes. */
  stream(path: string, query?: Query): AsyncIterable<string>;
  /** The answer's lines, each a JSON object, as they come. @throws CommandFailure too when the end is missing */
  lines<T>(form: z.ZodType<T>, path: string, query?: Query): AsyncIterable<T>;
}

const Problem = z.object({
  detail: z.string(),
  faults: z.array(z.object({ in: z.string(), field: z.string(), problem: z.string() })).default([]),
});
const answerWithinMs = 60_000;

/** @param url from `--url`; else `PROV_API_URL`, else this machine */
export async function openApi(env: Variables, url: string | undefined): Promise<ApiClient> {
  const base = new URL(url || env.PROV_API_URL || `http://127.0.0.1:${env.PROV_PORT ?? '8090'}`);
  const key = await keyOf(env);
  if (key !== undefined && env.PROV_ALLOW_HTTP !== 'true' && !isSafeAddress(base.href)) {
    throw new ProvisionerError(
      'CONFIG_INVALID',
      `${base.origin} is http:// to a host outside the local network: a key is not sent there. Use https://, or set PROV_ALLOW_HTTP=true.`,
    );
  }
  return new HttpApiClient(base, key);
}

/** Whether an order that could be a file in the control folder is for the API: who gives a key or an address means that. */
export async function asksApi(env: Variables, url: string | undefined): Promise<boolean> {
  return (url ?? env.PROV_API_URL ?? '') !== '' || (await keyOf(env)) !== undefined;
}

/** `PROV_API_KEY`, or what the file holds that `PROV_API_KEY_FILE` names. Never a word on the command line: all see those. */
async function keyOf(env: Variables): Promise<string | undefined> {
  const { PROV_API_KEY: key, PROV_API_KEY_FILE: file } = env;
  if (file === undefined || file === '') return key || undefined;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new ProvisionerError('CONFIG_INVALID', 'PROV_API_KEY_FILE names a file that can not be read.', {
      cause,
    });
  }
}

/** What goes with a request. */
interface Sent {
  readonly body?: object;
  /** The answer may take longer than any other. */
  readonly patient?: true;
}

class HttpApiClient implements ApiClient {
  readonly #base: URL;
  readonly #key: string | undefined;

  constructor(base: URL, key: string | undefined) {
    this.#base = base;
    this.#key = key;
  }

  async get<T>(form: z.ZodType<T>, path: string, query: Query = {}): Promise<T> {
    return form.parse(await (await this.#ask('GET', path, query)).json());
  }

  async getSlowly<T>(form: z.ZodType<T>, path: string): Promise<T> {
    return form.parse(await (await this.#ask('GET', path, {}, { patient: true })).json());
  }

  async send<T>(form: z.ZodType<T>, method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    return form.parse(await (await this.#ask(method, path, {}, body === undefined ? {} : { body })).json());
  }

  async *stream(path: string, query: Query = {}): AsyncGenerator<string> {
    const response = await this.#ask('GET', path, query, { patient: true });
    try {
      if (response.body !== null) yield* response.body.pipeThrough(new TextDecoderStream());
    } catch {
      throw new CommandFailure(1, 'The answer ended before it was whole: the daemon’s log says why.');
    }
  }

  async *lines<T>(form: z.ZodType<T>, path: string, query: Query = {}): AsyncGenerator<T> {
    let rest = '';
    for await (const piece of this.stream(path, query)) {
      const pieces = `${rest}${piece}`.split('\n');
      rest = pieces.pop() ?? '';
      for (const line of pieces) yield form.parse(JSON.parse(line));
    }
  }

  async #ask(method: string, path: string, query: Query, more: Sent = {}): Promise<Response> {
    const url = new URL(`api/v1${path}`, this.#base.href.replace(/\/?$/, '/'));
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const response = await this.#fetch(url, method, more);
    if (!response.ok) throw await failureOf(response, this.#key !== undefined);
    return response;
  }

  async #fetch(url: URL, method: string, { body, patient }: Sent): Promise<Response> {
    try {
      return await fetch(url, {
        method,
        redirect: 'error',
        headers: {
          accept: 'application/json',
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(patient === true ? {} : { signal: AbortSignal.timeout(answerWithinMs) }),
      });
    } catch (cause) {
      const why =
        cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new CommandFailure(
        exitCodes.unreachable,
        `The daemon does not answer at ${this.#base.origin} (${why}). Is it running? Give its address by --url or PROV_API_URL.`,
      );
    }
  }
}

async function failureOf(response: Response, withKey: boolean): Promise<CommandFailure> {
  const problem = Problem.safeParse(await response.json().catch(() => null));
  const words = problem.success
    ? [problem.data.detail, ...problem.data.faults.map((each) => `  ${each.field}: ${each.problem}`)].join(
        '\n',
      )
    : `The answer was ${response.status}: is this address the provisioner?`;
  if (response.status === 401) {
    const hint = withKey
      ? 'The key opens nothing here.'
      : 'Set PROV_API_KEY (provisioner keys create makes one).';
    return new CommandFailure(exitCodes.refused, `${hint} ${words}`);
  }
  if (response.status === 403) return new CommandFailure(exitCodes.refused, words);
  if (response.status === 400) return new CommandFailure(exitCodes.wrong, words);
  if (response.status === 404 || response.status === 410) return new CommandFailure(exitCodes.missing, words);
  return new CommandFailure(1, words);
}
