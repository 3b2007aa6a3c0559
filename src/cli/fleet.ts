/** `provisioner template plan` and `release`: what a template's new version would do to the whole fleet. */
import type { Command } from 'commander';
import pMap from 'p-map';
import type { z } from 'zod';
import type { Variables } from '../config/secret-references.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiOptions, apiCommand } from './api-command.ts';
import * as form from './forms.ts';
import { print, printJson, showProgress } from './output.ts';
import { table } from './table.ts';

/** Dry runs at a time: the daemon has other work, too. */
const atOnce = 4;
/** Products that are listed at a time. */
const pageSize = 500;

const Products = form.pageOf(form.Product);
type Product = z.infer<typeof form.Product>;
type Files = NonNullable<z.infer<typeof form.DryRun>['files']>;

/** What would become of one workspace. */
interface Forecast extends Files {
  readonly product: string;
  readonly home: string;
}

export function fleetCommands(env: Variables): readonly Command[] {
  return [
    apiCommand(env, 'plan', 'whose files would change, how, and where a person has to decide', plan).option(
      '--template <template>',
      'only products of this template, with or without @version',
    ),
    apiCommand(env, 'release <version>', 'let all products follow <id>@<version> now', release),
  ];
}

interface PlanOptions extends ApiOptions {
  readonly template?: string;
}

async function plan(api: ApiClient, _words: readonly string[], options: PlanOptions): Promise<void> {
  const products = await listLiving(api, options.template);
  let seen = 0;
  const forecasts = await pMap(
    products,
    async ({ id, home }): Promise<readonly Forecast[]> => {
      const { files } = await api.get(form.DryRun, `/products/${id}/plan`);
      seen += 1;
      showProgress(`${seen} of ${products.length} products`);
      return files === null ? [] : [{ ...files, product: id, home }];
    },
    { concurrency: atOnce },
  );
  showProgress('');
  const changing = forecasts.flat();
  if (options.json === true) return printJson({ products: products.length, changing });
  print(changing.length === 0 ? 'No workspace would change.\n' : toText(changing));
  print(summary(products.length, changing));
}

async function listLiving(api: ApiClient, template: string | undefined): Promise<readonly Product[]> {
  const products: Product[] = [];
  let cursor: string | undefined;
  do {
    const query = { state: 'live', template, limit: pageSize, cursor };
    const page = await api.get(Products, '/products', query);
    products.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return products;
}

function toText(changing: readonly Forecast[]): string {
  return table(
    ['HOME', 'FROM', 'TO', 'WRITE', 'MERGE', 'REMOVE', 'CONFLICTS', 'NOW'],
    changing.map((each) => [
      each.home,
      each.from ?? '-',
      each.to,
      String(each.write.length),
      String(each.merge.length),
      String(each.remove.length),
      each.conflicts.join(', ') || '-',
      each.waits === null ? 'follows' : 'waits',
    ]),
  );
}

function summary(products: number, changing: readonly Forecast[]): string {
  const conflicts = changing.filter((each) => each.conflicts.length > 0).length;
  const waiting = changing.filter((each) => each.waits !== null).length;
  return `${changing.length} of ${products} would change, ${conflicts} with a conflict, ${waiting} wait for others.\n`;
}

async function release(
  api: ApiClient,
  [version = '']: readonly string[],
  { json }: ApiOptions,
): Promise<void> {
  const answer = await api.send(form.Queued, 'POST', `/templates/${encodeURIComponent(version)}/release`);
  if (json === true) printJson(answer);
  else print(`${answer.queued} products follow ${version} from now on.\n`);
}
