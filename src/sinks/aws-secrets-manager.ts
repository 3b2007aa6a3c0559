/** One secret per product in AWS Secrets Manager, as JSON with the fields of `fieldsOf`. */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ProvisionerError } from '../model/errors.ts';
import { storeError } from '../model/store-error.ts';
import { type AwsSecretsPlace, createSecretsClient } from '../secrets/aws-secrets.ts';
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

export interface AwsSecretsManagerOptions extends AwsSecretsPlace {
  /** The home's name follows. */
  readonly prefix: string;
}

export class AwsSecretsManagerSink implements SecretSink {
  readonly #client: SecretsManagerClient;
  readonly #prefix: string;

  constructor({ prefix, ...place }: AwsSecretsManagerOptions) {
    this.#client = createSecretsClient(place);
    this.#prefix = prefix;
  }

  async put(entry: SinkEntry, key: SinkKey): Promise<void> {
    const SecretString = JSON.stringify(fieldsOf(key));
    const made = await attempt('make a secret', 'ResourceExistsException', () =>
      this.#client.send(new CreateSecretCommand({ Name: this.#name(entry), SecretString })),
    );
    if (made !== null) return;
    await attempt('write a secret', null, () =>
      this.#client.send(new PutSecretValueCommand({ SecretId: this.#name(entry), SecretString })),
    );
  }

  async read(entry: SinkEntry): Promise<HeldKey | null> {
    return heldKeyOf(await this.fetch(entry));
  }

  async fetch(entry: SinkEntry): Promise<HeldSecret | null> {
    const answer = await attempt('read a secret', 'ResourceNotFoundException', () =>
      this.#client.send(new GetSecretValueCommand({ SecretId: this.#name(entry) })),
    );
    return heldSecretIn(parseJson(answer?.SecretString));
  }

  /** At once: the key has ended, and a name that waits for its deletion could not be used again. */
  async remove(entry: SinkEntry): Promise<void> {
    await attempt('delete a secret', 'ResourceNotFoundException', () =>
      this.#client.send(
        new DeleteSecretCommand({ SecretId: this.#name(entry), ForceDeleteWithoutRecovery: true }),
      ),
    );
  }

  reference(entry: SinkEntry): { readonly S3_SECRET_REF: string } {
    return { S3_SECRET_REF: `aws-sm:${this.#name(entry)}` };
  }

  howToFetch(entry: SinkEntry): string {
    return `aws secretsmanager get-secret-value --secret-id ${this.#name(entry)} --query SecretString --output text`;
  }

  #name({ home }: SinkEntry): string {
    return `${this.#prefix}/${home}`;
  }
}

/** Runs one call; the named outcome is expected and gives `null`. */
async function attempt<T>(what: string, expected: string | null, call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof Error && cause.name === expected) return null;
    const { retryable } = storeError(what, cause);
    const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const message = `AWS Secrets Manager could not ${what} (${words}).`;
    throw new ProvisionerError(retryable ? 'SECRETS_UNAVAILABLE' : 'SECRETS_DENIED', message, { cause });
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
