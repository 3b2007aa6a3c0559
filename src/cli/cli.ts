/** The command line: `provisioner serve` and what people do beside it. */
import { flushCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import { Argument, Command, CommanderError } from 'commander';
import { loadDotEnv, loadEnvironment } from '../config/env.ts';
import type { Variables } from '../config/secret-references.ts';
import { trustFile } from '../config/trust.ts';
import type { Daemon } from '../daemon.ts';
import { levelFile, logLevels, releaseFile } from '../model/control.ts';
import { asProvisionerError } from '../model/errors.ts';
import { version } from '../model/version.ts';
import { asksApi, CommandFailure, openApi } from './api-client.ts';
import type { ApiOptions } from './api-command.ts';
import { completionScript, type Shell, shells } from './completion.ts';
import { configCommand } from './config.ts';
import { placeOrder } from './control-folder.ts';
import { databaseCommand, migrateCommand } from './database.ts';
import { doctorCommand } from './doctor.ts';
import { historyCommands } from './history.ts';
import { keysCommand } from './keys.ts';
import { lookCommands } from './look.ts';
import { orderCommands, releaseBrakeByApi } from './orders.ts';
import { print, printJson } from './output.ts';
import { templateCommand } from './template.ts';

/** What is left of the 10 s that an orderly end may take is for the process itself to end. */
const longestStopMs = 9000;
/** As much of them is for `PROV_SHUTDOWN_DELAY`; who sets it longer has more. */
const usualLeaveMs = 5000;

/** Exit codes: 0 done, 1 failed, 2 wrong usage or settings; of commands that ask the daemon also `exitCodes`. */
export async function runCli(args: readonly string[], env: Variables): Promise<number> {
  try {
    loadDotEnv(env);
    await createProgram(env).parseAsync(args.length === 0 ? ['serve'] : [...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    // Help and version end by this way too, with 0; what was wrong with the words is said already.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    if (thrown instanceof CommandFailure) {
      process.stderr.write(`${thrown.message}\n`);
      return thrown.exitCode;
    }
    const error = asProvisionerError(thrown);
    process.stderr.write(`${error.message}\n`);
    return error.code === 'CONFIG_INVALID' ? 2 : 1;
  }
}

/** Every command with its options and help. */
export function createProgram(env: Variables): Command {
  const program = new Command('provisioner')
    .description('Gives every data product of a data product portal its home.')
    .version(version, '--version', 'the version')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'help for a command')
    .addHelpText('after', '\nSettings come from environment variables: docs/configuration.md.')
    .showSuggestionAfterError()
    .showHelpAfterError();
  program
    .command('serve')
    .description('run the daemon (also without a command)')
    .action(() => serve(env));
  const brake = program.command('brake').description('tear-downs that the brake holds');
  brake
    .command('release')
    .description('agree to them; without a key and an address through the control folder')
    .option('--url <url>', 'the daemon’s address (or PROV_API_URL)')
    .option('--json', 'as JSON')
    .action((options: ApiOptions) => releaseBrake(env, options));
  program
    .command('log-level')
    .description('the running daemon’s log level, until it is started again')
    .addArgument(new Argument('<level>', 'least severe line that is written').choices(logLevels))
    .option('--json', 'as JSON')
    .action((level: string, options: ApiOptions) =>
      order(env, [levelFile, `${level}\n`], 'The running daemon takes the level within a second.', options),
    );
  program
    .command('completion')
    .description('what a shell reads to complete our commands: source <(provisioner completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => print(completionScript(program, shell)));
  for (const each of [...lookCommands(env), ...historyCommands(env), ...orderCommands(env)])
    program.addCommand(each);
  program.addCommand(keysCommand(env));
  program.addCommand(templateCommand(env));
  program.addCommand(configCommand(env));
  program.addCommand(doctorCommand(env));
  program.addCommand(migrateCommand(env));
  program.addCommand(databaseCommand(env));
  exitByThrowing(program);
  return program;
}

function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const each of command.commands) exitByThrowing(each);
}

async function serve(env: Variables): Promise<void> {
  const stopping = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.resolve(signal));
  // Before the settings are read: a secret manager may have a certificate of this authority.
  await trustFile(env.PROV_CA_FILE);
  // Loaded only here: it is most of the program, and the other commands are short.
  const [{ startDaemon }, { collectSooner }] = await Promise.all([
    import('../daemon.ts'),
    import('../compose/heap.ts'),
  ]);
  const settings = await loadEnvironment(env);
  const daemon = await startDaemon(settings);
  daemon.log.info('listening', { url: daemon.url });
  // Now, not at the end: one that is killed leaves its successor the same work.
  flushCompileCache();
  collectSooner(settings.PROV_DATABASE_URL);
  const why = await Promise.race([stopping.promise, daemon.stuck.then(() => 'stuck' as const)]);
  if (why === 'stuck') {
    // Whoever supervises us starts us again.
    daemon.log.error('the embedded database does not recover by itself: ending, so that a start can');
    process.exitCode = 1;
  }
  // Somebody at a terminal does not wait for a load balancer.
  const leaveMs = why === 'SIGTERM' ? settings.PROV_SHUTDOWN_DELAY : 0;
  endWithin(Math.max(0, leaveMs - usualLeaveMs) + longestStopMs, daemon);
  if (why === 'SIGTERM') await daemon.leave();
  await daemon[Symbol.asyncDispose]();
}

/** A server that does not answer, or a caller that does not end, must not hold us: what is not done is taken up again. */
function endWithin(milliseconds: number, { log }: Daemon): void {
  const end = () => {
    log.warn('ending although something still waits: it is taken up again', { afterMs: milliseconds });
    process.exit();
  };
  setTimeout(end, milliseconds).unref();
}

async function releaseBrake(env: Variables, options: ApiOptions): Promise<void> {
  if (await asksApi(env, options.url))
    return releaseBrakeByApi(await openApi(env, options.url), options.json === true);
  const done =
    'The order is placed; the running daemon takes it within a second and tears down what it held.';
  return order(env, [releaseFile, userInfo().username], done, options);
}

async function order(
  env: Variables,
  [file, text]: readonly [file: string, text: string],
  done: string,
  { json }: ApiOptions,
): Promise<void> {
  await placeOrder(env, file, text);
  if (json === true) printJson({ placed: true });
  else print(`${done}\n`);
}
