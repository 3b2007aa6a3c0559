/** Ours beside the portal's own SDK (Python): the same webhooks, in turns, in one run. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { freePort } from '../demo/store/free-port.ts';
import { pythonVenv } from '../demo/tools/python-venv.ts';
import { type Load, load } from './acks.ts';
import { measureBegin } from './begin.ts';
import { measureHomes } from './homes.ts';
import { percentile } from './percentile.ts';
import { type BenchStage, end, setBenchStage, startBenchMinistack } from './stage.ts';

/** `plain`: as the portal's demo starts its provisioner; `tuned`: a faster loop and parser, and no log. */
export type Way = 'plain' | 'tuned';

export interface Comparison {
  /** Acknowledged in a second, the median of the rounds. */
  readonly acks: readonly ({ readonly waiting: number; readonly ours: number } & Record<Way, number>)[];
  /** From the webhook to the begin of its work, p50. */
  readonly oursBeginMs: number;
  readonly theirsBeginMs: number;
}

const rounds = 3;
const roundSeconds = 5;
const products = 16;

/** All on this machine at once, each idle while another is loaded; ours with the embedded database. */
export async function comparePortalSdk(): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-bench-sdk-'));
  await using started = new AsyncDisposableStack();
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const plain = started.use(await startPortalSdk('plain'));
  const tuned = started.use(await startPortalSdk('tuned'));
  const database = join(folder, 'data');
  const acks: Comparison['acks'][number][] = [];
  {
    await using stage = await setBenchStage({
      startStore: startBenchMinistack,
      database,
      metered: false,
    });
    await measureHomes(stage, 'begin', 20, 1);
    for (const waiting of [64, 256])
      acks.push(await compareAcks(stage, { plain: plain.url, tuned: tuned.url }, waiting));
  }
  return { acks, oursBeginMs: await measureBegin(database, 50), theirsBeginMs: await plain.beginMs() };
}

async function compareAcks(stage: BenchStage, theirs: Record<Way, string>, waiting: number) {
  const path = `/webhooks/v2?token=${stage.secret}`;
  const found = { ours: [] as number[], plain: [] as number[], tuned: [] as number[] };
  // The first is not counted: all are to be at it for a while.
  for (let round = 0; round <= rounds; round += 1) {
    found.ours.push(await acknowledged({ url: stage.url, requests: eventsTo(path), waiting }));
    for (const way of ['plain', 'tuned'] as const)
      found[way].push(await acknowledged({ url: theirs[way], requests: eventsTo('/'), waiting }));
  }
  const median = (rates: readonly number[]) => percentile(rates.slice(1), 50);
  return { waiting, ours: median(found.ours), plain: median(found.plain), tuned: median(found.tuned) };
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

async function startPortalSdk(way: Way) {
  // It asks for Python 3.13 and runs on 3.11 as well.
  const venv = await pythonVenv(resolve('.cache'), 'bench/portal-sdk-requirements.txt', [
    '--ignore-requires-python',
  ]);
  const port = await freePort();
  const child = spawn(join(venv, 'bin', 'python'), ['bench/portal-sdk.py', String(port), way], {
    stdio: 'ignore',
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
