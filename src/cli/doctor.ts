/** `provisioner doctor`: what is wrong, and what to do about it. */
import { styleText } from 'node:util';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { loadEnvironment } from '../config/env.ts';
import type { Variables } from '../config/secret-references.ts';
import { trustFile } from '../config/trust.ts';
import type { Editor } from '../doctor/access.ts';
import { daemonUrlOf } from '../doctor/daemon.ts';
import { type Report, type Trouble, troubles, type Verdict } from '../doctor/finding.ts';
import { parseEditor, usualEditors } from '../doctor/volume.ts';
import { print, printJson, showProgress } from './output.ts';

interface DoctorOptions {
  readonly json?: true;
  readonly url?: string;
  readonly editor?: readonly Editor[];
  readonly probe: boolean;
}

const names = Object.keys(troubles) as Trouble[];

export function doctorCommand(env: Variables): Command {
  return new Command('doctor')
    .description('what is wrong, and what to do about it; exit 1 when something does not work')
    .addArgument(new Argument('[trouble]', 'only what may explain this').choices(names))
    .option('--url <address>', 'the running daemon, when it is not where the settings say')
    .option('--no-probe', 'make no throw-away principal in the store')
    .addOption(
      new Option('--editor <name=uid:gid,…>', 'user of an editor (repeatable)').argParser(collectEditors),
    )
    .option('--json', 'as JSON')
    .action((trouble: Trouble | undefined, options: DoctorOptions) => doctor(env, trouble ?? null, options));
}

async function doctor(env: Variables, trouble: Trouble | null, options: DoctorOptions): Promise<void> {
  await trustFile(env.PROV_CA_FILE);
  const settings = await loadEnvironment(env);
  // Loaded only here, as the daemon is by `serve`.
  const { examineAll } = await import('../doctor/examine.ts');
  const reports = await examineAll({
    env: settings,
    trouble,
    daemonUrl: options.url ?? daemonUrlOf(settings),
    editors: options.editor ?? usualEditors(settings.PROV_WORKSPACE_GID),
    probing: options.probe,
    onPart: (part) => showProgress(`… ${part}`),
  });
  showProgress('');
  const failed = reports.some(({ verdict }) => verdict === 'fail');
  if (options.json) printJson({ ok: !failed, findings: reports });
  else print(pageOf(reports, trouble === null ? names : [trouble]));
  if (failed) process.exitCode = 1;
}

function collectEditors(word: string, before: readonly Editor[] = []): readonly Editor[] {
  const editor = parseEditor(word);
  if (editor === null) throw new InvalidArgumentError('It must be like coder=1000:1000,2000.');
  return [...before, editor];
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const satisfies Record<Verdict, string>;
const signWidth = 4;

/** One line per finding, what to do below it; then which trouble is explained by which part. */
function pageOf(reports: readonly Report[], asked: readonly Trouble[]): string {
  const width = Math.max(...reports.map(({ part }) => part.length));
  const lines = reports.flatMap(({ verdict, part, seen, todo }) => {
    const sign = styleText(colours[verdict], verdict.padEnd(signWidth), { stream: process.stdout });
    const line = `${sign}  ${part.padEnd(width)}  ${seen}`;
    return todo === null ? [line] : [line, `${' '.repeat(signWidth + width + 4)}→ ${todo}`];
  });
  return `${[...lines, '', ...explain(reports, asked)].join('\n')}\n`;
}

function explain(reports: readonly Report[], asked: readonly Trouble[]): string[] {
  return asked.map((name) => {
    const about = reports.filter((report) => report.troubles.includes(name));
    const parts = (verdict: Verdict) => [
      ...new Set(about.filter((each) => each.verdict === verdict).map(({ part }) => part)),
    ];
    const [failed, warned] = [parts('fail'), parts('warn')];
    if (failed.length > 0) return `${troubles[name]}: because of ${failed.join(', ')}.`;
    if (warned.length > 0) return `${troubles[name]}: perhaps because of ${warned.join(', ')}.`;
    return `${troubles[name]}: nothing was found that would explain it.`;
  });
}
