/** The servers that the suites of this folder run on, each unchanged. */

import { startMinio } from '../support/stores/minio.ts';
import { rustfsProgram, startRustfs } from '../support/stores/rustfs.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { startVersitygw } from '../support/stores/versitygw.ts';
import { startStore } from '../support/world.ts';

async function startMiniStack(): Promise<StoreServer> {
  return { name: 'MiniStack', ...(await startStore()) };
}

export const servers: readonly (readonly [name: string, start: () => Promise<StoreServer>])[] = [
  ['MiniStack', startMiniStack],
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
  ...(rustfsProgram === undefined ? [] : [['RustFS', startRustfs] as const]),
];

/** The issuers on them. versitygw has no STS. */
export const issuers: readonly (readonly [
  name: string,
  credentials: 'keys' | 'sessions',
  start: () => Promise<StoreServer>,
])[] = [
  ...servers.map(([name, start]) => [name, 'keys', start] as const),
  ...servers
    .filter(([name]) => name !== 'versitygw')
    .map(([name, start]) => [name, 'sessions', start] as const),
];

/** What the sessions of an issuer are like in tests. */
export const sessions = { seconds: 900, patienceMs: 10_000 };
