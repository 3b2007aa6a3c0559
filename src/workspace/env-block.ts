/**
 * The managed block inside a workspace's `.env`: ours between two marks, a person's lines around it stay. Pure.
 *
 * Values stay unquoted: unquoted they mean the same to sh, python-dotenv, SQLMesh, node, GNU make and R; with quotes
 * make keeps the quotes (all of these were run). So only characters that none of them interprets are let through.
 */
import { ProvisionerError } from '../model/errors.ts';

const begin = '# >>> data product provisioner: managed, rewritten when access changes >>>';
const end = '# <<< data product provisioner <<<';

export type EnvEntries = Readonly<Record<string, string>>;

const safeName = /^[A-Z][A-Z0-9_]*$/;
const safeValue = /^[A-Za-z0-9_./:+=@,-]*$/;

/** Whether a value can stand in `.env`: means the same to all who read it, unquoted. */
export function isEnvValue(value: string): boolean {
  return safeValue.test(value);
}

/**
 * The text of `.env` with our block in it: in place of the old one, else at the end.
 *
 * @param note one line for people, as a comment
 * @throws ProvisionerError `INTERNAL` when a value could mean something else to some reader; the value is not repeated
 */
export function withEnvBlock(existing: string, entries: EnvEntries, note: string | null = null): string {
  const lines = Object.entries(entries).map(([name, value]) => {
    if (!safeName.test(name) || !isEnvValue(value)) {
      throw new ProvisionerError(
        'INTERNAL',
        `The value of ${name} can not be written to .env without quoting.`,
      );
    }
    return `${name}=${value}`;
  });
  const block = [begin, ...lines, ...(note === null ? [] : [`# ${note}`]), end, ''].join('\n');
  const { before, after } = split(existing);
  return `${before}${block}${after}`;
}

/** The text of `.env` with our block taken out: what is the person's own. */
export function withoutEnvBlock(existing: string): string {
  const { before, after } = split(existing);
  return `${before}${after}`;
}

/** The entries of our block; `null` when there is none, or when it is damaged. */
export function readEnvBlock(existing: string): EnvEntries | null {
  const { block } = split(existing);
  if (block === null) return null;
  const entries: Record<string, string> = {};
  for (const line of block) {
    if (line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 1) return null;
    entries[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return entries;
}

function split(existing: string): { before: string; block: string[] | null; after: string } {
  const lines = existing.replace(/\r\n/g, '\n').split('\n');
  const first = lines.indexOf(begin);
  if (first === -1) return { before: endLine(existing), block: null, after: '' };
  // A block whose end mark was lost ends where lines stop being NAME=value, so a person's lines below survive.
  const marked = lines.indexOf(end, first);
  const last = marked === -1 ? first + countEntries(lines.slice(first + 1)) : marked;
  return {
    before: lines
      .slice(0, first)
      .map((line) => `${line}\n`)
      .join(''),
    block: lines.slice(first + 1, marked === -1 ? last + 1 : last),
    after: lines.slice(last + 1).join('\n'),
  };
}

function countEntries(lines: readonly string[]): number {
  const ends = lines.findIndex((line) => !/^(S3|AWS)_[A-Z0-9_]+=/.test(line));
  return ends === -1 ? lines.length : ends;
}

function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
