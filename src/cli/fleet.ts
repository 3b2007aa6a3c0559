/** `provisioner template plan`, `rollouts` and `release`: what a template's new version would do to the whole fleet. */
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Variables } from '../config/secret-references.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiOptions, apiCommand } from './api-command.ts';
import * as form from './forms.ts';
import { print, printJson, showProgress } from './output.ts';
import { table } from './table.ts';

type Files = NonNullable<z.infer<typeof form.DryRun>['files']>;

/** What would become of one workspace. */
interface Forecast extends Files {
  readonly product: string;
  readonly home: string;
}

/** A product whose dry run failed. */
interface Failure {
  readonly product: string;
  readonly home: string;
  readonly code: string;
  readonly detail: string;
}

export function fleetCommands(env: Variables): readonly Command[] {
  return [
    apiCommand(env, 'plan', 'whose files would change, how, and where a person has to decide', plan).option(
      '--template <template>',
      'only products of this template, with or without @version',
    ),
    apiCommand(env, 'rollouts', 'how new versions make their way, newest first', rollouts),
    apiCommand(env, 'release <version>', 'let all products follow <id>@<version> now', release),
  ];
}

interface PlanOptions extends ApiOptions {
  readonly template?: string;
}

async function plan(api: ApiClient, _words: readonly string[], options: PlanOptions): Promise<void> {
  const changing: Forecast[] = [];
  const failed: Failure[] = [];
  let products = 0;
  for await (const line of api.lines(form.FleetPlan, '/plan', { template: options.template })) {
    const { product, home, of, plan: dryRun, problem } = line;
    products += 1;
    showProgress(`${products} of ${of} products`);
    if (problem !== null) failed.push({ product, home, ...problem });
    const files = dryRun?.files ?? null;
    if (files !== null) changing.push({ ...files, product, home });
  }
  showProgress('');
  if (failed.length > 0) process.exitCode = 1;
  if (options.json === true) return printJson({ products, changing, failed });
  print(changing.length === 0 ? 'No workspace would change.\n' : toText(changing));
  if (failed.length > 0)
    print(
      `\n${table(
        ['HOME', 'NOT KNOWN'],
        failed.map((each) => [each.home, `${each.code}: ${each.detail}`]),
      )}\n`,
    );
  print(summary(products, changing));
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

async function rollouts(api: ApiClient, _words: readonly string[], { json }: ApiOptions): Promise<void> {
  const answer = await api.get(form.Rollouts, '/rollouts');
  if (json === true) return printJson(answer);
  if (answer.items.length === 0) return print('No version was tried by a few first.\n');
  const cells = answer.items.map(({ template, stage, begunAt, canaries, following, behind }) => [
    template,
    stages[stage] ?? stage,
    begunAt,
    canaries.map(({ home, product, outcome }) => `${home ?? product} ${outcome ?? 'tries'}`).join(', ') ||
      '-',
    `${following} of ${following + behind}`,
  ]);
  print(table(['VERSION', 'STAGE', 'SINCE', 'CANARIES', 'FOLLOWING'], cells));
}

const stages: Readonly<Record<string, string>> = {
  canary: 'is tried',
  all: 'goes to all',
  stopped: 'stopped',
};

async function release(
  api: ApiClient,
  [version = '']: readonly string[],
  { json }: ApiOptions,
): Promise<void> {
  const answer = await api.send(form.Queued, 'POST', `/templates/${encodeURIComponent(version)}/release`);
  if (json === true) printJson(answer);
  else print(`${answer.queued} products follow ${version} from now on.\n`);
}
