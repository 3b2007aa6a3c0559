/** Commands that have something done: `reconcile`, `rotate`, `pause`, `resume`, `undelete`, `replay`. */
import type { Command } from 'commander';
import type { Variables } from '../config/secret-references.ts';
import type { ApiClient } from './api-client.ts';
import { type AllOptions, type ApiOptions, apiCommand, oneOf } from './api-command.ts';
import { findProductId } from './find-product.ts';
import * as form from './forms.ts';
import { print, printJson } from './output.ts';

/** In the order of the help. */
export function orderCommands(env: Variables): readonly Command[] {
  const all = ['--all', 'the whole estate'] as const;
  return [
    apiCommand(env, 'reconcile [products...]', 'have products looked at now', reconcile).option(...all),
    apiCommand(
      env,
      'rotate <product>',
      'have a new key made; the old one ends after its grace',
      (api, [word = ''], options) => orderFor(api, word, 'rotate', 'A new key will be made', options),
    ),
    apiCommand(
      env,
      'pause [product]',
      'from now on runs look and plan, and apply nothing',
      (api, args, options: AllOptions) => onOneOrAll(api, args, 'pause', 'Paused', options),
    ).option(...all),
    apiCommand(env, 'resume [product]', 'the end of a pause', (api, args, options: AllOptions) =>
      onOneOrAll(api, args, 'resume', 'Resumed', options),
    ).option(...all),
    apiCommand(
      env,
      'undelete <product>',
      'bring a retired product’s workspace back from the archive',
      (api, [word = ''], options) =>
        orderFor(api, word, 'undelete', 'The workspace will be brought back', options),
    ),
    apiCommand(env, 'replay <delivery>', 'have the products of a delivery looked at again', replay),
  ];
}

/** Tells the daemon by its API that the brake may go. */
export async function releaseBrakeByApi(api: ApiClient, json: boolean): Promise<void> {
  const released = await api.send(form.Released, 'POST', '/brake/release');
  if (json) return printJson(released);
  print(`The brake is off: ${released.released} products are torn down.\n`);
}

async function reconcile(api: ApiClient, words: readonly string[], { all, json }: AllOptions): Promise<void> {
  oneOf(words, all);
  const products = [];
  for (const word of words) products.push(await findProductId(api, word));
  const answer = await api.send(form.Queued, 'POST', '/reconcile', all === true ? {} : { products });
  sayQueued(answer, json === true);
}

async function replay(api: ApiClient, [id = '']: readonly string[], { json }: ApiOptions): Promise<void> {
  const answer = await api.send(form.Queued, 'POST', `/deliveries/${encodeURIComponent(id)}/replay`);
  sayQueued(answer, json === true);
}

function sayQueued(answer: { readonly queued: number }, json: boolean): void {
  if (json) printJson(answer);
  else print(`${answer.queued} ${answer.queued === 1 ? 'product' : 'products'} will be looked at.\n`);
}

async function onOneOrAll(
  api: ApiClient,
  words: readonly string[],
  order: 'pause' | 'resume',
  said: string,
  options: AllOptions,
): Promise<void> {
  oneOf(words, options.all);
  const [word] = words;
  if (word !== undefined) return orderFor(api, word, order, said, options);
  const answer = await api.send(form.Done, 'POST', `/${order}`);
  if (options.json === true) return printJson(answer);
  print(`${said}: everything.\n`);
}

async function orderFor(
  api: ApiClient,
  word: string,
  order: string,
  said: string,
  { json }: ApiOptions,
): Promise<void> {
  const answer = await api.send(form.Done, 'POST', `/products/${await findProductId(api, word)}/${order}`);
  if (json === true) return printJson(answer);
  print(`${said}: ${word}.\n`);
}
