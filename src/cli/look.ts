/** Commands that look: `status`, `products`, `grants`, `plan`, `audit`. Runs and deliveries: `history.ts`. */
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Variables } from '../config/secret-references.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiOptions, apiCommand, type PagingOptions, printPage, withPaging } from './api-command.ts';
import { ago, lasted } from './cells.ts';
import { findProductId } from './find-product.ts';
import * as form from './forms.ts';
import { print, printJson } from './output.ts';
import { planCommand } from './plan.ts';
import { facts, table } from './table.ts';

/** In the order of the help. */
export function lookCommands(env: Variables): readonly Command[] {
  return [
    apiCommand(env, 'status', 'how the whole estate stands', status),
    withPaging(
      apiCommand(env, 'products [product]', 'products; with one: everything about it', products)
        .option('--search <text>', 'part of name, namespace or home')
        .option('--condition <type>', 'Degraded, Progressing, Notice or Ready')
        .option('--reason <reason>', 'of a condition')
        .option('--state <state>', 'live, held, retiring or retired')
        .option('--paused', 'only those that are paused')
        .option('--template <template>', 'with or without @version')
        .option('--sort <order>', 'name, updated or condition', 'name'),
    ),
    withPaging(
      apiCommand(env, 'grants', 'who reads what, why, since and until when', grants)
        .option('--consumer <product>', 'who reads')
        .option('--provider <product>', 'whose output is read'),
    ),
    planCommand(env),
  ];
}

async function status(api: ApiClient, _args: readonly string[], { json }: ApiOptions): Promise<void> {
  const now = await api.get(form.Overview, '/overview');
  if (json === true) return printJson(now);
  const { lastHour, deliveries, jobs } = now;
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none';
  print(
    facts([
      ['products', counts(now.byHeadline)],
      ['states', counts(now.byState)],
      [
        'paused',
        now.pause === null
          ? `${now.pausedProducts} products`
          : `everything, by ${now.pause.by}, ${ago(now.pause.at)}`,
      ],
      ['brake', now.brake === null ? 'off' : `ON, ${ago(now.brake.engagedAt)}: ${now.brake.reason}`],
      ['jobs', `${jobs.waiting} wait, the oldest ${lasted(jobs.oldestMs)}; ${jobs.running} run`],
      ['runs', `${lastHour.runs} in the last hour, ${lastHour.failed} failed`],
      [
        'lengths',
        lastHour.p50 === null || lastHour.p95 === null
          ? '-'
          : `p50 ${lasted(lastHour.p50)}, p95 ${lasted(lastHour.p95)}`,
      ],
      ['deliveries', `${deliveries.accepted} accepted, ${deliveries.ignored} ignored in the last hour`],
      ['version', now.version],
    ]),
  );
  if (now.needPerson.length > 0) print(`\nThese need a person:\n${productTable(now.needPerson)}`);
}

interface ProductOptions extends ApiOptions, PagingOptions {
  readonly search?: string;
  readonly condition?: string;
  readonly reason?: string;
  readonly state?: string;
  readonly paused?: true;
  readonly template?: string;
  readonly sort: string;
}

async function products(api: ApiClient, [word]: readonly string[], options: ProductOptions): Promise<void> {
  if (word !== undefined) return product(api, word, options);
  const { json, url: _url, paused, ...query } = options;
  const filter = { ...query, ...(paused === true ? { paused: 'true' } : {}) };
  printPage(await api.get(form.pageOf(form.Product), '/products', filter), json === true, productTable);
}

function productTable(items: readonly z.infer<typeof form.Product>[]): string {
  const rows = items.map(({ home, headline, state, template, pausedAt, updatedAt, name, conditions }) => [
    home,
    headline,
    state,
    conditions[0]?.reason ?? '-',
    pausedAt === null ? '' : 'paused',
    template ?? '-',
    ago(updatedAt),
    name,
  ]);
  return table(['HOME', 'CONDITION', 'STATE', 'REASON', '', 'TEMPLATE', 'CHANGED', 'NAME'], rows);
}

async function product(api: ApiClient, word: string, { json }: ApiOptions): Promise<void> {
  const found = await api.get(form.ProductDetail, `/products/${await findProductId(api, word)}`);
  if (json === true) return printJson(found);
  print(
    facts([
      ['name', found.name],
      ['id', found.id],
      ['home', found.home],
      ['state', found.state],
      ['condition', found.headline],
      ['template', found.template ?? '-'],
      ['paused', found.pausedAt === null ? 'no' : `${ago(found.pausedAt)} by ${found.pausedBy ?? '-'}`],
      ['compared', ago(found.checkedAt)],
      ['next look', ago(found.nextLookAt)],
      ['failures in a row', String(found.failures)],
    ]),
  );
  print(
    `\n${table(
      ['CONDITION', 'REASON', 'MESSAGE'],
      found.conditions.map((each) => [each.type, each.reason, each.message]),
    )}`,
  );
  const keys = found.keys.map((key) => [
    key.id,
    key.state,
    ago(key.issuedAt),
    ago(key.graceUntil ?? key.expiresAt),
  ]);
  if (keys.length > 0) print(`\n${table(['KEY', 'STATE', 'MADE', 'ENDS'], keys)}`);
  if (found.inputs.length > 0)
    print(
      `\n${table(
        ['READS', 'SINCE'],
        found.inputs.map((each) => [partyName(each.provider), ago(each.since)]),
      )}`,
    );
  if (found.consumers.length > 0)
    print(
      `\n${table(
        ['IS READ BY', 'SINCE'],
        found.consumers.map((each) => [partyName(each.consumer), ago(each.since)]),
      )}`,
    );
}

function partyName({ name, home, id }: form.Party): string {
  return home === null ? id : `${home} (${name ?? '-'})`;
}

interface GrantOptions extends ApiOptions, PagingOptions {
  readonly consumer?: string;
  readonly provider?: string;
}

async function grants(api: ApiClient, _args: readonly string[], options: GrantOptions): Promise<void> {
  const { json, limit, cursor } = options;
  const idOf = (word: string | undefined) => (word === undefined ? undefined : findProductId(api, word));
  const [consumer, provider] = [await idOf(options.consumer), await idOf(options.provider)];
  const page = await api.get(form.pageOf(form.Grant), '/grants', { limit, cursor, consumer, provider });
  printPage(page, json === true, (items) =>
    table(
      ['CONSUMER', 'READS', 'WHY', 'SINCE', 'UNTIL', 'KEY PROVEN'],
      items.map((each) => [
        partyName(each.consumer),
        partyName(each.provider),
        each.outputPortName === null ? 'not known yet' : `approved input ${each.outputPortName}`,
        ago(each.since),
        each.validUntil ?? (each.outputPortName === null ? 'not known yet' : 'without end'),
        ago(each.keyProvenAt),
      ]),
    ),
  );
}
