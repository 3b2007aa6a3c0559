/** Stands before a store's identity API and lets so many changes through: what a run finds that was cut off there. */
import { type Asked, startFaultProxy } from '../fault-proxy.ts';

export interface CutOff extends AsyncDisposable {
  readonly url: string;
  /** So many changes are let through from now on; the others are refused. `lose`: the answer to the last one gets lost. */
  allow(changes: number, last?: 'answer' | 'lose'): void;
  /** Names of the changes that were let through since. */
  readonly allowed: readonly string[];
}

const refusal =
  '<ErrorResponse><Error><Code>AccessDenied</Code><Message>cut off</Message></Error></ErrorResponse>';

export async function startCutOff(target: string): Promise<CutOff> {
  let left = Number.POSITIVE_INFINITY;
  let losing = false;
  let allowed: string[] = [];
  const proxy = await startFaultProxy(target);
  proxy.fail((asked) => {
    const change = changeIn(asked);
    if (change === null) return null;
    if (left === 0) return { kind: 'answer', status: 403, text: refusal };
    left -= 1;
    allowed.push(change);
    return losing && left === 0 ? { kind: 'lose-answer' } : null;
  });
  return {
    url: proxy.url,
    allow: (changes, last = 'answer') => {
      left = changes;
      losing = last === 'lose';
      allowed = [];
    },
    get allowed() {
      return allowed;
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

/** The name of a change, of the AWS IAM API or of MinIO's admin API; `null` when nothing is changed. */
function changeIn({ method, path, body }: Asked): string | null {
  const action = new URLSearchParams(body).get('Action') ?? '';
  if (/^(Create|Put|Delete|Attach|Detach|Update|Remove|Add|Set)/.test(action)) return action;
  const call = /^\/minio\/admin\/v3\/([\w-]+)/.exec(path)?.[1];
  return call === undefined || method === 'GET' ? null : call;
}
