/** Life that goes on while something fails, and what must be true when the trouble is over. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { PortalUser } from '../../demo/people/portal-user.ts';
import type { ProxiedWorld } from '../support/proxied-world.ts';
import { s3As } from '../support/s3-as.ts';
import type { World } from '../support/world.ts';
import { converges, Deadline } from './deadline.ts';

/** What a story leaves: who lives, who reads whom, who is gone. */
interface Told {
  readonly homes: readonly string[];
  readonly reads: readonly (readonly [consumer: string, provider: string])[];
  readonly gone: readonly string[];
}

/** What goes wrong, from when to when. */
interface Trouble {
  readonly begin: () => void;
  readonly end: () => void;
  readonly forMs: number;
  /** Whether something is taken away meanwhile, too: access, a product. */
  readonly takes?: boolean;
}

/**
 * Life goes on while something fails: products come, access is given and taken, a product goes. It begins with a few
 * that are in order.
 */
export async function liveThrough(
  world: ProxiedWorld,
  { begin, end, forMs, takes = true }: Trouble,
): Promise<void> {
  const user = new PortalUser(world.portal.url);
  const ids = new Map<string, string>();
  const create = async (home: string) => void ids.set(home, await user.createProduct(home, home));
  const idOf = (home: string) => ids.get(home) ?? '';
  for (const home of ['old-source', 'old-reader', 'leaving']) await create(home);
  const oldPort = await user.createPort(idOf('old-source'), 'old-port');
  await user.requestAccess(idOf('old-reader'), oldPort);
  await user.decide(idOf('old-source'), oldPort, idOf('old-reader'), 'approve');
  await inOrder(world, { homes: [...ids.keys()], reads: [['old-reader', 'old-source']], gone: [] });

  begin();
  for (const home of ['new-source', 'new-reader', 'new-one']) await create(home);
  const newPort = await user.createPort(idOf('new-source'), 'new-port');
  await user.requestAccess(idOf('new-reader'), newPort);
  await user.decide(idOf('new-source'), newPort, idOf('new-reader'), 'approve');
  if (takes) {
    await user.decide(idOf('old-source'), oldPort, idOf('old-reader'), 'revoke');
    await user.delete(idOf('leaving'));
  }
  await new Promise((resolve) => setTimeout(resolve, forMs));
  end();

  const added = ['new-reader', 'new-source'] as const;
  await inOrder(world, {
    homes: [...ids.keys()].filter((home) => !takes || home !== 'leaving'),
    reads: takes ? [added] : [added, ['old-reader', 'old-source']],
    gone: takes ? [idOf('leaving')] : [],
  });
  expect(await halfWritten(world)).toEqual([]);
}

/** One working key per home, access as it should be, nothing too many in the store, all within the time. */
async function inOrder(world: ProxiedWorld, { homes, reads, gone }: Told): Promise<void> {
  const user = new PortalUser(world.portal.url);
  const deadline = new Deadline();
  for (const consumer of homes) {
    for (const provider of homes.filter((home) => home !== consumer)) {
      const wanted = reads.some((pair) => pair[0] === consumer && pair[1] === provider) ? 200 : 403;
      await deadline.soon(`${consumer} to get ${wanted} from ${provider}`, async () => {
        const env = await world.workspaceFile(consumer, '.env');
        return env !== null && (await s3As(world.store.endpoint, env).get(`${provider}/.keep`)) === wanted;
      });
    }
  }
  for (const id of gone)
    await deadline.soon('the end of what was deleted', async () => !(await user.exists(id)));
  await converges(world, homes, deadline);
}

/** Temporary files that were left behind. */
async function halfWritten(world: World): Promise<string[]> {
  const names = await readdir(join(world.folder, 'products'), { recursive: true });
  return names.filter((name) => name.endsWith('.provisioner.tmp'));
}
