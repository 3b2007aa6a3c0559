/** `provisioner serve` and `provisioner brake release`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDotEnv, loadEnvironment } from '../config/env.ts';
import { trustFile } from '../config/trust.ts';
import { startDaemon } from '../daemon.ts';
import { releaseFile } from '../model/control.ts';
import { asProvisionerError } from '../model/errors.ts';
import { version } from '../model/version.ts';

const usage = `Usage: provisioner [command]

  serve           run the daemon (also without a command)
  brake release   agree to the tear-downs that the brake holds
  --help          this text
  --version       the version

Settings come from environment variables: docs/configuration.md.
`;

/** Exit codes: 0 done, 1 failed, 2 wrong usage or settings. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const command = args.join(' ');
  if (command === '--help' || command === '-h' || command === 'help') return print(usage);
  if (command === '--version') return print(`${version}\n`);
  try {
    loadDotEnv(env);
    if (command === '' || command === 'serve') return await serve(env);
    if (command === 'brake release') return await releaseBrake(env);
  } catch (thrown) {
    const error = asProvisionerError(thrown);
    process.stderr.write(`${error.message}\n`);
    return error.code === 'CONFIG_INVALID' ? 2 : 1;
  }
  process.stderr.write(`There is no command ${JSON.stringify(command)}.\n\n${usage}`);
  return 2;
}

async function serve(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const stopping = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.resolve());
  // Before the settings are read: a secret manager may have a certificate of this authority.
  await trustFile(env.PROV_CA_FILE);
  const daemon = await startDaemon(await loadEnvironment(env));
  daemon.log.info('listening', { url: daemon.url });
  await stopping.promise;
  await daemon[Symbol.asyncDispose]();
  return 0;
}

/** The embedded database has one owner, the daemon; the order reaches it as a file, which it takes within a second. */
async function releaseBrake(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const folder = env.PROV_CONTROL_PATH ?? './.control';
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, releaseFile), '');
  return print(
    'The order is placed; the running daemon takes it within a second and tears down what it held.\n',
  );
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
