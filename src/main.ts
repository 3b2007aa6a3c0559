/** The process: arguments → daemon or command, signals, exit code. */
import { runCli } from './cli/cli.ts';

process.exitCode = await runCli(process.argv.slice(2), process.env);
