/** Ours beside the portal's own SDK (Python): the same webhooks, in turns, in one run. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { pythonVenv } from '../demo/tools/python-venv.ts';
import { freePort } from '../test/support/stores/server.ts';
import { type Load, load } from './acks.ts';
import { measureBegin } from './begin.ts';
import { measureHomes } from './homes.ts';
import { percentile } from './percentile.ts';
import { type BenchStage, end, setBenchStage, startBenchMinistack } from './stage.ts';

export interface Comparison {
  /** Acknowledged in a second, the median of the rounds. */
  readonly acks: readonly { readonly waiting: number; readonly ours: number; readonly theirs: number }[];
  /** From the webhook to the begin of its work, p50. */
  readonly oursBeginMs: number;
  readonly theirsBeginMs: number;
}

const rounds = 3;
const roundSeconds = 5;
const products = 16;

/** Both on this machine at once, each idle while the other is loaded; ours with the embedded database. */
export async function comparePortalSdk(): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-sdk-'));
  await using started = new AsyncDisposableStack();
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const theirs = started.use(await startPortalSdk());
  const database = join(folder, 'data');
  const acks: Comparison['acks'][number][] = [];
  {
    await using stage = await setBenchStage({
      startStore: startBenchMinistack,
      database,
      metered: false,
    });
    await measureHomes(stage, 'begin', 20, 1);
    for (const waiting of [64, 256]) acks.push(await compareAcks(stage, theirs.url, waiting));
  }
  return { acks, oursBeginMs: await measureBegin(database, 50), theirsBeginMs: await theirs.beginMs() };
}

async function compareAcks(stage: BenchStage, theirs: string, waiting: number) {
  const path = `/webhooks/v2?token=${stage.secret}`;
  const found = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    found.ours.push(await acknowledged({ url: stage.url, requests: eventsTo(path), waiting }));
    found.theirs.push(await acknowledged({ url: theirs, requests: eventsTo('/'), waiting }));
  }
  return { waiting, ours: percentile(found.ours, 50), theirs: percentile(found.theirs, 50) };
}

async function acknowledged(what: Omit<Load, 'seconds'>): Promise<number> {
  const { perSecond, failed } = await load({ ...what, seconds: roundSeconds });
  if (failed > 0) throw new Error(`${failed} webhooks to ${what.url} failed`);
  return perSecond;
}

/** As the portal sends them, about products that it does not know. */
function eventsTo(path: string): Load['requests'] {
  return Array.from({ length: products }, () => ({ method: 'POST', path, ...eventAbout(randomUUID()) }));
}

function eventAbout(product: string) {
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: 'data-product-portal',
    type: 'data_product.event',
    time: new Date().toISOString(),
    data: { id: product },
  };
  return { body: JSON.stringify(event), headers: { 'content-type': 'application/json' } };
}

async function startPortalSdk() {
  // It asks for Python 3.13 and runs on 3.11 as well.
  const venv = await pythonVenv(resolve('.cache'), 'bench/portal-sdk-requirements.txt', [
    '--ignore-requires-python',
  ]);
  const port = await freePort();
  const child = spawn(join(venv, 'bin', 'python'), ['bench/portal-sdk.py', String(port)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: process.env.PATH ?? '' },
  });
  const url = `http://127.0.0.1:${port}`;
  const waited = async () => z.array(z.number()).parse(await (await fetch(`${url}/begun`)).json());
  while ((await waited().catch(() => null)) === null) await wait(50);
  return {
    url,
    /** What it waits before it begins with one product, when nothing else is to be done. */
    beginMs: async () => {
      // What the load left is over.
      while ((await waited()).length > 0) await wait(6000);
      for (let number = 0; number < products; number += 1) {
        await fetch(url, { method: 'POST', ...eventAbout(randomUUID()) });
        await wait(50);
      }
      await wait(6000);
      return percentile(await waited(), 50);
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}
