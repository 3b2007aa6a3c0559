/** `provisioner migrate` and `provisioner database …`: the tables, and moving the books. */
import { Command } from 'commander';
import { loadEnvironment } from '../config/env.ts';
import type { Variables } from '../config/secret-references.ts';
import { trustFile } from '../config/trust.ts';
import { print, printJson, showingTime, showProgress } from './output.ts';

interface JsonOption {
  readonly json?: true;
}

export function migrateCommand(env: Variables): Command {
  return new Command('migrate')
    .description('bring the database’s tables up to date and exit; a daemon does so when it starts')
    .option('--json', 'as JSON')
    .action(async ({ json }: JsonOption) => {
      const settings = await settingsOf(env);
      const { migrateTables } = await import('../compose/books.ts');
      await showingTime('bringing the tables up to date', migrateTables(settings));
      if (json === true) printJson({ done: true });
      else print('The tables are up to date.\n');
    });
}

export function databaseCommand(env: Variables): Command {
  const database = new Command('database').description(
    'move the books between the embedded database and a server',
  );
  database
    .command('export')
    .description('write all books to a file; stop the daemon first')
    .argument('<file>', 'made, or replaced; only its owner can read it')
    .option('--json', 'as JSON')
    .action(async (file: string, { json }: JsonOption) => {
      const { PROV_DATABASE_URL: url } = await settingsOf(env);
      const { writeBooks } = await import('../compose/books.ts');
      const rows = await writeBooks(url, file, (done) => showProgress(`${done} rows written`));
      showProgress('');
      if (json === true) printJson({ file, rows });
      else print(`Wrote ${rows} rows to ${file}.\n`);
    });
  database
    .command('import')
    .description('read such a file into an empty database (PROV_DATABASE_URL)')
    .argument('<file>', 'what `provisioner database export` wrote')
    .option('--json', 'as JSON')
    .action(async (file: string, { json }: JsonOption) => {
      const { PROV_DATABASE_URL: url } = await settingsOf(env);
      const { readBooks } = await import('../compose/books.ts');
      const rows = await readBooks(url, file, (done) => showProgress(`${done} rows read`));
      showProgress('');
      if (json === true) printJson({ file, rows });
      else print(`Read ${rows} rows. Start the daemon: it looks at every product.\n`);
    });
  return database;
}

/** A server may have a certificate of the platform's authority. */
async function settingsOf(env: Variables) {
  await trustFile(env.PROV_CA_FILE);
  return loadEnvironment(env);
}
