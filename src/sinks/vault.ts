/** One entry per product in the KV engine (version 2) of Vault or OpenBao. */
import { z } from 'zod';
import type { VaultKv } from '../secrets/vault-kv.ts';
import { digestOf, type HeldKey, type SecretSink, type SinkEntry, type SinkKey } from './sink.ts';

const Fields = z.object({ access_key: z.string(), secret_key: z.string() });

export interface VaultSinkOptions {
  readonly vault: VaultKv;
  readonly mount: string;
  /** Path below the mount; the home's name follows. */
  readonly prefix: string;
}

export class VaultSink implements SecretSink {
  readonly #options: VaultSinkOptions;

  constructor(options: VaultSinkOptions) {
    this.#options = options;
  }

  async put(entry: SinkEntry, key: SinkKey): Promise<void> {
    const { vault, mount } = this.#options;
    await vault.write(mount, this.#path(entry), { access_key: key.id, secret_key: key.secret });
  }

  async read(entry: SinkEntry): Promise<HeldKey | null> {
    const { vault, mount } = this.#options;
    const fields = Fields.safeParse(await vault.read(mount, this.#path(entry)));
    return fields.success
      ? { id: fields.data.access_key, digest: digestOf(fields.data.secret_key, undefined) }
      : null;
  }

  async remove(entry: SinkEntry): Promise<void> {
    await this.#options.vault.remove(this.#options.mount, this.#path(entry));
  }

  reference(entry: SinkEntry): { readonly S3_SECRET_REF: string } {
    return { S3_SECRET_REF: `vault:${this.#options.mount}/${this.#path(entry)}` };
  }

  howToFetch(entry: SinkEntry): string {
    return `vault kv get -mount=${this.#options.mount} -field=secret_key ${this.#path(entry)}`;
  }

  #path({ home }: SinkEntry): string {
    return `${this.#options.prefix}/${home}`;
  }
}
