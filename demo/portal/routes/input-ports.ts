/** The consumer's side of access: request, renew, cancel, revoke, remove. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { missing, Problem } from '../http/problem.ts';
import { type Call, type Route, route, routeWithBody } from '../http/route.ts';
import { Uuid } from '../http/validation.ts';
import { activeGrant, dayOf, pendingRequest } from '../state/access.ts';
import { inputPortChanged, productChanged } from '../state/change-event.ts';
import type {
  AccessRequestRecord,
  Generation,
  InputPortRecord,
  OutputPortRecord,
  ProductRecord,
} from '../state/records.ts';
import { inputPortOfConsumer } from '../views/input-port-view.ts';
import { approve, recomputeStatus, revoke } from './decisions.ts';
import { inputOf, productOf, refuseDeleting } from './lookup.ts';

/** A wish for access to some output ports, whatever the generation's form. */
interface InputPortWish {
  readonly output_ports: readonly string[];
  readonly justification: string;
}

/** `main` wraps each port's id in an object, beside an access mode that is not simulated. */
export function inputPortRequestBody(generation: Generation): z.ZodType<InputPortWish> {
  const port =
    generation === 'main'
      ? z
          .object({ output_port_id: Uuid, access_mode_id: Uuid.nullish() })
          .transform(({ output_port_id }) => output_port_id)
      : Uuid;
  return z.object({ output_ports: z.array(port), justification: z.string() });
}

function newRequest(call: Call, port: OutputPortRecord, justification: string): AccessRequestRecord {
  const request: AccessRequestRecord = {
    id: randomUUID(),
    justification,
    durationType: port.dataProductDuration,
    durationDays: port.dataProductDuration === 'time_bound' ? call.state.accessDays : null,
    requestedBy: call.state.actor.id,
    requestedOn: call.timestamp,
    decision: 'pending',
    decisionNote: null,
    decidedBy: null,
    validFrom: null,
    validUntil: null,
    revokedAt: null,
    revokedBy: null,
  };
  if (port.accessType === 'unrestricted') {
    approve(request, call.now, { by: null, note: 'Auto approved for unrestricted output port' });
  }
  return request;
}

/** The ports of a wish. @throws Problem before anything is changed */
function requestablePorts(call: Call, consumer: ProductRecord, wish: InputPortWish): OutputPortRecord[] {
  const taken = new Set(call.state.inputsOf(consumer.id).map((input) => input.portId));
  return wish.output_ports.map((id) => {
    const port = call.state.outputPorts.get(id);
    if (port === undefined) throw missing(id);
    refuseDeleting(consumer);
    refuseDeleting(productOf(call, port.productId));
    if (taken.has(id)) {
      throw new Problem(
        400,
        `Input port connection to Output Port (${id}) already exists in AbstractDataProductType.DATA_PRODUCT ${consumer.id}`,
      );
    }
    if (port.productId === consumer.id) {
      throw new Problem(400, 'Cannot link own output port to data product');
    }
    taken.add(id);
    return port;
  });
}

/** Makes an input port for each wished port; unrestricted ones are approved at once. Gives their ids. */
export function requestInputPorts(call: Call, consumer: ProductRecord, wish: InputPortWish): string[] {
  const inputs = requestablePorts(call, consumer, wish).map((port): InputPortRecord => {
    const requests = [newRequest(call, port, wish.justification)];
    return { id: randomUUID(), consumerId: consumer.id, portId: port.id, status: 'pending', requests };
  });
  let previous: InputPortRecord | undefined;
  for (const input of inputs) {
    call.state.inputPorts.set(input.id, input);
    recomputeStatus(input, call.now);
    // The consumer's list of inputs grows with each, and the one before is written once more.
    call.changed(productChanged(consumer), inputPortChanged(input));
    if (previous !== undefined) call.changed(inputPortChanged(previous));
    previous = input;
  }
  if (previous !== undefined) call.changed(productChanged(consumer), inputPortChanged(previous));
  return inputs.map((input) => input.id);
}

function consumerOf(call: Call): ProductRecord {
  const id = call.path('id');
  const consumer = call.state.products.get(id);
  if (consumer === undefined) throw new Problem(404, `Abstract data product ${id} not found`);
  return consumer;
}

const request = (call: Call, wish: InputPortWish) => ({
  input_port_links: requestInputPorts(call, consumerOf(call), wish),
});

function renew(call: Call) {
  const consumer = consumerOf(call);
  const input = inputOf(call, consumer.id, call.path('output_port_id'));
  const port = call.state.outputPorts.get(input.portId);
  if (port === undefined) throw missing(input.portId);
  refuseDeleting(consumer);
  refuseDeleting(productOf(call, port.productId));
  if (pendingRequest(input) !== undefined) {
    throw new Problem(400, 'A request is already pending for this input port');
  }
  if (activeGrant(input, dayOf(call.now))?.validUntil === null) {
    throw new Problem(400, 'This input port already has permanent access; there is nothing to renew');
  }
  input.requests.push(newRequest(call, port, input.requests.at(-1)?.justification ?? ''));
  call.changed(inputPortChanged(input));
  if (recomputeStatus(input, call.now)) call.changed(inputPortChanged(input));
  return { input_port_link: input.id };
}

function cancel(call: Call) {
  const input = inputOf(call, call.path('id'), call.path('output_port_id'));
  const pending = pendingRequest(input);
  if (pending === undefined) throw new Problem(400, 'There is no pending request to cancel');
  pending.decision = 'cancelled';
  pending.decidedBy = call.state.actor.id;
  if (recomputeStatus(input, call.now)) call.changed(inputPortChanged(input));
  return { input_port_link: input.id };
}

function revokeOwn(call: Call) {
  const input = inputOf(call, call.path('id'), call.path('output_port_id'));
  revoke(call, input);
  return { input_port_link: input.id };
}

function remove(call: Call): null {
  const input = inputOf(call, call.path('id'), call.path('output_port_id'));
  call.state.inputPorts.delete(input.id);
  call.changed(inputPortChanged(input));
  return null;
}

const collection = '/data_products/{id}/input_ports';

/** The older call for the same, gone on `main`. */
const linkInputPorts = routeWithBody(
  'POST',
  '/data_products/{id}/link_input_ports',
  z.object({ input_ports: z.array(Uuid), justification: z.string() }),
  (call, body) => request(call, { output_ports: body.input_ports, justification: body.justification }),
);

export function inputPortRoutes(generation: Generation): readonly Route[] {
  return [
    route('GET', collection, (call) => {
      const inputs = call.state.inputsOf(productOf(call, call.path('id')).id);
      const moment = { generation, today: dayOf(call.now) };
      return { input_ports: inputs.map((input) => inputPortOfConsumer(call.state, input, moment)) };
    }),
    routeWithBody('POST', collection, inputPortRequestBody(generation), request),
    ...(generation === 'v0.7.0' ? [linkInputPorts] : []),
    route('POST', `${collection}/{output_port_id}/renew`, renew),
    route('POST', `${collection}/{output_port_id}/cancel`, cancel),
    route('POST', `${collection}/{output_port_id}/revoke`, revokeOwn),
    route('DELETE', `${collection}/{output_port_id}`, remove),
  ];
}
