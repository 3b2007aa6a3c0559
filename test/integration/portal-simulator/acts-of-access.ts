/** The recorded life, second part: everything that can happen to an access. */
import { expect } from 'vitest';
import { type Cast, pathsOf } from './acts-of-making.ts';
import { all, hooks, type Replay } from './replay.ts';

export async function goThroughAccess(replay: Replay, cast: Cast): Promise<void> {
  await requestAndApprove(replay, cast);
  await archiveBelowAnAccess(replay, cast);
  await revokeAndDeny(replay, cast);
  await requestThreeAtOnce(replay, cast);
  await renewWhileActive(replay, cast);
  await revokeOwnAndCancel(replay, cast);
  await denyRenewal(replay, cast);
}

const whom = (cast: Cast) => ({ consuming_data_product_id: cast.consumer });

async function requestAndApprove(replay: Replay, cast: Cast): Promise<void> {
  const { inputs, consumer, decide } = pathsOf(cast);
  const justification = 'We need leads – für Zwecke';
  const request = { output_ports: replay.wish(cast.leads), justification };
  await replay.step(['GET', inputs], { answer: 'input-ports-empty' });
  if (replay.generation === 'main') {
    await replay.step(['POST', inputs, request], {
      answer: 'input-port-request',
      v2: 'input-port-request',
    });
  } else {
    const body = { input_ports: [cast.leads], justification };
    await replay.step(['POST', `${consumer}/link_input_ports`, body], {
      answer: 'input-port-request-link',
      v1: 'input-port-request-link',
      v2: 'input-port-request',
    });
  }
  await replay.step(['GET', inputs], { answer: 'input-ports-pending' });
  const consumers = `${decide(cast.leads)}/`;
  await replay.step(['GET', consumers], { answer: 'output-port-consumers-pending' });
  await replay.step(['POST', inputs, request], { v1: 'input-port-request-duplicate-400' });
  const approve = { ...whom(cast), decision_note: 'ok' };
  await replay.step(['POST', `${decide(cast.leads)}/approve`, approve], all('input-port-approve'));
  await replay.step(['GET', inputs], { answer: 'input-ports-approved' });
  await replay.step(['GET', consumers], { answer: 'output-port-consumers-approved' });
}

async function archiveBelowAnAccess(replay: Replay, cast: Cast): Promise<void> {
  const { inputs, port, links, asset } = pathsOf(cast);
  const status = `${port(cast.leads)}/status`;
  await replay.step(['PUT', status, { status: 'archived' }], { v1: 'output-port-status-archived' });
  await replay.step(['GET', inputs], { answer: 'input-ports-approved-op-archived' });
  await replay.life.done('PUT', status, { status: 'active' });
  const link = { technical_asset_id: cast.byDefault };
  await replay.life.done('POST', `${links}/add`, link);
  const archive = ['PUT', `${asset(cast.byDefault)}/status`, { status: 'archived' }] as const;
  await replay.step(archive, hooks('technical-asset-status-archived'));
  await replay.life.done('DELETE', `${links}/remove`, link);
}

async function revokeAndDeny(replay: Replay, cast: Cast): Promise<void> {
  const { inputs, decide } = pathsOf(cast);
  const input = `${inputs}/${cast.leads}`;
  await replay.step(['POST', `${decide(cast.leads)}/revoke`, whom(cast)], all('input-port-revoke'));
  await replay.step(['GET', inputs], { answer: 'input-ports-revoked' });
  await replay.step(['POST', `${input}/renew`], hooks('input-port-renew'));
  await replay.step(['GET', inputs], { answer: 'input-ports-renew-pending' });
  const deny = { ...whom(cast), decision_note: 'nein – 不行' };
  await replay.step(['POST', `${decide(cast.leads)}/deny`, deny], hooks('input-port-deny'));
  await replay.step(['GET', inputs], { answer: 'input-ports-denied' });
  await replay.life.done('POST', `${input}/renew`);
  await replay.step(['POST', `${input}/cancel`], { v1: 'input-port-cancel' });
  const remove = ['POST', `${decide(cast.leads)}/remove`, whom(cast)] as const;
  await replay.step(remove, hooks('input-port-remove-by-provider'));
  await replay.step(['GET', inputs], { answer: 'input-ports-removed' });
}

async function requestThreeAtOnce(replay: Replay, cast: Cast): Promise<void> {
  const { inputs, decide } = pathsOf(cast);
  const three = await replay.life.call('POST', inputs, {
    output_ports: replay.wish(cast.leads, cast.openLeads, cast.timedLeads),
    justification: 'three at once',
  });
  expect(three.v2).toHaveLength(10);
  await replay.step(['GET', inputs], { answer: 'input-ports-multi' });
  replay.sends(three, { v1: 'input-port-request-multi' });
  const approve = ['POST', `${decide(cast.timedLeads)}/approve`, whom(cast)] as const;
  await replay.step(approve, { v1: 'input-port-approve-timebound' });
  await replay.step(['DELETE', `${inputs}/${cast.leads}`], { v1: 'input-port-remove-by-consumer' });
  await replay.step(['GET', inputs], { answer: 'input-ports-timebound' });
}

async function renewWhileActive(replay: Replay, cast: Cast): Promise<void> {
  const { inputs, decide } = pathsOf(cast);
  await replay.step(['POST', `${inputs}/${cast.timedLeads}/renew`], {
    v2: 'input-port-renew-while-active',
  });
  await replay.step(['GET', inputs], { answer: 'input-ports-renewal-pending-while-active' });
  const approve = ['POST', `${decide(cast.timedLeads)}/approve`, whom(cast)] as const;
  await replay.step(approve, hooks('input-port-approve-renewal'));
  await replay.step(['GET', inputs], { answer: 'input-ports-renewal-approved' });
}

async function revokeOwnAndCancel(replay: Replay, cast: Cast): Promise<void> {
  const { inputs } = pathsOf(cast);
  await replay.life.done('POST', `${inputs}/${cast.openLeads}/revoke`);
  const again = { output_ports: replay.wish(cast.leads), justification: 'again' };
  await replay.life.done('POST', inputs, again);
  await replay.life.done('POST', `${inputs}/${cast.leads}/cancel`);
  await replay.step(['GET', inputs], { answer: 'input-ports-cancelled-first' });
}

async function denyRenewal(replay: Replay, cast: Cast): Promise<void> {
  const { inputs, decide } = pathsOf(cast);
  await replay.life.done('POST', `${inputs}/${cast.timedLeads}/renew`);
  const deny = { ...whom(cast), decision_note: 'no' };
  const denied = await replay.step(['POST', `${decide(cast.timedLeads)}/deny`, deny], {
    v1: 'input-port-deny-renewal',
  });
  expect(denied.v2).toEqual([]);
  const { answer } = await replay.life.call('GET', inputs);
  const renewed = expect.objectContaining({ status: 'approved', renewal_status: 'denied' });
  expect(answer).toEqual({ input_ports: expect.arrayContaining([renewed]) });
}
