/**
 * Makes a new embedded database, in a process of its own: PGlite's `initdb` takes some 400 MB that would otherwise stay
 * with the daemon for its life. Run as `node initialise.ts FOLDER`.
 */
import { PGlite } from '@electric-sql/pglite';

const folder = process.argv[2];
if (folder === undefined) throw new Error('a folder is needed');
const pglite = await PGlite.create(folder);
await pglite.close();
