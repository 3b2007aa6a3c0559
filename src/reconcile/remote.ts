/**
 * Brings a workspace's history to its remote, after a run. No step of the plan: a remote that is away, or that people
 * wrote to, is told to them and fails nothing. Asked again at a later run, not at each.
 */

import type { ProductRecord } from '../db/products.ts';
import { findRemote, noteRemote } from '../db/workspace-remotes.ts';
import type { Condition } from '../model/condition.ts';
import { isHomeName } from '../model/home.ts';
import { tokenFile } from '../sinks/credential-endpoint.ts';
import { readEnvBlock } from '../workspace/env-block.ts';
import type { PushOutcome } from '../workspace/push.ts';
import type { ReconcileParts } from './parts.ts';

/** A push that failed is tried again after so long, unless there is something new to push. */
const retryMs = 5 * 60_000;
/** A shorter text lies in any history. */
const shortestSecret = 8;

/**
 * @param leak where others could have read the key that this run replaced: until that has ended nothing is pushed
 * @returns what people should know about it; never throws for what can go wrong with the remote
 */
export async function followRemote(
  parts: ReconcileParts,
  record: ProductRecord,
  leak: string | null,
): Promise<readonly Condition[]> {
  const remote = parts.settings.remote();
  if (remote === null) return [];
  const tips = await parts.workspaces.tipsOf(record.home, remote.branch);
  if (tips === null) return [];
  const url = addressOf(remote.url, record);
  const wanted = JSON.stringify([url, tips.commits]);
  const known = await findRemote(parts.database.sql, record.id);
  const now = parts.clock();
  const again = known?.problem != null && now.getTime() - known.triedAt.getTime() >= retryMs;
  if (known?.tips === wanted && !again) return known.problem === null ? [] : [known.problem];
  const order = { objects: tips.objects, url, login: remote.login, tips: tips.commits };
  const secrets = await secretsOf(parts, record).catch(() => null);
  const outcome: PushOutcome =
    secrets === null
      ? { kind: 'failed', why: 'the keys that must not go there can not be read now' }
      : leak === null
        ? await parts.push({ ...order, secrets })
        : { kind: 'failed', why: `the key had to be replaced, as ${leak}` };
  const problem = problemOf(outcome, url);
  if (problem !== null) parts.log.warn(problem.message, { reason: problem.reason });
  await noteRemote(parts.database.sql, record.id, { tips: wanted, triedAt: now, problem });
  return problem === null ? [] : [problem];
}

/** What opens the product’s data, and what the platform put beside it. */
async function secretsOf(
  { workspaces, sink, settings }: ReconcileParts,
  { id, home }: ProductRecord,
): Promise<readonly string[]> {
  const [env, token, held] = await Promise.all([
    workspaces.readGuarded(home, '.env'),
    workspaces.readGuarded(home, tokenFile),
    sink?.read({ product: id, home }),
  ]);
  const { S3_SECRET_KEY, S3_SESSION_TOKEN } = readEnvBlock(env ?? '') ?? {};
  const own = [S3_SECRET_KEY, S3_SESSION_TOKEN, token?.trim(), held?.secret];
  const found = [...own, ...settings.platformSecrets()];
  return found.flatMap((text) => (text != null && text.length >= shortestSecret ? [text] : []));
}

/** A namespace is people's text: one that is no safe name does not stand in an address. */
function addressOf(pattern: string, { home, namespace }: ProductRecord): string {
  const names = { home, namespace: isHomeName(namespace) ? namespace : home };
  return pattern.replace(/\{(home|namespace)\}/g, (_all, name: 'home' | 'namespace') => names[name]);
}

function problemOf(outcome: PushOutcome, url: string): Condition | null {
  switch (outcome.kind) {
    case 'pushed':
      return null;
    case 'diverged':
      return notice(
        'RemoteDiverged',
        `${url} has commits on ${outcome.branches.join(', ')} that the workspace has not, and nothing is forced. Fetch and merge them in the workspace; the next look pushes.`,
      );
    case 'failed':
      return notice('RemoteUnreachable', `The history is not at ${url}: ${outcome.why}. It is tried again.`);
  }
}

function notice(reason: string, message: string): Condition {
  return { type: 'Notice', status: true, reason, message };
}
