/** `provisioner config …`: what is set, without a secret. */
import { Command } from 'commander';
import { loadPlatform } from '../compose/platform.ts';
import { loadEnvironment, secretsOf } from '../config/env.ts';
import { withPlatformStore } from '../config/platform-store.ts';
import { Environment } from '../config/schema.ts';
import type { Variables } from '../config/secret-references.ts';
import { SettingMeta } from '../config/settings/forms.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

export function configCommand(env: Variables): Command {
  const config = new Command('config').description('what is set');
  config
    .command('show')
    .description('every setting as it is used, and what the platform file says; secrets are masked')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => show(env, json === true));
  return config;
}

async function show(env: Variables, json: boolean): Promise<void> {
  const settings = await loadEnvironment(env);
  const placed = await withPlatformStore(env);
  const { catalogue, values } = await loadPlatform(settings, null);
  const { workspaceEnv, remote, secrets } = values;
  // A database in a folder is no secret, though its address may hold one.
  const known = secretsOf(settings).filter((value) => value !== settings.PROV_DATABASE_URL);
  const hidden = new Set([...known, ...secrets]);
  const rows = Object.entries(Environment.shape).map(([name, schema]) => {
    const { secret } = SettingMeta.parse(schema.meta());
    const value = settings[name as keyof Environment];
    return { name, value: masked(value, secret === true, hidden), from: sourceOf(env, placed, name) };
  });
  const platform = {
    rules: catalogue.rules,
    workspaces: {
      remote:
        remote === null ? null : { url: remote.url, branch: remote.branch, token: remote.login && '***' },
    },
    parameters: Object.fromEntries([...catalogue.choices].map(([id, { parameters }]) => [id, parameters])),
    env: Object.fromEntries(
      Object.entries(workspaceEnv).map(([name, value]) => [name, masked(value, false, hidden)]),
    ),
  };
  if (json) return printJson({ settings: rows, platform });
  print(
    table(
      ['SETTING', 'FROM', 'VALUE'],
      rows.filter(({ value }) => value !== null).map(({ name, value, from }) => [name, from, String(value)]),
    ),
  );
  print(`\nPlatform file: ${settings.PROV_PLATFORM_FILE ?? 'none'}\n`);
  if (settings.PROV_PLATFORM_FILE !== undefined) printJson(platform);
}

function sourceOf(env: Variables, placed: Variables, name: string): string {
  if (env[`${name}_FILE`] !== undefined) return 'file';
  const value = env[name] || undefined;
  if (value === undefined) return placed[name] === undefined ? 'default' : 'platform file';
  return /^(vault|aws-sm):/.test(value) ? 'secret manager' : 'environment';
}

/** Lists and addresses may hold secrets too: a value is shown when it holds none. */
function masked(value: unknown, secret: boolean, hidden: ReadonlySet<string>): string | null {
  if (value === undefined || value === null) return null;
  if (secret) return '***';
  let text = Array.isArray(value) ? value.join(',') : String(value);
  for (const each of hidden) if (each.length >= 4) text = text.replaceAll(each, '***');
  return text;
}
