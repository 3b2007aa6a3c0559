/** The recorded life, first part: two products, their settings, technical assets and output ports. */
import { expect } from 'vitest';
import { all, hooks, idOf, type Replay } from './replay.ts';

/** The ids of everybody in the life. */
export interface Cast {
  readonly provider: string;
  readonly consumer: string;
  /** Technical assets. */
  readonly custom: string;
  readonly byDefault: string;
  /** Output ports: restricted, free for all, and for a time. */
  readonly leads: string;
  readonly openLeads: string;
  readonly timedLeads: string;
}

/** Paths below `/api/v2` that the life uses again and again. */
export function pathsOf(cast: Cast) {
  const provider = `/data_products/${cast.provider}`;
  const consumer = `/data_products/${cast.consumer}`;
  const port = (id: string) => `${provider}/output_ports/${id}`;
  return {
    provider,
    consumer,
    inputs: `${consumer}/input_ports`,
    port,
    decide: (id: string) => `${port(id)}/input_ports`,
    links: `${port(cast.leads)}/technical_assets`,
    asset: (id: string) => `${provider}/technical_assets/${id}`,
  } as const;
}

export async function makeEverything(replay: Replay): Promise<Cast> {
  const products = await makeProducts(replay);
  await changeProvider(replay, `/data_products/${products.provider}`);
  await setSettings(replay, products);
  await addFinalizer(replay, `/data_products/${products.provider}`);
  const assets = await makeAssets(replay, `/data_products/${products.provider}`);
  const ports = await makePorts(replay, `/data_products/${products.provider}/output_ports`);
  const cast = { ...products, ...assets, ...ports };
  await linkAssets(replay, cast);
  return cast;
}

async function makeProducts(replay: Replay) {
  const { create } = replay.bodies;
  const first = await replay.step(['POST', '/data_products', create], all('data-product-create'));
  const provider = idOf(first);
  await replay.step(['GET', `/data_products/${provider}`], { answer: 'data-product-after-create' });
  const foreign = {
    ...create,
    name: 'Café Ünïcode – 数据',
    namespace: 'cafe-unicode',
    description: 'Données «brutes» – 数据 🚀 "quoted" \\ back\nnew line',
  };
  const second = await replay.step(['POST', '/data_products', foreign], {
    v1: 'data-product-create-non-ascii',
  });
  const consumer = idOf(second);
  await replay.step(['GET', `/data_products/${consumer}`], {
    answer: 'data-product-non-ascii-after-create',
  });
  return { provider, consumer };
}

async function changeProvider(replay: Replay, path: string): Promise<void> {
  const { update } = replay.bodies;
  const changed = { ...update, description: 'Qualified leads of the sales team, updated' };
  await replay.step(['PUT', path, changed], hooks('data-product-update'));
  const renamed = { ...changed, namespace: 'sales-leads-renamed' };
  await replay.step(['PUT', path, renamed], hooks('data-product-rename-namespace'));
  await replay.life.done('PUT', path, changed);
  const about = { about: '<p>About <b>leads</b></p>' };
  await replay.step(['PUT', `${path}/about`, about], { v1: 'data-product-about' });
  await replay.life.done('PUT', `${path}/usage`, { usage: 'use me' });
  const archived = { status: 'archived' };
  await replay.step(['PUT', `${path}/status`, archived], hooks('data-product-status-archived'));
  await replay.step(['GET', path], { answer: 'data-product-archived' });
  await replay.life.done('PUT', `${path}/status`, { status: 'active' });
}

async function setSettings(replay: Replay, of: { provider: string; consumer: string }): Promise<void> {
  const { life } = replay;
  const path = `/data_products/${of.provider}/settings`;
  const one = `${path}/${replay.settingId('workspace_template')}`;
  const set = await life.call('POST', `${one}?value=sqlmesh%20%C3%9Cn%C3%AF%2B%26%20x`);
  await life.done('POST', `${one}?value=sqlmesh`);
  await replay.step(['GET', path], { answer: 'data-product-settings' });
  // Only now is it known which recorded id stands for which of ours.
  replay.sends(set, hooks('setting-value-set'));
  await replay.step(['GET', `/data_products/${of.consumer}/settings`], {
    answer: 'data-product-settings-unset',
  });
}

async function addFinalizer(replay: Replay, path: string): Promise<void> {
  const body = { finalizer: 'workspace-provisioner' };
  await replay.step(['POST', `${path}/finalizers`, body], all('finalizer-add'));
  const again = await replay.step(['POST', `${path}/finalizers`, body], { answer: 'finalizer-add-again' });
  expect(again.v2).toEqual([]);
  await replay.step(['GET', path], { answer: 'data-product-with-finalizer' });
}

async function makeAssets(replay: Replay, product: string) {
  const { asset, create } = replay.bodies;
  const list = `${product}/technical_assets${replay.generation === 'main' ? '/' : ''}`;
  const custom = idOf(await replay.step(['POST', list, asset], all('technical-asset-create')));
  expect(replay.life.portal.state.assets.get(custom)?.status).toBe('pending');
  await replay.step(['PUT', `${product}/technical_assets/${custom}/status`, { status: 'active' }], {
    answer: 'technical-asset-status-active',
    v1: 'technical-asset-status-active',
  });
  await replay.life.done('PUT', `${product}/technical_assets/${custom}`, {
    name: 'Leads files',
    description: 'S3 asset (updated)',
    tag_ids: create.tag_ids,
  });
  const byDefault = await replay.life.call('POST', list, {
    ...asset,
    name: 'Leads default',
    namespace: 'leads-default',
    description: 'S3 asset Leads default',
    technical_mapping: 'default',
    configuration: {
      configuration_type: 'S3TechnicalAssetConfiguration',
      bucket: 'egress',
      suffix: 'sales-leads',
      path: 'd',
    },
  });
  await replay.step(['GET', list], { answer: 'technical-assets' });
  return { custom, byDefault: idOf(byDefault) };
}

async function makePorts(replay: Replay, path: string) {
  const { port, owners } = replay.bodies;
  const leads = idOf(await replay.step(['POST', path, { ...port, owners }], hooks('output-port-create')));
  await replay.life.done('PUT', `${path}/${leads}`, {
    ...port,
    description: 'new text',
    about: '<p>x</p>',
  });
  const open = await replay.life.call('POST', path, {
    ...port,
    name: 'Open leads',
    namespace: 'open-leads',
    description: 'Output port Open leads',
    access_type: 'unrestricted',
    owners,
  });
  const timed = await replay.life.call('POST', path, {
    ...port,
    name: 'Timed leads',
    namespace: 'timed-leads',
    description: 'Output port Timed leads',
    data_product_access_duration_type: 'time_bound',
    owners,
  });
  await replay.step(['GET', path], { answer: 'output-ports' });
  return { leads, openLeads: idOf(open), timedLeads: idOf(timed) };
}

async function linkAssets(replay: Replay, cast: Cast): Promise<void> {
  const { links, asset, port } = pathsOf(cast);
  const setting = `${port(cast.leads)}/settings/${replay.settingId('op_flag')}?value=true`;
  const set = await replay.life.call('POST', setting);
  const custom = { technical_asset_id: cast.custom };
  await replay.step(['POST', `${links}/add`, custom], hooks('link-technical-asset-add'));
  const approve = hooks('link-technical-asset-approve');
  await replay.step(['POST', `${links}/approve_link_request`, custom], approve);
  await replay.step(['GET', asset(cast.custom)], { answer: 'technical-asset-linked' });
  await replay.step(['GET', port(cast.leads)], { answer: 'output-port' });
  replay.sends(set, hooks('output-port-setting'));
  const other = { technical_asset_id: cast.byDefault };
  await replay.life.done('POST', `${links}/add`, other);
  await replay.step(['DELETE', `${links}/remove`, other], hooks('link-technical-asset-remove-2'));
}
