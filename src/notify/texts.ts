/** The texts of messages: Handlebars templates, the first line of which is the title. A folder may hold better ones. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { ProvisionerError } from '../model/errors.ts';
import { type NoticeKind, noticeKinds } from '../model/notice.ts';
import type { Message } from './notice.ts';

export type Texts = (message: Omit<Message, 'title' | 'text'>) => Pick<Message, 'title' | 'text'>;

/** Products that a message names; of more it tells the number. */
const mostNamed = 10;
const longestTitle = 150;

/**
 * Reads and compiles `<kind>.hbs` and `recovered.hbs`.
 *
 * @param folder whose files are taken instead of ours, where it has them
 * @throws ProvisionerError `CONFIG_INVALID` when one can not be compiled
 */
export async function loadTexts(folder: string | undefined): Promise<Texts> {
  const names = [...noticeKinds, 'recovered'] as const;
  const entries = await Promise.all(
    names.map(
      async (name): Promise<[string, Handlebars.TemplateDelegate]> => [name, await compile(name, folder)],
    ),
  );
  const templates = new Map(entries);
  return (message) => {
    const text = templates.get(message.over ? 'recovered' : message.kind)?.(viewOf(message)) ?? '';
    const [title = '', ...rest] = text.trim().split('\n');
    return { title: title.trim().slice(0, longestTitle), text: rest.join('\n').trim() };
  };
}

async function compile(
  name: NoticeKind | 'recovered',
  folder: string | undefined,
): Promise<Handlebars.TemplateDelegate> {
  const ours = join(import.meta.dirname, 'texts', `${name}.hbs`);
  const theirs =
    folder === undefined ? null : await readFile(join(folder, `${name}.hbs`), 'utf8').catch(() => null);
  try {
    const source = theirs ?? (await readFile(ours, 'utf8'));
    const template = Handlebars.create().compile(source, { noEscape: true, strict: true });
    template(viewOf(sample));
    return template;
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const message = `The text ${name}.hbs of PROV_NOTIFY_TEXTS can not be used: ${words}`;
    throw new ProvisionerError('CONFIG_INVALID', message, { cause });
  }
}

/** What a text may use; names are people's free text and stay on one line. */
function viewOf({ kind, reason, about }: Omit<Message, 'title' | 'text'>) {
  const products = about.slice(0, mostNamed).map(({ facts, since }) => ({
    product: oneLine(facts.product),
    home: facts.home,
    message: oneLine(facts.message),
    since: since.toISOString(),
  }));
  const [first] = products;
  return {
    kind,
    reason,
    count: about.length,
    several: about.length > 1,
    first: first ?? { product: '', home: '', message: '', since: '' },
    products,
    more: about.length - products.length,
  };
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** A text that asks for what is not there is found at the start. */
const sample: Omit<Message, 'title' | 'text'> = {
  id: '',
  kind: 'degraded',
  reason: 'StoreDenied',
  over: false,
  about: [{ subject: '', facts: { product: 'Sales', home: 'sales', message: 'words' }, since: new Date(0) }],
};
