/** `provisioner migrate` and `provisioner database …`: the tables, and moving the books. */
import { Command } from 'commander';
import { loadEnvironment } from '../config/env.ts';
import type { Variables } from '../config/secret-references.ts';
import { trustFile } from '../config/trust.ts';
import { print } from './output.ts';

export function migrateCommand(env: Variables): Command {
  return new Command('migrate')
    .description('bring the database’s tables up to date and exit; a daemon does so when it starts')
    .action(async () => {
      const settings = await settingsOf(env);
      const { migrateTables } = await import('../compose/books.ts');
      await migrateTables(settings);
      print('The tables are up to date.\n');
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
    .action(async (file: string) => {
      const { PROV_DATABASE_URL: url } = await settingsOf(env);
      const { writeBooks } = await import('../compose/books.ts');
      print(`Wrote ${await writeBooks(url, file)} rows to ${file}.\n`);
    });
  database
    .command('import')
    .description('read such a file into an empty database (PROV_DATABASE_URL)')
    .argument('<file>', 'what `provisioner database export` wrote')
    .action(async (file: string) => {
      const { PROV_DATABASE_URL: url } = await settingsOf(env);
      const { readBooks } = await import('../compose/books.ts');
      print(`Read ${await readBooks(url, file)} rows. Start the daemon: it looks at every product.\n`);
    });
  return database;
}

/** A server may have a certificate of the platform's authority. */
async function settingsOf(env: Variables) {
  await trustFile(env.PROV_CA_FILE);
  return loadEnvironment(env);
}
