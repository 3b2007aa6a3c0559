/** The project's Markdown pages and the commands that stand in them. */
import { globSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

export interface Page {
  /** From the project's folder. */
  readonly path: string;
  readonly text: string;
}

/** One simple command: what the shell would start, with what is set for it. */
export interface Command {
  /** `page:line`, to find it by. */
  readonly where: string;
  readonly set: Readonly<Record<string, string>>;
  /** Program and arguments, without quotes; empty when only variables are set (`export A=b`). */
  readonly words: readonly string[];
}

/** Every page but those of templates, which belong to workspaces. */
export function readPages(): readonly Page[] {
  const paths = globSync(['*.md', '{docs,demo,bench,products,test}/**/*.md'], {
    exclude: (path) =>
      /(^|\/)(node_modules|fixtures)($|\/)|^products\/(?!README)/.test(relative('.', resolve(path))),
  });
  return paths.toSorted().map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** Programs whose name at the beginning of a code span makes it a command. */
const spokenPrograms = /^(?:[A-Z_0-9]+=\S* )*(?:npm|npx|node|docker|curl|provisioner) ./;

/** Commands of ```` ```sh ```` blocks and of code spans that begin with a program of ours. */
export function commandsOf({ path, text }: Page): readonly Command[] {
  const found: Command[] = [];
  let block: string | null = null;
  let earlier = '';
  for (const [index, line] of text.split('\n').entries()) {
    const where = `${path}:${index + 1}`;
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence !== null) {
      block = block === null ? (fence[1] ?? '') : null;
    } else if (block === null) {
      const spans = [...line.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
      for (const span of spans.filter((each) => spokenPrograms.test(each))) found.push(...parse(span, where));
    } else if (/^(sh|bash|shell|console)$/.test(block)) {
      earlier += line.replace(/\\$/, '');
      if (line.endsWith('\\')) continue;
      found.push(...parse(earlier, where));
      earlier = '';
    }
  }
  return found;
}

/** @throws Error for what only a whole shell understands: such a command can not be proven here */
function parse(line: string, where: string): Command[] {
  const code = line.replace(/(^|\s)#.*/, '');
  if (/[<>`]|\$\(|(?<!&)&(?!&)/.test(code)) throw new Error(`${where} is too clever for this test: ${line}`);
  return code
    .split(/&&|\|\||[;|]/)
    .map((part) =>
      (part.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).map((word) => word.replaceAll(/["']/g, '')),
    )
    .filter((words) => words.length > 0)
    .map((all) => {
      const words = all[0] === 'export' ? all.slice(1) : all;
      const assigned = words.findIndex((word) => !/^[A-Z_0-9]+=/.test(word));
      const count = assigned === -1 ? words.length : assigned;
      const set = words
        .slice(0, count)
        .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
      return { where, set: Object.fromEntries(set), words: words.slice(count) };
    });
}
