/** Role assignments of data products and of output ports. */
import type { PortalState } from '../state/portal-state.ts';
import type { Generation, RoleAssignmentRecord } from '../state/records.ts';
import { roleView } from './configuration-view.ts';
import { userOf } from './embedding.ts';
import { outputPortShort } from './output-port-view.ts';
import { productShort } from './product-view.ts';

/** The product or output port that the role is for. */
function subject(state: PortalState, assignment: RoleAssignmentRecord, generation: Generation) {
  const product = state.products.get(assignment.resourceId);
  if (product !== undefined) return { data_product: productShort(state, product) };
  const port = state.outputPorts.get(assignment.resourceId);
  if (port !== undefined) return { output_port: outputPortShort(state, port, generation) };
  throw new Error('a role assignment outlived its subject');
}

export function roleAssignmentView(
  state: PortalState,
  assignment: RoleAssignmentRecord,
  generation: Generation,
) {
  const role = state.roles.get(assignment.roleId);
  return {
    id: assignment.id,
    ...subject(state, assignment, generation),
    user: userOf(state, assignment.userId),
    role: role === undefined ? null : roleView(role),
    decision: assignment.decision,
    requested_on: assignment.requestedOn,
    requested_by: userOf(state, assignment.actorId),
    decided_on: assignment.decidedOn,
    decided_by: userOf(state, assignment.actorId),
  };
}
