/** `provisioner keys …`: keys to the API. The first is made without one, by who may write to the control folder. */
import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { makeApiKey } from '../auth/key-text.ts';
import type { Variables } from '../config/secret-references.ts';
import { keyOrderFile } from '../model/control.ts';
import { ProvisionerError } from '../model/errors.ts';
import { type RoleName, roleNames } from '../model/role.ts';
import { type ApiClient, asksApi, openApi } from './api-client.ts';
import { type ApiOptions, apiCommand, type PagingOptions, printPage, withPaging } from './api-command.ts';
import { ago } from './cells.ts';
import { placeOrder } from './control-folder.ts';
import * as form from './forms.ts';
import { pageOf } from './forms.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

const dayMs = 86_400_000;

export function keysCommand(env: Variables): Command {
  const keys = new Command('keys').description('keys to the API');
  keys
    .command('create')
    .description('make a key and show it, once; without a key and an address through the control folder')
    .argument('<name>', 'who or what will use it; stands in the audit')
    .addOption(new Option('--role <role>', 'what it may').choices(roleNames).default('viewer'))
    .option('--days <number>', 'it ends after so many days')
    .option('--url <url>', 'the daemon’s address (or PROV_API_URL)')
    .option('--json', 'as JSON')
    .action((name: string, options: CreateOptions) => create(env, name, options));
  keys.addCommand(withPaging(apiCommand(env, 'list', 'keys, newest first, with those that ended', list)));
  keys.addCommand(
    apiCommand(
      env,
      'revoke <id>',
      'end a key, and the logins made with it',
      async (api, [id = ''], { json }) => {
        const answer = await api.send(form.Done, 'DELETE', `/keys/${encodeURIComponent(id)}`);
        if (json === true) return printJson(answer);
        print(`The key ${id} opens nothing any more.\n`);
      },
    ),
  );
  return keys;
}

interface CreateOptions extends ApiOptions {
  readonly role: RoleName;
  readonly days?: string;
}

async function create(env: Variables, name: string, options: CreateOptions): Promise<void> {
  const { role, json } = options;
  const days = options.days === undefined ? undefined : Number(options.days);
  if (days !== undefined && !(Number.isInteger(days) && days >= 1))
    throw new ProvisionerError('CONFIG_INVALID', '--days must be a whole number, 1 or more.');
  const viaApi = await asksApi(env, options.url);
  const key = viaApi
    ? (await (await openApi(env, options.url)).send(form.NewApiKey, 'POST', '/keys', { name, role, days }))
        .key
    : await orderKey(env, name, role, days);
  if (json === true) return printJson({ key, name, role });
  print(`${key}\n`);
  process.stderr.write(
    `This is the only time that it is shown. ${viaApi ? '' : 'The running daemon knows it as soon as it is used, as <name>-<id> where the name is taken. '}Set it as PROV_API_KEY.\n`,
  );
}

/** Only the digest lies in the control folder: who can read there learns nothing. */
async function orderKey(
  env: Variables,
  name: string,
  role: RoleName,
  days: number | undefined,
): Promise<string> {
  const now = new Date();
  const expiresAt = days === undefined ? null : new Date(now.getTime() + days * dayMs);
  const { text, record } = makeApiKey({ name, role, expiresAt }, userInfo().username, now);
  await placeOrder(env, keyOrderFile(record.id), JSON.stringify(record));
  return text;
}

async function list(
  api: ApiClient,
  _args: readonly string[],
  { json, limit, cursor }: ApiOptions & PagingOptions,
): Promise<void> {
  const page = await api.get(pageOf(form.ApiKey), '/keys', { limit, cursor });
  printPage(page, json === true, (items) =>
    table(
      ['KEY', 'NAME', 'ROLE', 'MADE', 'USED', 'ENDS'],
      items.map((key) => [
        key.id,
        key.name,
        key.role,
        ago(key.madeAt),
        ago(key.usedAt),
        key.revokedAt === null ? ago(key.expiresAt) : `revoked ${ago(key.revokedAt)}`,
      ]),
    ),
  );
}
