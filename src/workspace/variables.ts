/**
 * Which variables of a Handlebars program there are none of, also in branches that no product takes: found on its syntax
 * tree, without rendering. Scopes are Handlebars' own: `each` and `with` open one, `if` and `unless` do not.
 */
import Handlebars from 'handlebars';

/** A value of which nothing is known, so that everything may be in it. */
export const anything = Symbol('anything');

/**
 * @param root a value like those that the program is rendered with; of a list its first element stands for all
 * @param helpers names of those that there are, Handlebars' own included
 * @returns each variable or helper that there is none of, as it is written, once
 */
export function unknownVariables(
  program: hbs.AST.Program,
  root: unknown,
  helpers: ReadonlySet<string>,
): readonly string[] {
  const walk = new Walk(root, helpers);
  walk.accept(program);
  return [...walk.unknown];
}

class Walk extends Handlebars.Visitor {
  readonly unknown = new Set<string>();
  readonly #helpers: ReadonlySet<string>;
  /** Innermost last. */
  readonly #scopes: unknown[];
  readonly #named: Map<string, unknown>[] = [];

  constructor(root: unknown, helpers: ReadonlySet<string>) {
    super();
    this.#helpers = helpers;
    this.#scopes = [root];
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    this.#call(statement);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    this.#call(expression);
  }

  override BlockStatement({ path, params, program, inverse }: hbs.AST.BlockStatement): void {
    const isHelper = this.#helpers.has(path.original);
    if (!isHelper) this.accept(path);
    this.acceptArray(params);
    const given = isHelper ? params[0] : path;
    const scope = ['if', 'unless'].includes(path.original) ? null : this.#valueOf(given);
    const value = Array.isArray(scope) ? scope[0] : path.original === 'each' ? anything : scope;
    const [first, second] = program?.blockParams ?? [];
    this.#named.push(
      new Map([
        ...(first === undefined ? [] : [[first, value] as const]),
        ...(second === undefined ? [] : [[second, anything] as const]),
      ]),
    );
    if (scope !== null) this.#scopes.push(value);
    if (program) this.accept(program);
    if (scope !== null) this.#scopes.pop();
    this.#named.pop();
    if (inverse) this.accept(inverse);
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    if (this.#resolve(path) === undefined) this.unknown.add(path.original);
  }

  #call({ path, params, hash }: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void {
    const name = 'original' in path ? String(path.original) : '';
    if (!this.#helpers.has(name)) {
      if (params.length > 0) this.unknown.add(name);
      else this.accept(path);
    }
    this.acceptArray(params);
    for (const { value } of hash?.pairs ?? []) this.accept(value);
  }

  #valueOf(expression: hbs.AST.Expression | undefined): unknown {
    // Types of the library do not tell expressions apart.
    const path = expression as hbs.AST.PathExpression | undefined;
    return path?.type === 'PathExpression' ? (this.#resolve(path) ?? anything) : anything;
  }

  /** `undefined`: there is none. */
  #resolve({ data, depth, parts, original }: hbs.AST.PathExpression): unknown {
    const [first = '', ...rest] = parts;
    if (data) return first === 'root' ? within(this.#scopes[0], rest) : anything;
    const named = this.#named.findLast((names) => names.has(first));
    if (named !== undefined && depth === 0 && !original.startsWith('this'))
      return within(named.get(first), rest);
    // Above the outermost scope there is nothing.
    return depth < this.#scopes.length ? within(this.#scopes.at(-1 - depth), parts) : undefined;
  }
}

function within(value: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined || value === anything || value === null) return value ?? anything;
  if (Array.isArray(value))
    return first === 'length'
      ? anything
      : /^\d+$/.test(first)
        ? within(value[0] ?? anything, rest)
        : undefined;
  if (typeof value !== 'object' || value === undefined) return undefined;
  return Object.hasOwn(value, first)
    ? within(Object.getOwnPropertyDescriptor(value, first)?.value, rest)
    : undefined;
}
