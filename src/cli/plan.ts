/** `provisioner plan`: what runs would do now, to some products or to all. */
import type { Command } from 'commander';
import type { z } from 'zod';
import type { Variables } from '../config/secret-references.ts';
import type { ApiClient } from './api-client.ts';
import { type AllOptions, apiCommand, oneOf } from './api-command.ts';
import { findProductId } from './find-product.ts';
import * as form from './forms.ts';
import { print, printJson, showProgress } from './output.ts';
import { table } from './table.ts';

type DryRun = z.infer<typeof form.DryRun>;

export function planCommand(env: Variables): Command {
  return apiCommand(env, 'plan [products...]', 'what a run would do now; nothing is done', plan).option(
    '--all',
    'the whole estate; exit 1 when a product could not be looked at',
  );
}

async function plan(api: ApiClient, words: readonly string[], { all, json }: AllOptions): Promise<void> {
  oneOf(words, all);
  if (all === true) return planAll(api, json === true);
  const plans: DryRun[] = [];
  for (const word of words) {
    showProgress(`${plans.length} of ${words.length} products`);
    plans.push(await api.get(form.DryRun, `/products/${await findProductId(api, word)}/plan`));
  }
  showProgress('');
  if (json === true) return printJson(plans);
  for (const [index, dryRun] of plans.entries()) print(textOf(words[index] ?? '', dryRun));
}

/** A product for which there is nothing to do is counted, not shown. */
async function planAll(api: ApiClient, json: boolean): Promise<void> {
  const lines: z.infer<typeof form.FleetPlan>[] = [];
  for await (const line of api.lines(form.FleetPlan, '/plan')) {
    lines.push(line);
    showProgress(`${lines.length} of ${line.of} products`);
  }
  showProgress('');
  const failed = lines.filter(({ problem }) => problem !== null);
  if (failed.length > 0) process.exitCode = 1;
  if (json) return printJson(lines);
  const busy = lines.filter((line) => line.plan !== null && !isIdle(line.plan));
  for (const { home, plan: dryRun } of busy) if (dryRun !== null) print(textOf(home, dryRun));
  for (const { home, problem } of failed) print(`${home}: not known, ${problem?.code}: ${problem?.detail}\n`);
  print(`${lines.length - busy.length - failed.length} of ${lines.length} products: nothing to do\n`);
}

function isIdle({ actions, drift }: DryRun): boolean {
  return actions.length === 0 && drift.length === 0;
}

function textOf(name: string, { actions, drift }: DryRun): string {
  const steps = actions.map(({ description }) => `  ${description}\n`).join('');
  const differences = drift.map((each) => [`  ${each.field}`, each.found ?? '-', each.wanted ?? '-']);
  return [
    `${name}: ${actions.length === 0 ? 'nothing to do\n' : `\n${steps}`}`,
    ...(drift.length > 0 ? [table(['  DIFFERS', 'FOUND', 'WANTED'], differences)] : []),
  ].join('');
}
