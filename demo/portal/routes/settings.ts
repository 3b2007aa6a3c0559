/** Setting values of products and output ports; definitions are part of the configuration. */
import { randomUUID } from 'node:crypto';
import { type Call, type Route, route } from '../http/route.ts';
import { settingChanged } from '../state/change-event.ts';
import type { OutputPortRecord, SettingValueRecord } from '../state/records.ts';
import { settingValueView } from '../views/product-view.ts';
import { outputPortOf, productOf } from './lookup.ts';

/** The value comes in the query string. An unknown definition breaks the real portal too (500). */
function set(call: Call, productId: string, port: OutputPortRecord | null): null {
  const value = call.requiredQuery('value');
  const definitionId = call.path('setting_id');
  if (!call.state.settingDefinitions.has(definitionId)) throw new Error('no such setting');
  const values = port === null ? call.state.settingsOfProduct(productId) : call.state.settingsOfPort(port.id);
  const existing = values.find((one) => one.definitionId === definitionId);
  const row: SettingValueRecord = existing ?? {
    id: randomUUID(),
    definitionId,
    productId,
    portId: port?.id ?? null,
    value,
  };
  row.value = value;
  call.state.settingValues.set(row.id, row);
  call.changed(settingChanged(row));
  return null;
}

export const settingRoutes: readonly Route[] = [
  route('GET', '/data_products/{id}/settings', (call) => {
    const product = productOf(call, call.path('id'));
    const values = call.state.settingsOfProduct(product.id);
    return { data_product_settings: values.map((value) => settingValueView(call.state, value)) };
  }),
  route('POST', '/data_products/{id}/settings/{setting_id}', (call) =>
    set(call, productOf(call, call.path('id')).id, null),
  ),
  route('POST', '/data_products/{data_product_id}/output_ports/{id}/settings/{setting_id}', (call) => {
    const productId = call.path('data_product_id');
    return set(call, productId, outputPortOf(call, productId, call.path('id')));
  }),
];
