/** Commands that look back: `runs`, `deliveries`, `audit`. */
import { type Command, Option } from 'commander';
import type { Variables } from '../config/secret-references.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiOptions, apiCommand, type PagingOptions, printPage, withPaging } from './api-command.ts';
import { ago, lasted } from './cells.ts';
import { findProductId } from './find-product.ts';
import * as form from './forms.ts';
import { print, printJson, showingTime, showProgress } from './output.ts';
import { facts, table } from './table.ts';

/** In the order of the help. */
export function historyCommands(env: Variables): readonly Command[] {
  const timed = (command: Command) => withSpan(withPaging(command));
  const audit = withAuditFilter(
    withPaging(apiCommand(env, 'audit', 'what was done, by whom, why', listAudit)),
  );
  audit.addCommand(
    withAuditFilter(
      apiCommand(env, 'export', 'all of it, oldest first, one JSON object per line', exportAudit).addOption(
        new Option('--format <format>', 'rows as they are, or CloudEvents 1.0')
          .choices(['ndjson', 'cloudevents'])
          .default('ndjson'),
      ),
    ),
  );
  audit.addCommand(
    apiCommand(env, 'verify', 'whether a row was changed or is missing; exit 1 when', verifyAudit),
  );
  return [
    timed(
      apiCommand(env, 'runs [run]', 'what was done about products; with one: its actions', runs).option(
        '--failed',
        'only those that failed',
      ),
    ),
    timed(
      apiCommand(
        env,
        'deliveries [delivery]',
        'webhooks that came; with one: its products',
        deliveries,
      ).option('--verdict <verdict>', 'accepted or ignored'),
    ),
    audit,
  ];
}

function withSpan(command: Command): Command {
  return command
    .option('--product <product>', 'of one product')
    .option('--from <time>', 'since this moment, such as 2026-01-31T08:00:00Z')
    .option('--until <time>', 'before this moment');
}

function withAuditFilter(command: Command): Command {
  return withSpan(command)
    .option('--actor <actor>', 'provisioner, or person:<name>')
    .option('--action <action>', 'such as put-policy or order-pause');
}

interface TimedOptions extends ApiOptions, PagingOptions {
  readonly product?: string;
  readonly from?: string;
  readonly until?: string;
}

async function timedQuery(api: ApiClient, { product, from, until, limit, cursor }: TimedOptions) {
  return {
    product: product === undefined ? undefined : await findProductId(api, product),
    from,
    until,
    limit,
    cursor,
  };
}

async function runs(
  api: ApiClient,
  [id]: readonly string[],
  options: TimedOptions & { readonly failed?: true },
): Promise<void> {
  if (id !== undefined) return run(api, id, options);
  const query = {
    ...(await timedQuery(api, options)),
    outcome: options.failed === true ? 'failed' : undefined,
  };
  printPage(await api.get(form.pageOf(form.Run), '/runs', query), options.json === true, (items) =>
    table(
      ['BEGAN', 'OUTCOME', 'TOOK', 'ACTIONS', 'CAUSE', 'PRODUCT', 'RUN'],
      items.map((each) => [
        ago(each.startedAt),
        each.outcome,
        lasted(each.ms),
        String(each.actionCount),
        causeOf(each.cause),
        each.productName ?? each.product,
        each.id,
      ]),
    ),
  );
}

async function run(api: ApiClient, id: string, { json }: ApiOptions): Promise<void> {
  const found = await api.get(form.RunDetail, `/runs/${encodeURIComponent(id)}`);
  if (json === true) return printJson(found);
  print(
    facts([
      ['product', `${found.productName ?? '-'} (${found.product})`],
      ['cause', causeOf(found.cause)],
      ['began', `${found.startedAt}, ${ago(found.startedAt)}`],
      ['took', lasted(found.ms)],
      ['outcome', found.outcome],
      ...(found.errorCode === null
        ? []
        : ([['error', `${found.errorCode}: ${found.errorMessage ?? ''}`]] as const)),
    ]),
  );
  print(
    `\n${table(
      ['ACTION', 'OUTCOME', 'TOOK'],
      found.actions.map((each) => [each.description, each.outcome, lasted(each.ms)]),
    )}`,
  );
}

async function deliveries(
  api: ApiClient,
  [id]: readonly string[],
  options: TimedOptions & { readonly verdict?: string },
): Promise<void> {
  if (id !== undefined) return delivery(api, id, options);
  const query = { ...(await timedQuery(api, options)), verdict: options.verdict };
  printPage(await api.get(form.pageOf(form.Delivery), '/deliveries', query), options.json === true, (items) =>
    table(
      ['CAME', 'VERDICT', 'EVENT', 'PRODUCTS', 'REASON', 'DELIVERY'],
      items.map((each) => [
        ago(each.receivedAt),
        each.verdict,
        each.event,
        String(each.products.length),
        each.reason ?? '',
        each.id,
      ]),
    ),
  );
}

async function delivery(api: ApiClient, id: string, { json }: ApiOptions): Promise<void> {
  const found = await api.get(form.DeliveryDetail, `/deliveries/${encodeURIComponent(id)}`);
  if (json === true) return printJson(found);
  print(
    facts([
      ['came', `${found.receivedAt}, ${ago(found.receivedAt)}`],
      ['event', `${found.event} (${found.generation})`],
      ['verdict', found.verdict],
      ...(found.reason === null ? [] : ([['reason', found.reason]] as const)),
    ]),
  );
  if (found.products.length > 0)
    print(
      `\n${table(
        ['PRODUCT', 'ID'],
        found.products.map((product) => [found.productNames[product] ?? '-', product]),
      )}`,
    );
}

interface AuditOptions extends TimedOptions {
  readonly actor?: string;
  readonly action?: string;
}

async function listAudit(api: ApiClient, _args: readonly string[], options: AuditOptions): Promise<void> {
  const { actor, action } = options;
  const query = { ...(await timedQuery(api, options)), actor, action };
  const page = await api.get(form.pageOf(form.AuditLine), '/audit', query);
  printPage(page, options.json === true, (items) =>
    table(
      ['NUMBER', 'WHEN', 'WHO', 'WHAT', 'TO WHAT', 'CAUSE'],
      items.map((each) => [
        each.seq ?? '-',
        ago(each.at),
        each.actor,
        each.action,
        each.target,
        causeOf(each.cause),
      ]),
    ),
  );
}

interface ExportOptions extends AuditOptions {
  readonly format: 'ndjson' | 'cloudevents';
}

async function exportAudit(api: ApiClient, _args: readonly string[], options: ExportOptions): Promise<void> {
  const { actor, action, format } = options;
  // Options that the list has too come with its defaults; an export is never a page.
  const { limit: _limit, cursor: _cursor, ...filter } = await timedQuery(api, options);
  let rows = 0;
  for await (const text of api.stream('/audit/export', { ...filter, actor, action, format })) {
    rows += text.split('\n').length - 1;
    // On a terminal that shows the rows themselves it would stand between them.
    if (process.stdout.isTTY !== true) showProgress(`${rows} rows`);
    print(text);
  }
  showProgress('');
}

async function verifyAudit(api: ApiClient, _args: readonly string[], { json }: ApiOptions): Promise<void> {
  const verdict = await showingTime('following the audit', api.getSlowly(form.Verdict, '/audit/verify'));
  if (!verdict.ok) process.exitCode = 1;
  if (json === true) return printJson(verdict);
  print(
    verdict.ok
      ? `${verdict.rows} rows, none was changed and none is missing.\n`
      : `Row ${verdict.seq ?? '-'}: ${verdict.what ?? ''}. The ${verdict.rows} rows before it are in order.\n`,
  );
}

function causeOf({ kind, delivery: id, why, what, who, product }: form.Cause): string {
  const more =
    id ??
    why ??
    product ??
    [what, who === undefined ? undefined : `by ${who}`].filter((each) => each !== undefined).join(' ');
  return more === '' ? kind : `${kind}: ${more}`;
}
