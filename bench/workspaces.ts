/** What a workspace costs: rendering it, and laying it with and without its history. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HomeName } from '../src/model/home.ts';
import { type RenderedFile, renderTemplate } from '../src/workspace/render.ts';
import { plainProduct } from '../src/workspace/samples.ts';
import { loadTemplate } from '../src/workspace/template.ts';
import { Workspaces } from '../src/workspace/workspace.ts';
import { percentile } from './percentile.ts';

export interface WorkspaceResult {
  readonly renderP50Ms: number;
  readonly laidP50Ms: number;
  readonly withHistoryP50Ms: number;
}

/** Lays `count` workspaces of the template `sqlmesh` each way, one by one. */
export async function measureWorkspaces(count: number): Promise<WorkspaceResult> {
  const root = await mkdtemp(join(tmpdir(), 'provisioner-bench-'));
  const template = await loadTemplate('templates/sqlmesh');
  const context = { ...plainProduct, parameters: template.parameters({}) };
  const owner = { uid: undefined, gid: undefined };
  const timesOf = async (work: (index: number) => unknown) => {
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const begun = performance.now();
      await work(index);
      times.push(performance.now() - begun);
    }
    return percentile(times, 50);
  };
  const layIn = (label: string, history: boolean) => {
    const workspaces = new Workspaces({ root, owner, history });
    return (index: number) =>
      lay(workspaces, `${label}-${index}` as HomeName, renderTemplate(template, context));
  };
  try {
    return {
      renderP50Ms: await timesOf(() => renderTemplate(template, context)),
      laidP50Ms: await timesOf(layIn('plain', false)),
      withHistoryP50Ms: await timesOf(layIn('history', true)),
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function lay(workspaces: Workspaces, home: HomeName, files: readonly RenderedFile[]) {
  const { entry } = await workspaces.updateFiles(home, {
    write: files.map((file) => file.path),
    merge: [],
    remove: [],
    files,
    before: {},
    after: Object.fromEntries(files.map((file) => [file.path, file.digest])),
    message: 'Set up the workspace\n',
    at: new Date(),
  });
  if (entry !== null) await workspaces.commit(home, entry);
}
