/** What a store really does is found out at start, with a principal that is thrown away. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import type { PrincipalName } from '../../src/identity/issuer.ts';
import { createWorldOn, eventually } from '../support/world.ts';
import { objectsBelow } from './access.ts';
import { servers } from './servers.ts';

const Health = z.object({
  dependencies: z.object({ identity: z.object({ facts: z.object({ capabilities: z.unknown() }) }) }),
});

test.each(servers)('on %s, and nothing of it stays', async (_name, start) => {
  await using world = await createWorldOn(start);
  const { endpoint, iamEndpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = world.store;
  const capabilities = await eventually('what was seen', async () => {
    const answer = Health.safeParse(await (await fetch(`${world.daemon().url}/health`)).json());
    return answer.data?.dependencies.identity.facts.capabilities;
  });
  expect(capabilities).toEqual({ policies: 'enforced', secondKey: true });
  const options = { endpoint, iamEndpoint, region: 'us-east-1', accessKeyId, secretAccessKey };
  const issuer = await issuerFinder({ api: 'auto', ...options, onFound: () => undefined })();
  const left = await issuer.observe('dp-probe' as PrincipalName, { booked: [], thorough: true });
  expect(left).toEqual({ exists: false, policy: null, keys: [] });
  expect(await objectsBelow(world.store, 'provisioner-canary')).toEqual([]);
});
