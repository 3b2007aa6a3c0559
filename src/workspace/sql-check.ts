/** Whether SQL parses: asked of sqlglot, which SQLMesh itself uses, when a Python that has it is there. */
import { spawn } from 'node:child_process';
import { z } from 'zod';

/** A file and its text; the answer has the same order. */
export interface SqlFile {
  readonly path: string;
  readonly content: string;
}

const Answer = z.array(z.string().nullable());

/** One answer per text: `null`, or the first line of what each dialect says. */
const script = `
import json, sys
try:
    import sqlglot
except ImportError:
    sys.exit(3)
def problem(sql):
    said = None
    for dialect in ("duckdb", "trino"):
        try:
            sqlglot.parse(sql, read=dialect)
            return None
        except Exception as error:
            said = said or str(error).split("\\n")[0]
    return said
print(json.dumps([problem(sql) for sql in json.load(sys.stdin)]))
`;

const longestMs = 60_000;

/** @returns a line or `null` for each file; `null` for all of it when there is no Python with sqlglot */
export async function sqlProblems(files: readonly SqlFile[]): Promise<readonly (string | null)[] | null> {
  const texts = JSON.stringify(files.map(({ content }) => plainSql(content)));
  for (const python of ['python3', 'python']) {
    const answer = Answer.safeParse(await ask(python, texts));
    if (answer.success && answer.data.length === files.length) return answer.data;
  }
  return null;
}

function ask(python: string, input: string): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const child = spawn(python, ['-I', '-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: longestMs,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' },
  });
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stdin.on('error', () => undefined);
  child.once('error', () => resolve(null));
  child.once('close', (code) => resolve(code === 0 ? JSON.parse(Buffer.concat(out).toString()) : null));
  child.stdin.end(input);
  return promise;
}

/** Without what is not SQL: dbt's Jinja, and the head that SQLMesh has on models and audits. */
function plainSql(text: string): string {
  // What a macro makes of its parts is known only where it is used.
  if (/\{%-?\s*(macro|materialization|test|snapshot)\b/.test(text)) return '';
  const sql = text
    .replace(/\{#[\s\S]*?#\}/g, '')
    .replace(/\{%[\s\S]*?%\}/g, '')
    .replace(/\{\{[\s\S]*?\}\}/g, (jinja) => (/\b(config|log)\s*\(/.test(jinja) ? '' : 'jinja'))
    .replace(/@this_model\b/g, 'this_model');
  return withoutHead(sql);
}

function withoutHead(sql: string): string {
  const start = /^(?:\s|\/\*[\s\S]*?\*\/|--.*\n)*(?:MODEL|AUDIT)\s*\(/i.exec(sql);
  if (start === null) return sql;
  let depth = 0;
  for (let index = start[0].length - 1; index < sql.length; index += 1) {
    if (sql[index] === '(') depth += 1;
    if (sql[index] === ')') depth -= 1;
    if (depth === 0) return sql.slice(index + 1);
  }
  return sql;
}
