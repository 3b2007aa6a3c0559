/** Who has which role on a product or an output port. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { missing, Problem } from '../http/problem.ts';
import { type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { outputPortRoleChanged, productRoleChanged } from '../state/change-event.ts';
import type { OutputPortRecord, ProductRecord, RoleAssignmentRecord, RoleRecord } from '../state/records.ts';
import { roleAssignmentView } from '../views/role-assignment-view.ts';
import { productWithOpenParts } from './lookup.ts';

interface Wish {
  readonly scope: RoleAssignmentRecord['scope'];
  readonly resourceId: string;
  readonly userId: string;
  readonly roleId: string;
}

/** An assignment by an admin is approved at once. */
function assign(call: Call, wish: Wish): RoleAssignmentRecord {
  if (!call.state.users.has(wish.userId)) throw missing(wish.userId);
  const assignment: RoleAssignmentRecord = {
    ...wish,
    id: randomUUID(),
    decision: 'approved',
    requestedOn: call.timestamp,
    decidedOn: call.timestamp,
    actorId: call.state.actor.id,
  };
  call.state.roleAssignments.set(assignment.id, assignment);
  return assignment;
}

function ownerRole(call: Call, scope: RoleRecord['scope']): RoleRecord {
  const role = [...call.state.roles.values()].find((one) => one.scope === scope && one.prototype === 2);
  if (role === undefined) throw new Error(`no owner role for ${scope}`);
  return role;
}

/** Two events each: made, then approved. */
export function assignProductOwners(call: Call, product: ProductRecord, owners: readonly string[]): void {
  const roleId = ownerRole(call, 'data_product').id;
  for (const userId of owners) {
    const assignment = assign(call, { scope: 'data_product', resourceId: product.id, userId, roleId });
    call.changed(productRoleChanged(assignment), productRoleChanged(assignment));
  }
}

/** Two events each: made, then approved. */
export function assignPortOwners(call: Call, port: OutputPortRecord, owners: readonly string[]): void {
  const roleId = ownerRole(call, 'dataset').id;
  for (const userId of owners) {
    const assignment = assign(call, { scope: 'output_port', resourceId: port.id, userId, roleId });
    call.changed(outputPortRoleChanged(assignment, port), outputPortRoleChanged(assignment, port));
  }
}

const RoleCreate = z.object({ user_id: Uuid, role_id: Uuid, data_product_id: Uuid });

function create(call: Call, body: z.infer<typeof RoleCreate>) {
  const role = call.state.roles.get(body.role_id);
  if (role?.scope !== 'data_product') throw new Problem(400, 'Role not found for this scope');
  const product = productWithOpenParts(call, body.data_product_id);
  if (call.state.assignmentsOf(product.id).some((one) => one.userId === body.user_id)) {
    throw new Problem(400, 'Role assignment already exists for this user and data product.');
  }
  const assignment = assign(call, {
    scope: 'data_product',
    resourceId: product.id,
    userId: body.user_id,
    roleId: role.id,
  });
  call.changed(productRoleChanged(assignment), productRoleChanged(assignment));
  return roleAssignmentView(call.state, assignment, call.generation);
}

/** The last owner can not be taken away. */
function remove(call: Call) {
  const assignment = call.state.roleAssignments.get(call.path('id'));
  if (assignment?.scope !== 'data_product') throw missing(call.path('id'));
  const isOwner = (one: RoleAssignmentRecord) => call.state.roles.get(one.roleId)?.prototype === 2;
  const owners = call.state.assignmentsOf(assignment.resourceId).filter(isOwner);
  if (isOwner(assignment) && owners.length <= 1) {
    throw new Problem(403, 'A data product must always be owned by at least one user');
  }
  call.state.roleAssignments.delete(assignment.id);
  call.changed(productRoleChanged(assignment));
  return { id: assignment.id, data_product_id: assignment.resourceId };
}

/** Unknown query parameters, and ids that nobody has, are no fault. */
function list(scope: RoleAssignmentRecord['scope']): Route {
  return route('GET', `/authz/role_assignments/${scope}`, (call) => {
    const resourceId = call.query.get(`${scope}_id`);
    const assignments = [...call.state.roleAssignments.values()].filter(
      (one) => one.scope === scope && (resourceId === null || one.resourceId === resourceId),
    );
    return {
      role_assignments: assignments.map((one) => roleAssignmentView(call.state, one, call.generation)),
    };
  });
}

export const roleAssignmentRoutes: readonly Route[] = [
  list('data_product'),
  list('output_port'),
  routeWithBody('POST', '/authz/role_assignments/data_product', RoleCreate, create),
  route('DELETE', '/authz/role_assignments/data_product/{id}', remove),
];
