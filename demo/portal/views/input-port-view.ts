/** Input ports as the consumer's and as the provider's side shows them. */
import { currentRequest, renewalStatus } from '../state/access.ts';
import type { PortalState } from '../state/portal-state.ts';
import type { AccessRequestRecord, Generation, InputPortRecord } from '../state/records.ts';
import { userOf } from './embedding.ts';
import { outputPortShort } from './output-port-view.ts';

const requestView = (state: PortalState, request: AccessRequestRecord, generation: Generation) => ({
  id: request.id,
  justification: request.justification,
  decision_note: request.decisionNote,
  valid_from: request.validFrom,
  valid_until: request.validUntil,
  access_duration_type: request.durationType,
  requested_duration_days: request.durationDays,
  requested_by: userOf(state, request.requestedBy),
  decided_by: request.decidedBy === null ? null : userOf(state, request.decidedBy),
  decision: request.decision,
  revoked_at: request.revokedAt,
  revoked_by: request.revokedBy === null ? null : userOf(state, request.revokedBy),
  created_on: request.requestedOn,
  requested_on: request.requestedOn,
  ...(generation === 'main' ? { access_mode: null } : {}),
});

interface Moment {
  readonly generation: Generation;
  readonly today: string;
}

function inputPortFields(state: PortalState, input: InputPortRecord, { generation, today }: Moment) {
  const current = currentRequest(input, today);
  if (current === undefined) throw new Error('an input port without a request');
  return {
    id: input.id,
    status: input.status,
    current_request: requestView(state, current, generation),
    renewal_status: renewalStatus(input, today),
  };
}

/** One entry of `GET /data_products/{id}/input_ports`. */
export function inputPortOfConsumer(state: PortalState, input: InputPortRecord, moment: Moment) {
  const port = state.outputPorts.get(input.portId);
  if (port === undefined) throw new Error('an input port outlived its output port');
  return {
    ...inputPortFields(state, input, moment),
    output_port_id: port.id,
    output_port: outputPortShort(state, port, moment.generation),
  };
}

/** One entry of `GET …/output_ports/{id}/input_ports/`. */
export function inputPortOfProvider(state: PortalState, input: InputPortRecord, moment: Moment) {
  const consumer = state.products.get(input.consumerId);
  if (consumer === undefined) throw new Error('an input port outlived its consumer');
  return {
    ...inputPortFields(state, input, moment),
    consuming_abstract_data_product_id: consumer.id,
    consuming_abstract_data_product: {
      name: consumer.name,
      namespace: consumer.namespace,
      abstract_data_product_type: 'data_products',
    },
  };
}
