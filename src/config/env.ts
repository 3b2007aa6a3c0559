/** The one reader of `process.env`. Finds every fault before it complains. */
import { existsSync } from 'node:fs';
import type { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import { isSafeAddress } from './address.ts';
import { withPlatformStore } from './platform-store.ts';
import { Environment } from './schema.ts';
import { type ReferenceFault, resolveReferences, type Variables } from './secret-references.ts';
import { SettingMeta } from './settings/forms.ts';

/** One thing that is wrong with the settings. */
interface Fault {
  readonly variable: string;
  readonly problem: string;
  readonly example: string;
}

/**
 * Checks the environment and returns the settings, frozen.
 *
 * @throws ProvisionerError `CONFIG_INVALID` whose message lists every fault with its variable and an example. Values
 * are never repeated in it: they may be secrets.
 */
export function readEnvironment(env: Variables, found: readonly ReferenceFault[] = []): Environment {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== '' || name === 'PROV_FINALIZER'),
  );
  const parsed = Environment.safeParse(given);
  const usable = parsed.success ? parsed.data : usablePart(given);
  const faults = firstOfEach([
    ...found.map(({ variable, problem }) => ({ variable, problem, example: exampleOf(variable) })),
    ...(parsed.error?.issues ?? []).map((issue) => faultOf(issue, given)),
    ...crossFaults(usable),
    ...transportFaults(usable),
  ]);
  if (faults.length === 0 && parsed.success) return Object.freeze(parsed.data);
  throw new ProvisionerError('CONFIG_INVALID', describeFaults(faults));
}

/** Settings of which some may be missing or wrong. */
type SomeSettings = Partial<Environment>;

/** What is right by itself: who mends one fault must not meet the next one only then. */
function usablePart(given: Variables): SomeSettings {
  const entries = Object.entries(Environment.shape).flatMap(([name, schema]) => {
    const { success, data } = schema.safeParse(given[name]);
    return success ? [[name, data]] : [];
  });
  return Object.fromEntries(entries);
}

/** A variable that is wrong by itself is not told again for what it then lacks beside others. */
function firstOfEach(faults: readonly Fault[]): readonly Fault[] {
  const told = new Set<string>();
  return faults.filter(({ variable }) => {
    const name = variable.replace(/_FILE$/, '');
    return !told.has(name) && told.add(name);
  });
}

/**
 * The settings with every reference to a file or a secret manager resolved, and the store of the platform file where the
 * environment does not say otherwise.
 *
 * @throws as `readEnvironment` does; a reference that leads nowhere is one of the faults
 */
export async function loadEnvironment(env: Variables): Promise<Environment> {
  const resolved = await resolveReferences(env);
  return readEnvironment(await withPlatformStore(resolved.env), resolved.faults);
}

/** Every secret among the settings, for the redactor. */
export function secretsOf(env: Environment): string[] {
  const named = Object.entries(Environment.shape).filter(
    ([, schema]) => SettingMeta.parse(schema.meta()).secret,
  );
  const values = named.flatMap(([name]) => env[name as keyof Environment] ?? []).map(String);
  const passwords = [env.PROV_DATABASE_URL, env.PROV_NOTIFY_SMTP_URL ?? ''].flatMap((address) => {
    const password = URL.parse(address)?.password ?? '';
    return password === '' ? [] : [password, decodeURIComponent(password)];
  });
  return [...values, ...passwords];
}

/** Loads `.env` of the working directory, for development only; what is already set stays. */
export function loadDotEnv(env: Variables): void {
  if (env.NODE_ENV === 'production' || !existsSync('.env')) return;
  process.loadEnvFile('.env');
}

function faultOf(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): Fault {
  const variable = String(issue.path[0]);
  const problem = given[variable] === undefined ? 'is missing' : issue.message;
  return { variable, problem, example: exampleOf(variable) };
}

function exampleOf(variable: string): string {
  const shape: Record<string, z.ZodType> = Environment.shape;
  const schema = shape[variable];
  // `<NAME>_FILE` is no setting of its own.
  return schema === undefined ? '/run/secrets/value' : SettingMeta.parse(schema.meta()).example;
}

/** Faults that only two settings together can have. */
function crossFaults(env: SomeSettings): Fault[] {
  const faults: Fault[] = [];
  const proofs = [env.WEBHOOK_SECRET, env.WEBHOOK_V2_TOKEN, env.WEBHOOK_V2_SECRET];
  if (!env.PROV_ALLOW_UNSIGNED && proofs.every((proof) => (proof ?? []).length === 0)) {
    faults.push({
      variable: 'WEBHOOK_SECRET',
      problem:
        'is missing: no webhook could be trusted (or set WEBHOOK_V2_TOKEN, or PROV_ALLOW_UNSIGNED=true)',
      example: exampleOf('WEBHOOK_SECRET'),
    });
  }
  faults.push(...vaultFaults(env), ...groupFaults(env), ...loginFaults(env));
  if (env.PROV_CREDENTIALS_URL !== undefined && env.PROV_CREDENTIALS !== 'sessions') {
    faults.push({
      variable: 'PROV_CREDENTIALS',
      problem: 'must be sessions with PROV_CREDENTIALS_URL: only sessions are fetched',
      example: 'sessions',
    });
  }
  if (env.PROV_AWS_ROLE_ARN !== undefined && env.PROV_CREDENTIALS !== 'sessions') {
    faults.push({
      variable: 'PROV_CREDENTIALS',
      problem: 'must be sessions with PROV_AWS_ROLE_ARN: a role has no lasting keys',
      example: 'sessions',
    });
  }
  if (env.PROV_CREDENTIALS_URL !== undefined && (env.PROV_SECRET_SINK ?? 'env') !== 'env') {
    faults.push({
      variable: 'PROV_SECRET_SINK',
      problem: 'must be env with PROV_CREDENTIALS_URL: there is no secret to keep anywhere',
      example: 'env',
    });
  }
  for (const [what, names] of Object.entries(together)) {
    if (names.every((name) => env[name] === undefined)) continue;
    for (const variable of names.filter((each) => env[each] === undefined)) {
      faults.push({ variable, problem: `is missing: ${what}`, example: exampleOf(variable) });
    }
  }
  return faults;
}

/** An owner or a group that all workspaces have opens all of them. */
function groupFaults(env: SomeSettings): Fault[] {
  if (env.PROV_WORKSPACE_GROUP_BASE === undefined) return [];
  return (['PROV_WORKSPACE_UID', 'PROV_WORKSPACE_GID'] as const)
    .filter((name) => env[name] !== undefined)
    .map((variable) => ({
      variable,
      problem: 'must not be set with PROV_WORKSPACE_GROUP_BASE: it would open every workspace',
      example: '(none)',
    }));
}
/** Settings of which each needs the others, and why. */
const together = {
  'client credentials need all three': ['PORTAL_CLIENT_ID', 'PORTAL_CLIENT_SECRET', 'PORTAL_TOKEN_URL'],
  'messages by webhook are signed': ['PROV_NOTIFY_WEBHOOK_URL', 'PROV_NOTIFY_WEBHOOK_SECRET'],
  'mail needs a server, a sender and somebody who gets it': [
    'PROV_NOTIFY_SMTP_URL',
    'PROV_NOTIFY_MAIL_FROM',
    'PROV_NOTIFY_MAIL_TO',
  ],
} as const satisfies Record<string, readonly (keyof Environment)[]>;
/** Logins with an identity provider, by half. */
function loginFaults(env: SomeSettings): Fault[] {
  const needed = ['PROV_OIDC_ISSUER', 'PROV_OIDC_CLIENT_ID', 'PROV_PUBLIC_URL'] as const;
  if (env.PROV_OIDC_ISSUER === undefined && env.PROV_OIDC_CLIENT_ID === undefined) return [];
  return needed
    .filter((name) => env[name] === undefined)
    .map((variable) => ({
      variable,
      problem: 'is missing: logins need issuer, client and our own address',
      example: exampleOf(variable),
    }));
}

/** A sink without its server. */
function vaultFaults(env: SomeSettings): Fault[] {
  if (env.PROV_SECRET_SINK !== 'vault') return [];
  const needed = ['VAULT_ADDR', env.VAULT_ROLE_ID === undefined ? 'VAULT_TOKEN' : 'VAULT_SECRET_ID'] as const;
  return needed
    .filter((name) => env[name] === undefined)
    .map((variable) => ({
      variable,
      problem: 'is missing: PROV_SECRET_SINK=vault needs it',
      example: exampleOf(variable),
    }));
}

/** Secrets and data do not travel in the clear outside the local network unless somebody says so. */
function transportFaults(env: SomeSettings): Fault[] {
  if (env.PROV_ALLOW_HTTP) return [];
  const addresses = [
    'PROV_DPP_API_URL',
    'PORTAL_TOKEN_URL',
    'S3_ENDPOINT',
    'PROV_IAM_ENDPOINT',
    'PROV_STS_ENDPOINT',
    'PROV_CREDENTIALS_URL',
    'VAULT_ADDR',
    'PROV_AWS_SECRETS_ENDPOINT',
    'PROV_KUBERNETES_API',
    'PROV_NOTIFY_WEBHOOK_URL',
    'PROV_NOTIFY_SLACK_URL',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'PROV_OIDC_ISSUER',
  ] as const;
  return addresses
    .filter((name) => env[name] !== undefined && !isSafeAddress(env[name]))
    .map((variable) => ({
      variable,
      problem: 'is http:// to a host outside the local network: use https://, or set PROV_ALLOW_HTTP=true',
      example: exampleOf(variable).replace(/^http:/, 'https:'),
    }));
}

function describeFaults(faults: readonly Fault[]): string {
  const width = Math.max(...faults.map((fault) => fault.variable.length));
  const lines = faults.map(
    (fault) =>
      `  ${fault.variable.padEnd(width)}  ${fault.problem}   (for example ${fault.variable}=${fault.example})`,
  );
  const count = faults.length === 1 ? 'One setting is' : `${faults.length} settings are`;
  return `${count} missing or wrong:\n${lines.join('\n')}\nEvery setting is described in docs/configuration.md.`;
}
