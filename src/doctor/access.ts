/** Who may do what with a path: by the arithmetic of owner, group and mode, and, as root, by really trying. */
import { spawn } from 'node:child_process';
import { constants, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** The user that an editor runs as. */
export interface Editor {
  readonly name: string;
  readonly uid: number;
  /** The first is its main group. */
  readonly gids: readonly number[];
}

/** A path below the volume, and what must be possible there: `R_OK`, `W_OK`, `X_OK` of `node:fs`. */
export interface Want {
  readonly path: string;
  readonly rights: number;
}

/** Whether the rights are there: the first class that fits decides, as POSIX has it. Lists of further rights are not seen. */
export function mayAccess(
  stat: Pick<Stats, 'uid' | 'gid' | 'mode'>,
  editor: Omit<Editor, 'name'>,
  rights: number,
): boolean {
  if (editor.uid === 0) return true;
  const shift = stat.uid === editor.uid ? 6 : editor.gids.includes(stat.gid) ? 3 : 0;
  return ((stat.mode >> shift) & 7 & rights) === rights;
}

/** The wants that the editor's user does not get. `root` itself can be entered: where it hangs is the mount's affair. */
export async function findRefused(
  root: string,
  wants: readonly Want[],
  editor: Editor,
): Promise<readonly Want[]> {
  const tried = process.getuid?.() === 0 ? await tryAs(root, wants, editor).catch(() => null) : null;
  return tried ?? (await calculate(root, wants, editor));
}

async function calculate(root: string, wants: readonly Want[], editor: Editor): Promise<readonly Want[]> {
  const refused: Want[] = [];
  for (const want of wants) {
    const segments = want.path.split('/');
    const folders = segments.slice(0, -1).map((_segment, index) => segments.slice(0, index + 1).join('/'));
    const needed = [...folders.map((path) => ({ path, rights: constants.X_OK })), want];
    for (const { path, rights } of needed) {
      const stat = await lstat(`${root}/${path}`).catch(() => null);
      if (stat !== null && mayAccess(stat, editor, rights)) continue;
      refused.push(want);
      break;
    }
  }
  return refused;
}

/** Becomes that user in a process of its own, from inside the volume, and asks the system. */
const asker = `
const { accessSync } = require('node:fs');
const { uid, gids, wants } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
process.setgroups(gids);
process.setgid(gids[0]);
process.setuid(uid);
const refused = ({ path, rights }) => { try { accessSync(path, rights); return false; } catch { return true; } };
console.log(JSON.stringify(wants.flatMap((want, index) => (refused(want) ? [index] : []))));
`;

async function tryAs(root: string, wants: readonly Want[], { uid, gids }: Editor): Promise<readonly Want[]> {
  const child = spawn(process.execPath, ['-e', asker], { cwd: root, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end(JSON.stringify({ uid, gids, wants }));
  const refused = z.array(z.int()).parse(JSON.parse(await text(child.stdout)));
  return wants.filter((_want, index) => refused.includes(index));
}
