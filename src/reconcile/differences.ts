/** How what is there differs from what should be, field by field and without secrets: pure. */
import { samePolicy } from '../grants/policy.ts';
import { describeGrants, sameGrants } from '../model/grant.ts';
import { keyInUse } from './plan-keys.ts';
import type { DesiredHome, Observed } from './state.ts';

/** One field that is not as it should be; `null`: not there. */
export interface Difference {
  readonly field: string;
  readonly found: string | null;
  readonly wanted: string | null;
}

/** Which part of a home a field belongs to: few words, for metrics and messages. */
export function partOf(field: string): string {
  return field.split(' ')[0] ?? field;
}

/** Everything that differs, whatever the reason. */
export function differencesOf(desired: DesiredHome, observed: Observed): readonly Difference[] {
  return [
    ...differencesOfStore(desired, observed),
    ...(observed.unseen ? [] : differencesOfEnv(observed)),
    ...(observed.unseen ? [] : differencesOfLines(desired, observed)),
    ...(observed.unseen ? [] : differencesOfFiles(desired, observed)),
    ...differencesOfGrants(desired, observed),
  ];
}

/**
 * What changed behind our back: a product that was in order, for which the portal says what it said before, and that
 * is not in order now.
 */
export function driftOf(desired: DesiredHome, observed: Observed): readonly Difference[] {
  const settled = observed.keys.some((key) => key.state === 'current');
  if (!settled || desired.grants.join() !== observed.grants.join()) return [];
  if (observed.unseen) return differencesOfStore(desired, observed);
  return [
    ...differencesOfStore(desired, observed),
    ...differencesOfEnv(observed),
    ...(observed.env?.edited === true ? differencesOfLines(desired, observed) : []),
    ...differencesOfFiles(desired, observed).filter(({ field, found }) => {
      const path = field.slice(fileField.length);
      const last = observed.rendered[path];
      return last !== undefined && found !== shortened(last);
    }),
  ];
}

/** Where sessions keep what they were opened with, our books say what that was. */
export function isPolicyInForce({ policy, fixedPolicy }: DesiredHome, observed: Observed): boolean {
  return fixedPolicy || samePolicy(policy, observed.policy);
}

const fileField = 'file ';

/** Enough of a digest for people to tell two apart, and whether the file can be run. */
function shortened(digest: string): string {
  return digest.replace(/^(\w{12})\w+/, '$1');
}

function differencesOfGrants(
  { grantFacts: wanted }: DesiredHome,
  { grantFacts: found }: Observed,
): Difference[] {
  if (sameGrants(wanted, found)) return [];
  return [{ field: 'grants', found: describeGrants(found), wanted: describeGrants(wanted) }];
}

function differencesOfStore(desired: DesiredHome, observed: Observed): Difference[] {
  const found: Difference[] = [];
  if (desired.finalizer !== null && !observed.finalizers.includes(desired.finalizer))
    found.push({ field: 'finalizer', found: null, wanted: desired.finalizer });
  if (!observed.marked) found.push({ field: 'prefix', found: null, wanted: `${desired.home}/` });
  if (!observed.principalExists) found.push({ field: 'principal', found: null, wanted: 'there' });
  if (!isPolicyInForce(desired, observed))
    found.push({
      field: 'policy',
      found: observed.policy === null ? null : JSON.stringify(observed.policy),
      wanted: JSON.stringify(desired.policy),
    });
  for (const key of observed.keys) {
    if (key.state === 'unknown') found.push({ field: `key ${key.id}`, found: 'not ours', wanted: null });
    if (key.state === 'current' && !key.active)
      found.push({
        field: `key ${key.id}`,
        found: 'gone, switched off or with other rights',
        wanted: 'active',
      });
  }
  return found;
}

function differencesOfEnv(observed: Observed): Difference[] {
  const { env } = observed;
  if (env === null) return [{ field: '.env', found: null, wanted: 'the managed block' }];
  const found: Difference[] = [];
  if (!env.guarded) found.push({ field: '.env mode and owner', found: 'others', wanted: 'guarded' });
  if (keyInUse(observed) === null)
    found.push({ field: '.env key', found: 'not the product’s', wanted: 'the product’s' });
  else if (!env.consistent)
    found.push({ field: '.env key', found: 'different under AWS_…', wanted: 'the same under all names' });
  return found;
}

function differencesOfLines({ env: wanted }: DesiredHome, { env }: Observed): Difference[] {
  const found = env?.entries;
  if (found === undefined) return [];
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
  return names
    .filter((name) => wanted[name] !== found[name])
    .map((name) => ({ field: `.env ${name}`, ...wordsFor(found[name], wanted[name]) }));
}

/** Values of further lines may be secrets. */
function wordsFor(found: string | undefined, wanted: string | undefined) {
  if (found === undefined || wanted === undefined) return { found: word(found), wanted: word(wanted) };
  return { found: 'another value', wanted: 'set' };
}

function word(value: string | undefined): string | null {
  return value === undefined ? null : 'set';
}

function differencesOfFiles(desired: DesiredHome, observed: Observed): Difference[] {
  if (desired.holdFiles) return [];
  return desired.files.flatMap(({ path, digest, ownership }) => {
    const live = observed.files[path];
    if (ownership !== 'managed' || live === digest) return [];
    const found = live === undefined ? null : shortened(live);
    return [{ field: `${fileField}${path}`, found, wanted: shortened(digest) }];
  });
}
