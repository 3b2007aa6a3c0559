/** The story: two products, a request, an approval, a revocation, a deletion; each claim is shown, not told. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { homeNamesFor } from '../../src/model/home.ts';
import type { EnvEntries } from '../../src/workspace/env-block.ts';
import { PortalUser } from '../people/portal-user.ts';
import { pythonVenv } from '../tools/python-venv.ts';
import { until } from './conditions.ts';
import { cacheFolder, type Stage } from './stage.ts';
import { quote, say, step, title } from './terminal.ts';
import { WorkspaceView } from './workspace-view.ts';

interface Cast {
  readonly user: PortalUser;
  readonly leads: WorkspaceView;
  readonly report: WorkspaceView;
  readonly leadsId: string;
  readonly reportId: string;
  readonly port: string;
  readonly venv: string;
}

/** Plays it. Throws at the first thing that is not as it should be. */
export async function tellStory(stage: Stage): Promise<void> {
  const cast = await createProducts(stage);
  const file = await publish(cast);
  await grant(cast, file);
  await revoke(cast, file);
  await retire(stage, cast, file);
}

async function createProducts(stage: Stage): Promise<Cast> {
  title('Two data products are created in the portal');
  const user = new PortalUser(stage.portal.url);
  const create = async (name: string, namespace: string) => {
    const id = await user.createProduct(name, namespace);
    return { id, view: await until(`the .env of ${namespace}`, () => homeOf(stage, { id, namespace })) };
  };
  const { id: leadsId, view: leads } = await step('Sales Leads: webhook → prefix, key, workspace', () =>
    create('Sales Leads', 'sales-leads'),
  );
  const { id: reportId, view: report } = await step('Sales Report: the same', () =>
    create('Sales Report', 'sales-report'),
  );
  const port = await user.createPort(leadsId, 'leads');
  say('The workspace of Sales Leads:');
  quote(await leads.tree());
  say('Its .env:');
  quote(await leads.maskedEnv());
  const venv = await step('the tools that its requirements.txt pins (installed once)', () =>
    pythonVenv(cacheFolder, resolve('templates/sqlmesh/files/requirements.txt')),
  );
  return { user, leads, report, leadsId, reportId, port, venv };
}

/** The workspace, once it has its `.env`. On a store with data of earlier demos the home has a name with a suffix. */
async function homeOf(
  stage: Stage,
  product: { readonly id: string; readonly namespace: string },
): Promise<WorkspaceView | null> {
  for (const home of homeNamesFor(product)) {
    const view = new WorkspaceView(stage.products, home);
    if ((await view.env()) !== null) return view;
  }
  return null;
}

async function publish({ leads, venv }: Cast): Promise<string> {
  title('Sales Leads runs `sqlmesh plan` as it came');
  const output = await step('sqlmesh plan --auto-apply', () => leads.runSh(venv, 'plan'));
  quote(output);
  const [first, ...more] = await leads.published();
  if (first === undefined) throw new Error('nothing was published');
  say(`Published: ${[first, ...more].join(', ')}`);
  return first;
}

async function grant(
  { user, leads, report, leadsId, reportId, port, venv }: Cast,
  file: string,
): Promise<void> {
  title('Sales Report asks for the leads');
  await step('before the approval it can not read them: 403', () => expectStatus(report, 'read', file, 403));
  await user.requestAccess(reportId, port);
  const before = await report.keyId();
  await step('approved in the portal: policy, new key, proof, .env', async () => {
    await user.decide(leadsId, port, reportId, 'approve');
    await until('new credentials', async () => ((await report.keyId()) === before ? null : true));
  });
  await step('now it reads: 200', () => expectStatus(report, 'read', file, 200));
  await step('and still does not write there: 403', () => expectStatus(report, 'write', file, 403));
  const prefix = (await report.entries())?.S3_PREFIX ?? '';
  await step('nor does Sales Leads read the report: 403', () =>
    expectStatus(leads, 'read', `${prefix}.keep`, 403),
  );
  quote(await step('sqlmesh plan with the input wired', () => report.runSh(venv, 'plan')));
  const table = await inputTable(report, file);
  say(`The leads, read in the workspace of Sales Report: ${table}`);
  quote(await report.runSh(venv, 'sqlmesh', 'fetchdf', `SELECT * FROM ${table}`));
}

/** Name under which an approved file is found in SQL: the input's schema in `S3_INPUTS`, and its folder. */
async function inputTable(view: WorkspaceView, file: string): Promise<string> {
  const [schema = ''] = ((await view.entries())?.S3_INPUTS ?? '').split('=');
  return `${schema}.${basename(dirname(file))}`;
}

async function revoke({ user, report, leadsId, reportId, port }: Cast, file: string): Promise<void> {
  title('The approval is taken back');
  const before = (await report.entries()) ?? {};
  await step('revoked in the portal: policy and key follow', async () => {
    await user.decide(leadsId, port, reportId, 'revoke');
    await until('new credentials', async () =>
      (await report.keyId()) === before.S3_ACCESS_KEY ? null : true,
    );
  });
  await step('the leads are closed again: 403', () => expectStatus(report, 'read', file, 403));
  await step('to the key of before as well: 403', () => expectStatus(report, 'read', file, 403, before));
}

async function retire(stage: Stage, { user, leads, leadsId }: Cast, file: string): Promise<void> {
  title('Sales Leads is deleted');
  const before = (await leads.entries()) ?? {};
  await step('until now its key reads: 200', () => expectStatus(leads, 'read', file, 200));
  const archive = join(stage.products, '.archive');
  const archived = await step('deleted: key and principal end, workspace to the archive', async () => {
    await user.delete(leadsId);
    await until('the end of the product', async () => ((await user.exists(leadsId)) ? null : true));
    return until('the archived workspace', async () =>
      (await leads.env()) === null ? archivedIn(archive) : null,
    );
  });
  await step('its key is dead: 403', () => expectStatus(leads, 'read', file, 403, before));
  const kept = new WorkspaceView(archive, archived);
  if ((await kept.keyId()) !== null) throw new Error('the archived .env still holds a key');
  say('What stays: the data, and in the archive the workspace without a key:');
  const files = (await kept.tree()).split('\n').length;
  quote(`${file}\n.archive/${archived}/ (${files} files, its history among them)`);
}

async function archivedIn(archive: string): Promise<string | null> {
  const [first] = await readdir(archive).catch(() => []);
  return first ?? null;
}

async function expectStatus(
  view: WorkspaceView,
  what: 'read' | 'write',
  key: string,
  wanted: number,
  entries?: EnvEntries,
): Promise<void> {
  const status = await view.tries(what, key, entries);
  if (status !== wanted) throw new Error(`the store answered ${status} to ${what} ${key}, not ${wanted}`);
}
