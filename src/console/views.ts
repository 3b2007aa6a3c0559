/** The Handlebars views: whatever is put into them is escaped, unless it was made by another view. */
import { readdirSync, readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { exact, lengthOf, numberOf, relative, sizeOf } from './wording.ts';

/** Markup made by a view. */
export type Markup = Handlebars.SafeString;

export type Render = (view: string, data: object) => Markup;

const folder = new URL('./views/', import.meta.url);

/** Reads and compiles all views once. */
export function loadViews(clock: () => Date): Render {
  const engine = Handlebars.create();
  registerWords(engine, clock);
  const compiled = new Map<string, HandlebarsTemplateDelegate>();
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.hbs')) continue;
    const name = file.slice(0, -'.hbs'.length);
    const template = engine.compile(readFileSync(new URL(file, folder), 'utf8'), {
      // Helpers are ours alone; nothing in the data is called or looked up on a prototype.
      knownHelpersOnly: true,
      knownHelpers,
    });
    engine.registerPartial(name, template);
    compiled.set(name, template);
  }
  return (view, data) => {
    const template = compiled.get(view);
    if (template === undefined) throw new Error(`There is no view ${view}.`);
    return new engine.SafeString(template(data));
  };
}

const knownHelpers = { time: true, ms: true, size: true, number: true, plural: true, is: true };

function registerWords(engine: typeof Handlebars, clock: () => Date): void {
  const { escapeExpression, SafeString } = engine;
  engine.registerHelper({
    time: (at: Date | null | undefined) => {
      if (at === null || at === undefined) return new SafeString('<span class="none">never</span>');
      const words = escapeExpression(relative(at, clock()));
      return new SafeString(`<time datetime="${at.toISOString()}" title="${exact(at)}">${words}</time>`);
    },
    ms: (value: number | null | undefined) => (value === null || value === undefined ? '–' : lengthOf(value)),
    size: (value: number) => sizeOf(value),
    number: (value: number) => numberOf(value),
    plural: (count: number, one: string, many: string) => `${numberOf(count)} ${count === 1 ? one : many}`,
    is: (left: unknown, right: unknown) => left === right,
  });
}
