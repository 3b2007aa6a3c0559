import { describe, expect, it } from 'vitest';
import {
  toConsumers,
  toDefaults,
  toInputs,
  toListedProducts,
  toOwners,
  toProduct,
} from '../../../src/portal/mapping.ts';
import { routes } from '../../../src/portal/routes.ts';
import {
  ConsumerList,
  InputPortList,
  ProductDetail,
  ProductList,
  RoleAssignments,
  SettingDefinitions,
  SettingValues,
} from '../../../src/portal/schema.ts';
import { cast, generations, recorded, recordingsOf } from './recorded.ts';

/** Recorded state of the consumer's inputs → port name, status and last day, in the order of the names. */
const inputStates: Record<string, [string, string, string | null][]> = {
  'input-ports-empty': [],
  'input-ports-pending': [['Leads', 'pending', null]],
  'input-ports-approved': [['Leads', 'approved', null]],
  'input-ports-revoked': [['Leads', 'revoked', null]],
  'input-ports-renew-pending': [['Leads', 'revoked', null]],
  'input-ports-denied': [['Leads', 'denied', null]],
  'input-ports-removed': [],
  'input-ports-multi': [
    ['Leads', 'pending', null],
    ['Open leads', 'approved', null],
    ['Timed leads', 'pending', null],
  ],
  'input-ports-timebound': [
    ['Open leads', 'approved', null],
    ['Timed leads', 'approved', '2026-12-20'],
  ],
  'input-ports-renewal-pending-while-active': [
    ['Open leads', 'approved', null],
    ['Timed leads', 'approved', '2026-12-20'],
  ],
  'input-ports-renewal-approved': [
    ['Open leads', 'approved', null],
    ['Timed leads', 'approved', '2026-12-20'],
  ],
  'input-ports-cancelled-first': [
    ['Leads', 'cancelled', null],
    ['Open leads', 'revoked', null],
    ['Timed leads', 'approved', '2026-12-20'],
  ],
  'input-ports-approved-op-archived': [['Leads', 'approved', null]],
  'input-ports-provider-deleting': [
    ['Leads', 'approved', null],
    ['Open leads', 'approved', null],
  ],
  'input-ports-provider-gone': [],
};

describe.each(generations)('recorded answers of the portal, %s', (generation) => {
  const bodyOf = (name: string) => recorded(generation, name).response;
  const { provider, consumer } = cast(generation);

  // Of the version and the graph there is no recording: the OpenAPI documents vouch for them.
  it.each(Object.entries(routes).filter(([name]) => name !== 'version' && name !== 'graph'))(
    'every recorded answer to the call %s fits its schema',
    (_, route) => {
      const recordings = recordingsOf(generation, route);
      expect(recordings.length).toBeGreaterThan(0);
      for (const { file, response } of recordings) {
        expect(route.answer.safeParse(response).error?.issues, file).toBeUndefined();
      }
    },
  );

  it.each(Object.entries(inputStates))(
    '%s: status and last day are those the portal decided',
    (name, expected) => {
      const inputs = toInputs(InputPortList.parse(bodyOf(name)));
      const states = inputs.map((input) => [input.outputPortName, input.status, input.validUntil]);
      expect(states.sort()).toEqual(expected);
      expect(inputs.every((input) => input.provider === provider)).toBe(true);
    },
  );

  it.each([
    ['input-ports-past-valid-until', 'approved'],
    ['input-ports-expired', 'expired'],
  ])('%s: the last day is delivered although it has passed', (name, status) => {
    const inputs = toInputs(InputPortList.parse(bodyOf(name)));
    expect(inputs.map((input) => [input.status, input.validUntil])).toEqual([[status, '2026-11-19']]);
  });

  it.each([
    ['output-port-consumers-approved', ['approved']],
    ['output-port-consumers-pending', ['pending']],
    ['output-port-consumers-two', ['cancelled', 'pending']],
  ])('%s: every consumer is listed with its status', (name, statuses) => {
    const consumers = toConsumers(ConsumerList.parse(bodyOf(name)));
    expect(consumers.map((each) => each.status).sort()).toEqual(statuses);
    expect(consumers.map((each) => each.id)).toContain(consumer);
  });

  it('an exploration is no consumer of ours', () => {
    const list = ConsumerList.parse(bodyOf('output-port-consumers-approved'));
    const explorations = {
      input_ports: list.input_ports.map((port) => ({
        ...port,
        consuming_abstract_data_product: { abstract_data_product_type: 'explorations' },
      })),
    };
    expect(toConsumers(list)).toHaveLength(1);
    expect(toConsumers(explorations)).toEqual([]);
  });

  it('a product that is being deleted is still in the list, and says so', () => {
    const products = toListedProducts(ProductList.parse(bodyOf('data-products-list-while-deleting')));
    expect(products).toContainEqual({
      id: provider,
      name: 'Sales Leads',
      namespace: 'sales-leads',
      status: 'deleting',
    });
    expect(products).toContainEqual({
      id: consumer,
      name: 'Café Ünïcode – 数据',
      namespace: 'cafe-unicode',
      status: 'active',
    });
  });

  it('a whole product is put together from its parts', () => {
    const product = toProduct({
      detail: ProductDetail.parse(bodyOf('data-product-with-finalizer')),
      inputs: InputPortList.parse(bodyOf('input-ports-empty')),
      values: SettingValues.parse(bodyOf('data-product-settings')),
      defaults: toDefaults(SettingDefinitions.parse(bodyOf('settings-defs'))),
      assignments: RoleAssignments.parse(bodyOf('role-assignments-dp')),
    });
    expect(product).toEqual({
      id: provider,
      name: 'Sales Leads',
      namespace: 'sales-leads',
      status: 'active',
      description: 'Qualified leads of the sales team, updated',
      domain: 'Sales',
      type: 'Source aligned',
      lifecycle: 'Draft',
      tags: ['golden'],
      finalizers: ['workspace-provisioner'],
      owners: [
        { name: 'Bob Johnson', email: 'bob.johnson@pharma.com' },
        { name: 'john scientist', email: 'john.scientist@pharma.com' },
      ],
      settings: { workspace_template: 'sqlmesh' },
      settingDefaults: { workspace_template: 'dbt', iam_role: 'false' },
      inputs: [],
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('settings that a product does not set have their default, and those of output ports stay out', () => {
    const defaults = toDefaults(SettingDefinitions.parse(bodyOf('settings-defs')));
    expect(defaults).toEqual({ workspace_template: 'dbt', iam_role: 'false' });
  });

  it('a role that was only asked for, or denied, makes nobody an owner', () => {
    const assignments = RoleAssignments.parse(bodyOf('role-assignments-dp'));
    const undecided = assignments.role_assignments.map((each, index) => ({
      ...each,
      decision: index === 0 ? 'pending' : 'denied',
    }));
    expect(toOwners(assignments)).toHaveLength(2);
    expect(toOwners({ role_assignments: undecided })).toEqual([]);
  });

  it('the order in which the portal lists inputs makes no difference', () => {
    const list = InputPortList.parse(bodyOf('input-ports-multi'));
    const reversed = { input_ports: list.input_ports.toReversed() };
    expect(list.input_ports.length).toBe(3);
    expect(toInputs(reversed)).toEqual(toInputs(list));
  });

  it.each(['status', 'current_request'])('an input without %s is refused, not guessed', (field) => {
    const body = InputPortList.parse(bodyOf('input-ports-approved'));
    const without = { input_ports: body.input_ports.map((port) => ({ ...port, [field]: undefined })) };
    expect(InputPortList.safeParse(without).success).toBe(false);
  });

  it('an input without a word about its last day is refused, not taken for one without end', () => {
    const body = InputPortList.parse(bodyOf('input-ports-approved'));
    const without = { input_ports: body.input_ports.map((port) => ({ ...port, current_request: {} })) };
    expect(InputPortList.safeParse(without).success).toBe(false);
  });

  it('a status of a later portal version is let through', () => {
    const body = InputPortList.parse(bodyOf('input-ports-approved'));
    const later = { input_ports: body.input_ports.map((port) => ({ ...port, status: 'suspended' })) };
    expect(toInputs(InputPortList.parse(later))[0]?.status).toBe('suspended');
  });
});
