/**
 * One Secret per product in a Kubernetes namespace, through the cluster's REST API (core/v1 and server-side apply, as
 * documented for Kubernetes 1.22 and later).
 */
import { readFile } from 'node:fs/promises';
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

const Secret = z.object({ data: z.record(z.string(), z.base64()) });
const Status = z.object({ message: z.string() });

const timeoutMs = 10_000;
const owner = 'data-product-provisioner';

export interface KubernetesOptions {
  /** Address of the API server. */
  readonly api: string;
  readonly namespace: string;
  /** File with our token; read anew for each call, because the cluster renews it. */
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
    const { api, namespace, tokenFile } = this.#options;
    const url = new URL(`/api/v1/namespaces/${namespace}/secrets/${nameOf(entry)}`, api);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    let answer: Response;
    try {
      const token = (await readFile(tokenFile, 'utf8')).trim();
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
      answer = await fetch(url, {
        method,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        // JSON is YAML; the API takes an apply under this name only.
        headers:
          body === undefined ? headers : { ...headers, 'content-type': 'application/apply-patch+yaml' },
        ...(body === undefined ? {} : { body }),
      });
    } catch (cause) {
      throw new ProvisionerError(
        'SECRETS_UNAVAILABLE',
        `Kubernetes at ${api} could not be asked to ${what}.`,
        { cause },
      );
    }
    const json: unknown = await answer.json().catch(() => null);
    if (answer.ok) return json;
    if (answer.status === 404 && method !== 'PATCH') return null;
    const words = Status.safeParse(json).data?.message ?? `HTTP ${answer.status}`;
    const code = answer.status >= 500 || answer.status === 429 ? 'SECRETS_UNAVAILABLE' : 'SECRETS_DENIED';
    throw new ProvisionerError(code, `Kubernetes at ${api} refused to ${what}: ${words}.`);
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
