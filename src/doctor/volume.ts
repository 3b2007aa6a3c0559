/** The volume of the workspaces, as we and as the editors' users see it. */
import { constants } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Environment } from '../config/schema.ts';
import { asProvisionerError } from '../model/errors.ts';
import { Workspaces } from '../workspace/workspace.ts';
import { type Editor, findRefused, type Want } from './access.ts';
import { type Finding, fail, ok } from './finding.ts';

const { R_OK, W_OK, X_OK } = constants;
/** Workspaces that are looked at; one is like the other, a thousand take long. */
const mostWorkspaces = 200;
/** Workspaces that a finding names. */
const mostNamed = 3;

/** The users of the images in docker-compose.yml: VS Code's with the shared group added, RStudio's with it as its own. */
export function usualEditors(gid = 1000): readonly Editor[] {
  return [
    { name: 'code-server', uid: 1000, gids: [...new Set([1000, gid])] },
    { name: 'RStudio', uid: 1000, gids: [gid] },
  ];
}

export async function examineVolume(
  env: Environment,
  editors: readonly Editor[],
): Promise<readonly Finding[]> {
  const root = resolve(env.PROV_TEMPLATE_OUTPUT_PATH);
  if (!(await isFolder(root)))
    return [
      fail(
        `there is no folder ${root}`,
        'Mount the volume of the workspaces there, or set PROV_TEMPLATE_OUTPUT_PATH.',
      ),
    ];
  const findings: Finding[] = [await examineOwn(env, root)];
  const homes = await listHomes(root);
  const wants = await wantsOf(root, homes.slice(0, mostWorkspaces));
  for (const editor of editors)
    findings.push(...(await examineEditor(env, root, wants, editor, homes.length)));
  return findings;
}

async function examineOwn(env: Environment, root: string): Promise<Finding> {
  const owner = { uid: env.PROV_WORKSPACE_UID, gid: env.PROV_WORKSPACE_GID };
  try {
    await new Workspaces({ root, owner, history: false }).check();
    return ok(`${root} can be written by us (uid ${process.getuid?.()})`);
  } catch (thrown) {
    const todo = `Give the folder to the provisioner’s user: chown ${process.getuid?.()} ${root}; with PROV_WORKSPACE_GID that user must be a member of the group.`;
    return fail(asProvisionerError(thrown).message, todo);
  }
}

async function listHomes(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries.filter((each) => each.isDirectory() && !each.name.startsWith('.')).map(({ name }) => name);
}

/** Enter the volume; in each workspace enter and write, read `.env`, change a file that is there. */
async function wantsOf(root: string, homes: readonly string[]): Promise<Want[]> {
  const wants: Want[] = [{ path: '.', rights: R_OK | X_OK }];
  for (const home of homes) {
    wants.push({ path: home, rights: R_OK | W_OK | X_OK });
    const entries = await readdir(join(root, home), { withFileTypes: true }).catch(() => []);
    if (entries.some(({ name }) => name === '.env')) wants.push({ path: `${home}/.env`, rights: R_OK });
    const file = entries.find((each) => each.isFile() && !each.name.startsWith('.'));
    if (file !== undefined) wants.push({ path: `${home}/${file.name}`, rights: R_OK | W_OK });
  }
  return wants;
}

async function examineEditor(
  env: Environment,
  root: string,
  wants: readonly Want[],
  editor: Editor,
  homes: number,
): Promise<readonly Finding[]> {
  const who = `${editor.name} (uid ${editor.uid}, groups ${editor.gids.join(', ')})`;
  const refused = await findRefused(root, wants, editor);
  if (refused.length === 0) {
    if (homes === 0) return [ok(`${who} can open the volume; there is no workspace yet`)];
    return [ok(`${who} can open ${Math.min(homes, mostWorkspaces)} workspaces, read their .env and write`)];
  }
  const todo = cure(env, root, editor);
  const deeds = [
    ['enter the volume', (path: string) => path === '.'],
    ['read .env of', (path: string) => path.endsWith('/.env')],
    ['write in', (path: string) => path !== '.' && !path.endsWith('/.env')],
  ] as const;
  const findings: Finding[] = [];
  for (const [deed, concerns] of deeds) {
    const paths = refused.map(({ path }) => path).filter(concerns);
    if (paths.length === 0) continue;
    const where = deed === 'enter the volume' ? root : named(paths.map((path) => path.split('/')[0] ?? ''));
    const example = await describeMode(join(root, paths[0] ?? '.'));
    findings.push(fail(`${who} can not ${deed} ${where} (${example})`, todo));
  }
  return findings;
}

function named(homes: readonly string[]): string {
  const names = [...new Set(homes)];
  const more = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

async function describeMode(path: string): Promise<string> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return 'it is gone';
  return `mode ${(stat.mode & 0o7777).toString(8).padStart(4, '0')}, owner ${stat.uid}:${stat.gid}`;
}

function cure({ PROV_WORKSPACE_GID: gid }: Environment, root: string, editor: Editor): string {
  const repair = (group: number) => `chgrp -R ${group} ${root} && chmod -R g+rwX ${root}`;
  if (gid === undefined) {
    const group = editor.gids[0] ?? editor.uid;
    return `Set PROV_WORKSPACE_GID=${group} and restart the daemon; for what is there already: ${repair(group)}. Give every editor the umask 0002.`;
  }
  if (!editor.gids.includes(gid))
    return `Make ${editor.name}’s user a member of group ${gid} (compose: group_add), or set PROV_WORKSPACE_GID to a group of its own.`;
  return `Repair what is there: ${repair(gid)}. Give every editor the umask 0002.`;
}

function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

/** `name=uid:gid[,gid…]` as an editor's user; `null` when it is not of that form. */
export function parseEditor(word: string): Editor | null {
  const [, name = '', uid = '', gids = ''] = /^([^=]+)=(\d+):(\d+(?:,\d+)*)$/.exec(word) ?? [];
  return name === '' ? null : { name, uid: Number(uid), gids: gids.split(',').map(Number) };
}
