/** Version, the caller, and names. */
import { z } from 'zod';
import { InvalidCall } from '../http/problem.ts';
import { type Call, type Route, route } from '../http/route.ts';
import { userView } from '../views/configuration-view.ts';
import { maxNamespaceLength, namespaceValidity, proposedNamespace } from './namespace.ts';

const ResourceKind = z.enum(['data_product', 'output_port']);

function validate(call: Call) {
  const name = call.requiredQuery('resource_name');
  const kind = ResourceKind.safeParse(call.requiredQuery('model'));
  if (!kind.success) {
    const expected = "'data_product' or 'output_port'";
    const input = call.query.get('model');
    const msg = `Input should be ${expected}`;
    throw new InvalidCall([{ type: 'enum', loc: ['query', 'model'], msg, input, ctx: { expected } }], null);
  }
  const rows = kind.data === 'data_product' ? call.state.products : call.state.outputPorts;
  return { validity: namespaceValidity(name, rows.values()) };
}

/** @param keyed whether callers prove themselves by `x-key`: the real portal then can not say who they are (500). */
export function generalRoutes(keyed: boolean): readonly Route[] {
  return [
    // Both generations call themselves so.
    { ...route('GET', '/version', () => ({ version: '0.7.0' })), open: true },
    route('GET', '/users/current', ({ state }) => {
      if (keyed) throw new Error('the system account has no e-mail address');
      return userView(state.actor);
    }),
    route('GET', '/resource_names/constraints', () => ({ max_length: maxNamespaceLength })),
    route('GET', '/resource_names/sanitize', (call) => ({
      resource_name: proposedNamespace(call.requiredQuery('name')),
    })),
    route('GET', '/resource_names/validate', validate),
  ];
}
