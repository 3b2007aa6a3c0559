/** A large estate in portal and books, as years of work leave it, without the years. */
import { sql } from 'kysely';
import { PortalUser } from '../demo/people/portal-user.ts';
import type { PortalSimulator } from '../demo/portal/simulator.ts';
import { loadPlatform } from '../src/compose/platform.ts';
import { groundIn, reconcileSettings } from '../src/compose/settings.ts';
import { readEnvironment } from '../src/config/env.ts';
import { openDatabase } from '../src/db/connection.ts';
import { ProductId } from '../src/model/ids.ts';
import { createPortalClient } from '../src/portal/create-client.ts';
import { standingOf } from '../src/reconcile/standing.ts';
import { renderTemplate } from '../src/workspace/render.ts';
import { plainProduct } from '../src/workspace/samples.ts';
import { loadTemplate } from '../src/workspace/template.ts';

/** Rows of one statement. */
const batch = 500;
/** Others that each product reads. */
const inputsEach = 2;

const idOf = (kind: number, index: number) =>
  `${kind}0000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const productId = (index: number) => idOf(3, index);
const portId = (index: number) => idOf(5, index);

/** One product of each kind the usual way, and as many more behind the API's back. */
export async function fillPortal({ url, state }: PortalSimulator, products: number): Promise<void> {
  const user = new PortalUser(url);
  const provider = await user.createProduct('Model', 'model');
  const consumer = await user.createProduct('Reader', 'reader');
  const port = await user.createPort(provider, 'out');
  await user.requestAccess(consumer, port);
  await user.decide(provider, port, consumer, 'approve');
  const product = required(state.products.get(provider));
  const output = required(state.outputPorts.get(port));
  const input = required([...state.inputPorts.values()][0]);
  const roles = [...state.roleAssignments.values()].filter((role) => role.resourceId === provider);
  for (let index = 0; index < products; index += 1) {
    const id = productId(index);
    state.products.set(id, { ...product, id, name: `Product ${index}`, namespace: `product-${index}` });
    state.outputPorts.set(portId(index), {
      ...output,
      id: portId(index),
      productId: id,
      namespace: `out-${index}`,
    });
    for (const role of roles) {
      const own = idOf(4, index);
      state.roleAssignments.set(own, { ...role, id: own, resourceId: id });
    }
    for (let each = 0; each < inputsEach; each += 1) {
      const own = idOf(6, index * inputsEach + each);
      const from = portId((index + each + 1) % products);
      state.inputPorts.set(own, { ...input, id: own, consumerId: id, portId: from });
    }
  }
}

/**
 * Books that know every product as it stands in the portal now, with files, keys and grants.
 *
 * @param moved so many of which the portal says something new
 */
export async function fillBooks(
  environment: Readonly<Record<string, string>>,
  portal: PortalSimulator,
  moved: number,
): Promise<void> {
  const env = readEnvironment(environment);
  const ground = groundIn(env, reconcileSettings(env, await loadPlatform(env, null), null));
  const client = createPortalClient({
    baseUrl: portal.url,
    auth: { kind: 'none' },
    registerSecret: () => {},
  });
  const survey = (await client.survey()) ?? [];
  await using database = await openDatabase(env.PROV_DATABASE_URL);
  const now = new Date();
  const files = JSON.stringify(await renderedFiles(env.PROV_TEMPLATE_PATH));
  const rows = survey.map(({ id, name, namespace, fingerprint }, index) => ({
    id: ProductId.parse(id),
    name,
    namespace,
    home: namespace,
    state: 'live' as const,
    conditions: JSON.stringify([
      { type: 'Ready', status: true, reason: 'HomeInOrder', message: 'The home is as it should be.' },
    ]),
    template: 'sqlmesh@3',
    files,
    fingerprint: index < moved ? null : standingOf(fingerprint, ground),
    checked_at: now,
    updated_at: now,
    retired_at: null,
  }));
  for (let index = 0; index < rows.length; index += batch)
    await database.sql
      .insertInto('product')
      .values(rows.slice(index, index + batch))
      .execute();
  await sql`
    insert into provisioner.access_key (id, product, state, secret_sha256, issued_at)
    select 'AKIA' || upper(substr(md5(id::text), 1, 16)), id, 'current', md5(id::text) || md5(home), now()
    from provisioner.product`.execute(database.sql);
  for (let each = 0; each < inputsEach; each += 1)
    await sql`
      insert into provisioner.grant (consumer, output_port, provider, since, output_port_name)
      select id, md5(${`port ${each}`} || id::text)::uuid,
        lead(id, ${sql.lit(each + 1)}, id) over (order by id), now(), 'Port out'
      from provisioner.product`.execute(database.sql);
  await sql`analyze`.execute(database.sql);
}

/** Path → digest, of a workspace as it is rendered. */
async function renderedFiles(folder: string): Promise<Readonly<Record<string, string>>> {
  const template = await loadTemplate(folder);
  const files = renderTemplate(template, { ...plainProduct, parameters: template.parameters({}) });
  return Object.fromEntries(files.map(({ path, digest }) => [path, digest]));
}

function required<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('the portal lost what it was told');
  return found;
}
