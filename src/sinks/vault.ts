/** One entry per product in the KV engine (version 2) of Vault or OpenBao. */
import type { VaultKv } from '../secrets/vault-kv.ts';
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
    await vault.write(mount, this.#path(entry), fieldsOf(key));
  }

  async read(entry: SinkEntry): Promise<HeldKey | null> {
    return heldKeyOf(await this.fetch(entry));
  }

  async fetch(entry: SinkEntry): Promise<HeldSecret | null> {
    const { vault, mount } = this.#options;
    return heldSecretIn(await vault.read(mount, this.#path(entry)));
  }

  async remove(entry: SinkEntry): Promise<void> {
    await this.#options.vault.remove(this.#options.mount, this.#path(entry));
  }

  reference(entry: SinkEntry): { readonly S3_SECRET_REF: string } {
    return { S3_SECRET_REF: `vault:${this.#options.mount}/${this.#path(entry)}` };
  }

  howToFetch(entry: SinkEntry): string {
    return `vault kv get -mount=${this.#options.mount} ${this.#path(entry)}`;
  }

  #path({ home }: SinkEntry): string {
    return `${this.#options.prefix}/${home}`;
  }
}
