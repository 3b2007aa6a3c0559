/** Both tables, row by row: what each call and each event names and asks for. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { affectedProducts } from '../../../src/intake/affected-products.ts';
import { parseEvent } from '../../../src/intake/event.ts';
import type { Affected, LookUp } from '../../../src/model/affected.ts';

const P = '646f84b5-c8ae-4627-a03b-015f8eccad45';
const OP = 'c6ab7ec8-77a0-43bf-9bc1-3c27af37528e';
const TA = '21a7cb32-fd3e-45ed-b8a0-b55cf6395128';
const X = '594ba538-9c5b-4f1f-b513-c38088dd2173';
const shortNames: Record<string, string> = { [P]: 'P', [OP]: 'OP', [TA]: 'TA', [X]: 'X' };

function short(id: string | null): string {
  return id === null ? '*' : (shortNames[id] ?? id);
}

function long(text: string): string {
  const ids: Record<string, string> = { P, OP, TA, X };
  return text.replace(/\b(?:P|OP|TA|X)\b/g, (name) => ids[name] ?? name);
}

function describeLookUp(lookUp: LookUp): string {
  switch (lookUp.kind) {
    case 'consumers-of':
      return `consumers of ${short(lookUp.provider)}/${short(lookUp.port)}`;
    case 'consumers-of-asset':
      return `consumers of asset ${short(lookUp.provider)}/${short(lookUp.asset)}`;
    case 'providers-of':
      return `providers of ${short(lookUp.consumer)}/${short(lookUp.port)}`;
    case 'everything':
      return 'everything';
  }
}

function describeVerdict(verdict: Affected): string {
  if (verdict.kind === 'ignored') return `ignored: ${verdict.reason}`;
  return [...verdict.products.map(short), ...verdict.lookUps.map(describeLookUp)].join(' + ');
}

function verdictOn(value: unknown): string {
  const parsed = parseEvent(value);
  if (!parsed.ok) throw new Error(parsed.reason);
  return describeVerdict(affectedProducts(parsed.event));
}

/** @param call `POST /data_products/P` with short names of ids, below `/api/v2` */
function afterCall(call: string, response = '', status = 200): string {
  const space = call.indexOf(' ');
  const method = call.slice(0, space);
  const url = `/api/v2${long(call.slice(space + 1))}`;
  return verdictOn({ method, url, query: 'value=x', response: long(response), status_code: status });
}

const unrelated = 'ignored: not a call that changes a data product';
const exploration = 'ignored: an exploration is not a data product';
const ofProduct = '{"id":"X","data_product":{"id":"P"}}';
const ofPort = '{"id":"X","output_port":{"id":"OP","data_product_id":"P"}}';

describe('a successful call touches', () => {
  it.each([
    ['POST /data_products', '{"id":"P"}', 'P'],
    ['PUT /data_products/P', '', 'P + consumers of P/*'],
    ['PUT /data_products/P/status', '', 'P + consumers of P/*'],
    ['PUT /data_products/P/about', '', 'P'],
    ['PUT /data_products/P/usage', '', 'P'],
    ['POST /data_products/P/settings/X', 'null', 'P'],
    ['POST /data_products/P/finalizers', 'null', 'P'],
    ['DELETE /data_products/P/finalizers/prövisioner', '', 'P + consumers of P/*'],
    ['DELETE /data_products/P', '', 'P + consumers of P/*'],
    ['POST /data_products/P/technical_assets', '{"id":"TA"}', 'P'],
    ['POST /data_products/P/technical_assets/', '{"id":"TA"}', 'P'],
    ['PUT /data_products/P/technical_assets/TA', '', 'P + consumers of asset P/TA'],
    ['PUT /data_products/P/technical_assets/TA/status', '', 'P + consumers of asset P/TA'],
    ['DELETE /data_products/P/technical_assets/TA', '', 'P + consumers of P/*'],
    ['POST /data_products/P/output_ports', '{"id":"OP"}', 'P'],
    ['PUT /data_products/P/output_ports/OP', '', 'P + consumers of P/OP'],
    ['PUT /data_products/P/output_ports/OP/status', '', 'P + consumers of P/OP'],
    ['DELETE /data_products/P/output_ports/OP', '', 'P + consumers of P/OP'],
    ['POST /data_products/P/output_ports/OP/settings/X', 'null', 'P + consumers of P/OP'],
    [
      'POST /data_products/P/output_ports/OP/technical_assets/add',
      '{"link_id":"X"}',
      'P + consumers of P/OP',
    ],
    [
      'POST /data_products/P/output_ports/OP/technical_assets/approve_link_request',
      '',
      'P + consumers of P/OP',
    ],
    ['POST /data_products/P/output_ports/OP/technical_assets/deny_link_request', '', 'P + consumers of P/OP'],
    ['DELETE /data_products/P/output_ports/OP/technical_assets/remove', '', 'P + consumers of P/OP'],
    ['POST /data_products/P/input_ports', '{"input_port_links":["X"]}', 'P + providers of P/*'],
    ['POST /data_products/P/link_input_ports', '{"input_port_links":["X"]}', 'P + providers of P/*'],
    ['POST /data_products/P/input_ports/OP/renew', '', 'P + providers of P/OP'],
    ['POST /data_products/P/input_ports/OP/cancel', '', 'P + providers of P/OP'],
    ['POST /data_products/P/input_ports/OP/revoke', '', 'P + providers of P/OP'],
    ['DELETE /data_products/P/input_ports/OP', '', 'P + providers of P/OP'],
    ['POST /data_products/P/output_ports/OP/input_ports/approve', 'null', 'P + consumers of P/OP'],
    ['POST /data_products/P/output_ports/OP/input_ports/deny', 'null', 'P + consumers of P/OP'],
    ['POST /data_products/P/output_ports/OP/input_ports/revoke', 'null', 'P + consumers of P/OP'],
    ['POST /data_products/P/output_ports/OP/input_ports/remove', 'null', 'P + consumers of P/OP'],
    ['POST /authz/role_assignments/data_product', ofProduct, 'P'],
    ['POST /authz/role_assignments/data_product/request', ofProduct, 'P'],
    ['POST /authz/role_assignments/data_product/X/decide', ofProduct, 'P'],
    ['PUT /authz/role_assignments/data_product/X', '', 'everything'],
    ['DELETE /authz/role_assignments/data_product/X', '', 'everything'],
    ['POST /authz/role_assignments/output_port', ofPort, 'P'],
    ['POST /authz/role_assignments/output_port/request', ofPort, 'P'],
    ['POST /authz/role_assignments/output_port/X/decide', ofPort, 'P'],
    ['PUT /authz/role_assignments/output_port/X', '', 'everything'],
    ['DELETE /authz/role_assignments/output_port/X', '', 'everything'],
    ['PUT /configuration/domains/migrate/X/OP', '', 'everything'],
    ['PUT /configuration/data_product_types/migrate/X/OP', '', 'everything'],
    ['PUT /configuration/domains/X', '', 'everything'],
    ['DELETE /configuration/domains/X', '', 'everything'],
    ['PUT /configuration/data_product_types/X', '', 'everything'],
    ['PUT /configuration/data_product_lifecycles/X', '', 'everything'],
    ['DELETE /configuration/data_product_lifecycles/X', '', 'everything'],
    ['DELETE /configuration/tags/X', '', 'everything'],
    ['PUT /configuration/data_product_settings/X', '', 'everything'],
    ['DELETE /users/X', '', 'everything'],
    ['PUT /access_durations/data_products', '', 'everything'],
    ['POST /explorations', '{"id":"X"}', exploration],
    ['DELETE /explorations/X', '', exploration],
    ['POST /explorations/X/input_ports', '{"input_port_links":["X"]}', exploration],
    ['POST /explorations/X/input_ports/OP/revoke', '', exploration],
    ['POST /users/current/seen_tour', 'null', unrelated],
    ['POST /users', '{"id":"X"}', unrelated],
    ['POST /authz/roles', '{"id":"X"}', unrelated],
    ['POST /authz/role_assignments/global', '{"id":"X"}', unrelated],
    ['POST /configuration/domains', '{"id":"X"}', unrelated],
    ['PUT /configuration/theme_settings', '', unrelated],
    ['POST /authn/device/device_token', '{}', unrelated],
  ])('%s (answer %s): %s', (call, response, verdict) => {
    expect(afterCall(call, response)).toBe(verdict);
  });

  it('the product and its consumers whether its removal is done (200) or begun (202)', () => {
    expect(afterCall('DELETE /data_products/P', '', 202)).toBe('P + consumers of P/*');
  });

  it.each(['', 'null', '7', '[]', '{', '{"id":"no uuid"}', '{"id":{"id":"P"}}', 'event: message\ndata: {}'])(
    'everything when the product it made or changed can not be read from the answer %j',
    (response) => {
      expect(afterCall('POST /data_products', response)).toBe('everything');
      expect(afterCall('POST /authz/role_assignments/data_product', response)).toBe('everything');
      expect(afterCall('POST /authz/role_assignments/output_port', response)).toBe('everything');
    },
  );

  it('the product by its id in lower case, however the caller wrote it', () => {
    const url = `/api/v2/data_products/${P.toUpperCase()}/about`;
    expect(verdictOn({ method: 'PUT', url, query: '', response: '', status_code: 200 })).toBe('P');
  });
});

describe('a call touches nothing', () => {
  it.each([100, 199, 300, 304, 307, 400, 403, 404, 405, 409, 422, 500, 503])(
    'when answered with %i',
    (status) => {
      const reason = `ignored: the portal answered ${status}, so nothing changed`;
      expect(afterCall('PUT /data_products/P', '', status)).toBe(reason);
    },
  );

  it.each([
    'PUT /data_products/no-uuid',
    'PUT /data_products/P /about',
    'DELETE /data_products/P/output_ports/no-uuid',
    'DELETE /data_products/..',
    'DELETE /data_products/P/finalizers/',
    'DELETE /data_products//P',
    'GET /data_products/P',
    'PATCH /data_products/P/output_ports/OP/query_stats',
    'put /data_products/P',
    'PUT /data_products/{product}',
    'POST /data_products/P/unheard_of',
  ])('when no row fits: %s', (call) => expect(afterCall(call)).toBe(unrelated));

  it.each([
    '/mcp/',
    '/api/data_products',
    `/api/data_products/${P}`,
    `/v2/data_products/${P}`,
    '',
    '/',
    '/api/v2/',
  ])('when its path is not below /api/v2: %j', (url) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = `{"id":"${P}"}`;
      expect(verdictOn({ method, url, query: '', response, status_code: 200 })).toBe(unrelated);
    }
  });
});

describe('an event touches', () => {
  const consuming = (type: string) => ({
    consuming_abstract_data_product_id: 'P',
    consuming_abstract_data_product_type: type,
  });

  it.each([
    ['data_product.event', { id: 'P' }, 'P + consumers of P/*'],
    ['input_port.event', { id: 'X', ...consuming('data_products') }, 'P + providers of P/*'],
    [
      'input_port.event',
      { id: 'X', ...consuming('explorations') },
      'ignored: the consumer is not a data product',
    ],
    ['output_port.event', { id: 'OP', data_product_id: 'P' }, 'P + consumers of P/OP'],
    ['technical_asset.event', { id: 'TA', data_product_id: 'P' }, 'P + consumers of asset P/TA'],
    [
      'output_port_technical_asset_link.event',
      { id: 'X', data_product_id: 'P', output_port_id: 'OP', technical_asset_id: 'TA' },
      'P + consumers of P/OP',
    ],
    ['data_product_setting_value.event', { id: 'X', data_product_id: 'P' }, 'P'],
    ['data_product_role_assignment.event', { id: 'X', data_product_id: 'P', user_id: 'X' }, 'P'],
    ['output_port_role_assignment.event', { id: 'X', output_port_id: 'OP', data_product_id: 'P' }, 'P'],
    ['exploration.event', { id: 'X' }, exploration],
    ['new.event', { id: 'P' }, 'ignored: unknown type of event'],
    ['constructor', { id: 'P' }, 'ignored: unknown type of event'],
    ['__proto__', { id: 'P' }, 'ignored: unknown type of event'],
    ['data_product.event', {}, "ignored: the event's id is not a UUID"],
    ['data_product.event', { id: '../P' }, "ignored: the event's id is not a UUID"],
    ['output_port.event', { id: 'OP' }, "ignored: the event's data_product_id is not a UUID"],
    ['output_port.event', { id: 7, data_product_id: 'P' }, 'P + consumers of P/*'],
    ['technical_asset.event', { data_product_id: 'P' }, 'P + consumers of P/*'],
    ['output_port_technical_asset_link.event', { data_product_id: 'P' }, 'P + consumers of P/*'],
  ])('%s %j: %s', (type, data, verdict) => {
    const event = { specversion: '1.0', id: 'e', source: 's', type, time: 't', data };
    expect(verdictOn(JSON.parse(long(JSON.stringify(event))))).toBe(verdict);
  });
});

describe("the portal's own list of calls (OpenAPI of v0.7.0)", () => {
  const OpenApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const file = new URL('../../fixtures/portal-api/openapi-v0.7.0.json', import.meta.url);
  const { paths } = OpenApi.parse(JSON.parse(readFileSync(file, 'utf8')));
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => ['post', 'put', 'delete'].includes(method))
      .map((method) => `${method.toUpperCase()} ${path.replace('/api/v2', '').replaceAll(/\{\w+\}/g, 'P')}`),
  );

  it('has no call on a data product that no row knows, but for two that change nothing of ours', () => {
    const unknown = calls.filter((call) => / \/data_products\b/.test(call) && afterCall(call) === unrelated);
    expect(calls.filter((call) => / \/data_products\b/.test(call)).length).toBeGreaterThan(30);
    expect(unknown.sort()).toEqual([
      'POST /data_products/P/output_ports/P/data_contract',
      'POST /data_products/P/output_ports/P/data_quality_summary',
    ]);
  });
});
