/** The provider's side of access: who wants or has it, and the decisions. The consumer is named in the body only. */
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { dayOf, pendingRequest } from '../state/access.ts';
import { inputPortChanged } from '../state/change-event.ts';
import type { InputPortRecord } from '../state/records.ts';
import { inputPortOfProvider } from '../views/input-port-view.ts';
import { approve, recomputeStatus, revoke } from './decisions.ts';

const collection = '/data_products/{data_product_id}/output_ports/{output_port_id}/input_ports';

const Consumer = z.object({ consuming_data_product_id: Uuid });

function list(call: Call) {
  const id = call.path('output_port_id');
  const port = call.state.outputPorts.get(id);
  if (port?.productId !== call.path('data_product_id')) {
    throw new Problem(404, `Output port ${id} not found`);
  }
  const moment = { generation: call.generation, today: dayOf(call.now) };
  const inputs = call.state.consumersOf(id);
  return { input_ports: inputs.map((input) => inputPortOfProvider(call.state, input, moment)) };
}

/** The consumer's input from the port of the path. @throws Problem 404 */
function inputFor(call: Call, consumerId: string): InputPortRecord {
  const port = call.state.outputPorts.get(call.path('output_port_id'));
  const own = port?.productId === call.path('data_product_id');
  const input = own
    ? call.state.consumersOf(port.id).find((one) => one.consumerId === consumerId)
    : undefined;
  if (input === undefined) throw new Problem(404, 'Data product input port not found');
  return input;
}

const approveRoute = routeWithBody(
  'POST',
  `${collection}/approve`,
  Consumer.extend({ decision_note: z.string().nullish() }),
  (call, body) => {
    const input = inputFor(call, body.consuming_data_product_id);
    const pending = pendingRequest(input);
    if (pending === undefined) throw new Problem(400, 'There is no pending request');
    approve(pending, call.now, { by: call.state.actor.id, note: body.decision_note ?? null });
    if (recomputeStatus(input, call.now)) call.changed(inputPortChanged(input));
    return null;
  },
);

const denyRoute = routeWithBody(
  'POST',
  `${collection}/deny`,
  Consumer.extend({ decision_note: z.string() }),
  (call, body) => {
    const input = inputFor(call, body.consuming_data_product_id);
    const pending = pendingRequest(input);
    if (pending === undefined) throw new Problem(400, 'There is no pending request to deny');
    pending.decision = 'denied';
    pending.decidedBy = call.state.actor.id;
    pending.decisionNote = body.decision_note;
    if (recomputeStatus(input, call.now)) call.changed(inputPortChanged(input));
    return null;
  },
);

export const consumerRoutes: readonly Route[] = [
  route('GET', `${collection}/`, list),
  approveRoute,
  denyRoute,
  routeWithBody('POST', `${collection}/revoke`, Consumer, (call, body) => {
    revoke(call, inputFor(call, body.consuming_data_product_id));
    return null;
  }),
  routeWithBody('POST', `${collection}/remove`, Consumer, (call, body) => {
    const input = inputFor(call, body.consuming_data_product_id);
    call.state.inputPorts.delete(input.id);
    call.changed(inputPortChanged(input));
    return null;
  }),
];
