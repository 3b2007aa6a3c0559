/** Our clock against those of portal and store: signatures of requests and of webhooks have a time in them. */
import type { Environment } from '../config/schema.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const timeoutMs = 5000;
/** S3 signatures are refused from 15 min on (AWS), webhooks from 5 min on: both are late to notice. */
const [warnMs, failMs] = [30_000, 300_000];

export async function examineClock(env: Environment): Promise<readonly Finding[]> {
  const servers = { portal: env.PROV_DPP_API_URL, store: env.S3_ENDPOINT };
  return Promise.all(Object.entries(servers).map(([name, url]) => compare(name, url)));
}

async function compare(name: string, url: string): Promise<Finding> {
  const asked = Date.now();
  const date = await fetch(url, {
    method: 'HEAD',
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'manual',
  }).then(
    (answer) => answer.headers.get('date'),
    () => null,
  );
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs))
    return warn(
      `the ${name} does not tell the time`,
      'Compare the clocks by hand if its findings do not help.',
    );
  // The header has whole seconds; somewhere between asking and answer it was written.
  const skewMs = theirs + 500 - (asked + Date.now()) / 2;
  const words = `the ${name}’s clock is ${Math.abs(skewMs / 1000).toFixed(0)} s ${skewMs < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(skewMs) < warnMs) return ok(`the ${name}’s clock agrees with ours`);
  const todo = 'Let both machines follow a time server (NTP).';
  return Math.abs(skewMs) < failMs ? warn(words, todo) : fail(words, todo);
}
