/** The recorded life, third part: people, a product that comes and goes, and the provider's end. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { type Cast, pathsOf } from './acts-of-making.ts';
import { recordedAnswer } from './recordings.ts';
import { all, hooks, idOf, type Replay } from './replay.ts';

export async function end(replay: Replay, cast: Cast): Promise<void> {
  await giveRoles(replay, cast);
  reconfigure(replay, cast);
  await makeReady(replay, cast);
  await spareProduct(replay, cast);
  await removeParts(replay, cast);
  await deleteProvider(replay, cast);
  await whileDeleting(replay, cast);
  await finish(replay, cast);
}

async function giveRoles(replay: Replay, cast: Cast): Promise<void> {
  const { state } = replay.life.portal;
  const roles = '/authz/role_assignments/data_product';
  const bob = [...state.users.values()].find((user) => user.firstName === 'Bob')?.id;
  const roleNamed = (name: string) =>
    [...state.roles.values()].find((role) => role.name === name && role.scope === 'data_product')?.id ?? '';
  const body = { user_id: bob, role_id: roleNamed('Member'), data_product_id: cast.provider };
  const id = idOf(await replay.step(['POST', roles, body], hooks('role-dp-create')));
  const assignment = state.roleAssignments.get(id);
  if (assignment === undefined) throw new Error('the assignment was not stored');
  // Changing a role is not simulated; the recorded life made Bob an architect.
  state.roleAssignments.set(id, { ...assignment, roleId: roleNamed('Solution Architect') });
  await replay.step(['GET', `${roles}?data_product_id=${cast.provider}`], { answer: 'role-assignments-dp' });
  const ofPort = `/authz/role_assignments/output_port?output_port_id=${cast.leads}`;
  replay.answers(await replay.life.call('GET', ofPort), 'role-assignments-op', (response) => ({
    // Alice's role, given in the recorded life, is not simulated.
    role_assignments: (response as { role_assignments: unknown[] }).role_assignments.slice(0, 1),
  }));
  await replay.step(['DELETE', `${roles}/${id}`], { v1: 'role-dp-delete' });
  // Bob asked once more and was never answered.
  const asked = { ...assignment, id: randomUUID(), decision: 'pending' } as const;
  state.roleAssignments.set(asked.id, asked);
}

/** What an administrator changed in the recorded life, by calls that are not simulated. */
function reconfigure(replay: Replay, cast: Cast): void {
  const { state } = replay.life.portal;
  const [provider, consumer] = [state.products.get(cast.provider), state.products.get(cast.consumer)];
  const domain = state.domains.get(provider?.domainId ?? '');
  const type = state.types.get(provider?.typeId ?? '');
  if (!consumer || !domain || !type) throw new Error('the life has lost somebody');
  state.domains.set(domain.id, { ...domain, name: 'Sales & Growth' });
  state.types.set(type.id, { ...type, description: 'new' });
  for (const value of state.settingsOfProduct(cast.provider)) state.settingValues.delete(value.id);
  for (const id of consumer.tagIds) state.tags.delete(id);
}

async function makeReady(replay: Replay, cast: Cast): Promise<void> {
  const { provider } = pathsOf(cast);
  const { body } = recordedAnswer(replay.generation, 'data-product-lifecycle-ready').request;
  await replay.step(['PUT', provider, body], all('data-product-lifecycle-ready'));
  await replay.step(['GET', provider], { answer: 'data-product-ready' });
}

async function spareProduct(replay: Replay, cast: Cast): Promise<void> {
  const wish = {
    ...replay.bodies.create,
    tag_ids: [],
    name: 'Spare',
    namespace: 'spare-one',
    input_ports: {
      output_ports: replay.wish(cast.openLeads, cast.leads),
      justification: 'at creation',
    },
  };
  const created = hooks('data-product-create-with-input-ports');
  const spare = `/data_products/${idOf(await replay.step(['POST', '/data_products', wish], created))}`;
  const consumers = `${pathsOf(cast).decide(cast.leads)}/`;
  await replay.step(['GET', consumers], { answer: 'output-port-consumers-two' });
  await replay.life.done('POST', `${spare}/finalizers`, { finalizer: 'prövisioner' });
  await replay.step(['DELETE', `${spare}/finalizers/pr%C3%B6visioner`], {
    v1: 'finalizer-remove-non-ascii',
  });
  await replay.step(['DELETE', spare], hooks('data-product-delete-direct'));
  const list = await replay.life.call('GET', '/data_products');
  replay.answers(list, 'data-products-list', (response) => onlyOurs(response));
}

/** The recorded portal had sample data, too. */
const onlyOurs = (response: unknown) => ({
  data_products: (response as { data_products: { namespace: string }[] }).data_products.filter((one) =>
    ['cafe-unicode', 'sales-leads'].includes(one.namespace),
  ),
});

async function removeParts(replay: Replay, cast: Cast): Promise<void> {
  const { port, asset, inputs, decide } = pathsOf(cast);
  await replay.step(['DELETE', port(cast.timedLeads)], hooks('output-port-delete-with-consumer'));
  await replay.life.done('DELETE', asset(cast.byDefault));
  await replay.life.done('POST', `${inputs}/${cast.openLeads}/renew`);
  await replay.life.done('POST', `${inputs}/${cast.leads}/renew`);
  await replay.life.done('POST', `${decide(cast.leads)}/approve`, {
    consuming_data_product_id: cast.consumer,
  });
}

async function deleteProvider(replay: Replay, cast: Cast): Promise<void> {
  const { provider } = pathsOf(cast);
  await replay.step(['DELETE', provider], all('data-product-delete-202'));
  const again = await replay.step(['DELETE', provider], {
    answer: 'data-product-delete-again-while-deleting',
  });
  expect(again.v2).toHaveLength(1);
}

async function whileDeleting(replay: Replay, cast: Cast): Promise<void> {
  const { provider, inputs } = pathsOf(cast);
  await replay.step(['POST', `${provider}/finalizers`, { finalizer: 'other' }], {
    answer: 'fail-409-finalizer-while-deleting',
  });
  await replay.step(['DELETE', `${provider}/finalizers/nope`], {
    answer: 'fail-404-finalizer-remove-unknown',
  });
  await replay.step(['GET', provider], { answer: 'data-product-deleting' });
  await replay.step(['GET', inputs], { answer: 'input-ports-provider-deleting' });
  const list = await replay.life.call('GET', '/data_products');
  replay.answers(list, 'data-products-list-while-deleting', (response) => onlyOurs(response));
  const { body } = recordedAnswer(replay.generation, 'data-product-update-while-deleting').request;
  await replay.step(['PUT', provider, body], { answer: 'data-product-update-while-deleting' });
}

async function finish(replay: Replay, cast: Cast): Promise<void> {
  const { provider, inputs } = pathsOf(cast);
  await replay.step(['DELETE', `${provider}/finalizers/workspace-provisioner`], all('finalizer-remove'));
  await replay.step(['GET', provider], { answer: 'data-product-gone' });
  await replay.step(['GET', inputs], { answer: 'input-ports-provider-gone' });
}
