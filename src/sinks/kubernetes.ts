/**
 * One Secret per product in a Kubernetes namespace, through the cluster's REST API (core/v1 and server-side apply, as
 * documented for Kubernetes 1.22 and later).
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import {
  fieldsOf,
  type HeldKey,
  type HeldSecret,
  heldKeyOf,
  heldSecretIn,
  type SecretSink,
  type SinkEntry,
  type SinkKey,
} from './sink.ts';
import { callTrusting } from './trusting-call.ts';

const Secret = z.object({ data: z.record(z.string(), z.base64()) });
const Status = z.object({ message: z.string() });

const timeoutMs = 10_000;
const owner = 'data-product-provisioner';

export interface KubernetesOptions {
  /** Address of the API server. */
  readonly api: string;
  readonly namespace: string;
  /** File with our token; `ca.crt` beside it is the cluster's authority. Read anew for each call: clusters renew them. */
  readonly tokenFile: string;
}

export class KubernetesSink implements SecretSink {
  readonly #options: KubernetesOptions;

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  async put(entry: SinkEntry, key: SinkKey): Promise<void> {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: nameOf(entry), labels: { 'app.kubernetes.io/managed-by': owner } },
      type: 'Opaque',
      // Not `stringData`: it does not go well with server-side apply (Kubernetes documentation, "Secrets").
      data: base64Of(fieldsOf(key)),
    };
    const query = { fieldManager: owner, force: 'true' };
    await this.#send('write a secret', 'PATCH', entry, { query, body: JSON.stringify(secret) });
  }

  async read(entry: SinkEntry): Promise<HeldKey | null> {
    return heldKeyOf(await this.fetch(entry));
  }

  async fetch(entry: SinkEntry): Promise<HeldSecret | null> {
    const secret = Secret.safeParse(await this.#send('read a secret', 'GET', entry));
    if (!secret.success) return null;
    const texts = Object.entries(secret.data.data).map(([name, base64]) => [
      name,
      Buffer.from(base64, 'base64').toString('utf8'),
    ]);
    return heldSecretIn(Object.fromEntries(texts));
  }

  async remove(entry: SinkEntry): Promise<void> {
    await this.#send('delete a secret', 'DELETE', entry);
  }

  reference(entry: SinkEntry): { readonly S3_SECRET_REF: string } {
    return { S3_SECRET_REF: `kubernetes:${this.#options.namespace}/${nameOf(entry)}` };
  }

  howToFetch(entry: SinkEntry): string {
    return `kubectl -n ${this.#options.namespace} get secret ${nameOf(entry)} -o go-template='{{range $name, $value := .data}}{{$name}}={{$value | base64decode}}{{"\\n"}}{{end}}'`;
  }

  /** The answer's JSON; `null` for 404. */
  async #send(
    what: string,
    method: 'GET' | 'PATCH' | 'DELETE',
    entry: SinkEntry,
    { query = {}, body }: { query?: Readonly<Record<string, string>>; body?: string } = {},
  ): Promise<unknown> {
    const { api, namespace } = this.#options;
    const url = new URL(`/api/v1/namespaces/${namespace}/secrets/${nameOf(entry)}`, api);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    // JSON is YAML; the API takes an apply under this name only.
    const type = body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' };
    const { status, text } = await this.#call(url, method, type, body).catch((cause: unknown) => {
      const words = cause instanceof Error ? cause.message : String(cause);
      const message = `Kubernetes at ${api} could not be asked to ${what}: ${words}.`;
      throw new ProvisionerError('SECRETS_UNAVAILABLE', message, { cause });
    });
    const json = parseJson(text);
    if (status >= 200 && status < 300) return json;
    if (status === 404 && method !== 'PATCH') return null;
    const words = Status.safeParse(json).data?.message ?? `HTTP ${status}`;
    const code = status >= 500 || status === 429 ? 'SECRETS_UNAVAILABLE' : 'SECRETS_DENIED';
    throw new ProvisionerError(code, `Kubernetes at ${api} refused to ${what}: ${words}.`);
  }

  async #call(url: URL, method: string, type: Readonly<Record<string, string>>, body: string | undefined) {
    const { tokenFile } = this.#options;
    const [token, authority] = await Promise.all([
      readFile(tokenFile, 'utf8'),
      readFile(join(dirname(tokenFile), 'ca.crt'), 'utf8').catch(() => null),
    ]);
    const headers = { authorization: `Bearer ${token.trim()}`, accept: 'application/json', ...type };
    return callTrusting(url, { method, headers, body, authority, timeoutMs });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function base64Of(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(fields).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  return Object.fromEntries(entries);
}

/** A product's id is a valid name for a Secret; a home's need not be. */
function nameOf({ product }: SinkEntry): string {
  return `dp-${product}`;
}
