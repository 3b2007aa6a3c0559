/** The process: arguments → daemon or command, signals, exit code. JavaScript: this file alone is read before the cache. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before anything of ours is loaded: a start that finds the types stripped already takes two thirds of the time, and
// some 20 MB less for good, as the compiler is never loaded. Where it can not be written it is not there, that is all.
// Not in the folder for temporary files, where others could put in what we run.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/provisioner'));
const { runCli } = await import('./cli/cli.ts');

process.exitCode = await runCli(process.argv.slice(2), process.env);
