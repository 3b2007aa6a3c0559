/**
 * Settings that are not given as such but named: `<NAME>_FILE` is a file that holds the value, and a value can be
 * `vault:<mount>/<path>#<field>` or `aws-sm:<name or ARN>[#<field>]`. Resolved once, before the settings are checked.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { asProvisionerError } from '../model/errors.ts';
import { VaultKv, type VaultOptions, type VaultVariables, vaultOptionsOf } from '../secrets/vault-kv.ts';
import { isSafeAddress } from './address.ts';
import { Environment } from './schema.ts';
import { flag } from './settings/forms.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** A named value that could not be had. */
export interface ReferenceFault {
  readonly variable: string;
  readonly problem: string;
}

export interface Resolved {
  readonly env: Variables;
  readonly faults: readonly ReferenceFault[];
}

/** Changes nothing outside. What can not be had is a fault, never an exception, so that all are told at once. */
export async function resolveReferences(variables: Variables): Promise<Resolved> {
  // An empty variable is one that is not set: Compose and Helm write such.
  const given = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value || undefined]),
  );
  if (variables.PROV_FINALIZER === '') given.PROV_FINALIZER = '';
  const files = await readFiles(given);
  const remote = await askServers(files.env);
  return { env: remote.env, faults: [...files.faults, ...remote.faults] };
}

/** One newline at the end is the editor's, not the secret's. */
async function readFiles(given: Variables): Promise<Resolved> {
  const env = { ...given };
  const faults: ReferenceFault[] = [];
  for (const name of Object.keys(Environment.shape)) {
    const variable = `${name}_FILE`;
    const path = given[variable];
    if (path === undefined) continue;
    if (given[name] !== undefined) {
      faults.push({ variable, problem: `is given beside ${name}: one of them must go` });
      continue;
    }
    try {
      env[name] = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    } catch (error) {
      faults.push({ variable, problem: `names a file that can not be read (${codeOf(error)})` });
    }
  }
  return { env, faults };
}

/** What the lookups themselves need to know; `PROV_ALLOW_HTTP` as it is written, or as it was read. */
export type SecretServers = VaultVariables & {
  readonly S3_REGION?: string | undefined;
  readonly PROV_AWS_SECRETS_ENDPOINT?: string | undefined;
  readonly PROV_ALLOW_HTTP?: string | boolean | undefined;
};

/** A secret manager is asked before the settings are checked: a token that went out in the clear can not be called back. */
function refuseInTheClear(
  servers: SecretServers,
  variable: 'VAULT_ADDR' | 'PROV_AWS_SECRETS_ENDPOINT',
): void {
  const address = servers[variable];
  const allowed = servers.PROV_ALLOW_HTTP === true || flag.safeParse(servers.PROV_ALLOW_HTTP).data === true;
  if (allowed || address === undefined || isSafeAddress(address)) return;
  throw new Error(`${variable} is http:// to a host outside the local network: nothing was asked there`);
}

const lookups: Readonly<Record<string, (servers: SecretServers, reference: string) => Promise<string>>> = {
  'vault:': async (servers, reference) => {
    const options = vaultOptionsOf(servers);
    refuseInTheClear(servers, 'VAULT_ADDR');
    return fromVault(options, reference);
  },
  'aws-sm:': fromAws,
};

function schemeOf(value: string): string | undefined {
  return Object.keys(lookups).find((scheme) => value.startsWith(scheme));
}

/**
 * The secret that a reference names.
 *
 * @throws Error that says why it can not be had
 */
export async function resolveSecret(servers: SecretServers, reference: string): Promise<string> {
  const scheme = schemeOf(reference) ?? '';
  const lookup = lookups[scheme];
  if (lookup === undefined) throw new Error('it begins neither with vault: nor with aws-sm:');
  return lookup(servers, reference.slice(scheme.length));
}

async function askServers(given: Variables): Promise<Resolved> {
  const env = { ...given };
  const faults: ReferenceFault[] = [];
  const asked = Object.keys(Environment.shape).map(async (variable) => {
    const value = given[variable] ?? '';
    if (schemeOf(value) === undefined) return;
    try {
      env[variable] = await resolveSecret(given, value);
    } catch (thrown) {
      faults.push({
        variable,
        problem: `is a reference that can not be resolved: ${asProvisionerError(thrown).message}`,
      });
      // The schema would complain about the reference as if it were the value.
      env[variable] = undefined;
    }
  });
  await Promise.all(asked);
  return { env, faults };
}

async function fromVault(options: VaultOptions, reference: string): Promise<string> {
  const match = /^(?<mount>[^/#]+)\/(?<path>[^#]+)#(?<field>.+)$/.exec(reference)?.groups;
  if (match === undefined) throw new Error('the form is vault:<mount>/<path>#<field>');
  const { mount = '', path = '', field = '' } = match;
  const entry = await new VaultKv(options).read(mount, path);
  if (entry === null) throw new Error(`Vault has no entry ${mount}/${path}`);
  return textOf(entry, field);
}

async function fromAws(env: SecretServers, reference: string): Promise<string> {
  refuseInTheClear(env, 'PROV_AWS_SECRETS_ENDPOINT');
  // Loaded only where it is used: it takes longer than most commands.
  const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const { createSecretsClient } = await import('../secrets/aws-secrets.ts');
  const [SecretId = '', field] = reference.split('#');
  const { PROV_AWS_SECRETS_ENDPOINT: endpoint, S3_REGION: region = 'us-east-1' } = env;
  const client = createSecretsClient({ endpoint, region, timeoutMs: 10_000 });
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
    if (SecretString === undefined) throw new Error('the secret is not text');
    return field === undefined ? SecretString : textOf(parseObject(SecretString), field);
  } finally {
    client.destroy();
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new Error('the secret is no JSON object, so it has no fields');
  }
}

function textOf(entry: Readonly<Record<string, unknown>>, field: string): string {
  const value = Object.hasOwn(entry, field) ? entry[field] : undefined;
  if (typeof value !== 'string' || value === '')
    throw new Error(`it has no text in the field ${JSON.stringify(field)}`);
  return value;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
