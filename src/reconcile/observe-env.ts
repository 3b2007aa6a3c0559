/** The managed lines of `.env`: as they are found, and what is remembered of them. */
import type { ProductRecord } from '../db/products.ts';
import type { HomeName } from '../model/home.ts';
import type { ActionRecord } from '../model/run.ts';
import { digestOf, type SecretSink } from '../sinks/sink.ts';
import { sha256 } from '../workspace/digest.ts';
import type { ObservedWorkspace } from '../workspace/workspace.ts';
import { credentialNames } from './desired.ts';
import type { ReconcileParts } from './parts.ts';
import { sameEntries } from './plan-builder.ts';
import type { DesiredHome, Observed, ObservedEnv } from './state.ts';

type Lines = Readonly<Record<string, string>>;

/** @param hide given: the workspace is searched for the secret, too */
export async function observeEnv(
  parts: ReconcileParts,
  { home, envSha256 }: ProductRecord,
  { env }: ObservedWorkspace,
  hide: ((secret: string) => void) | null,
): Promise<ObservedEnv | null> {
  if (env === null) return null;
  const { S3_ACCESS_KEY: id = '', S3_SECRET_KEY: secret = '' } = env.entries;
  const { S3_SESSION_TOKEN: token } = env.entries;
  const credentials = new Set<string>(credentialNames);
  const entries = Object.fromEntries(Object.entries(env.entries).filter(([name]) => !credentials.has(name)));
  return {
    entries,
    keyId: id,
    secretSha256: digestOf(id, secret, token),
    consistent:
      env.entries.AWS_ACCESS_KEY_ID === id &&
      env.entries.AWS_SECRET_ACCESS_KEY === secret &&
      env.entries.AWS_SESSION_TOKEN === token,
    edited: isEdited(entries, envSha256),
    guarded: env.guarded,
    exposed: env.open
      ? 'everybody on the machine could read the .env'
      : await findLeak(parts, home, secret, hide),
    provable: true,
  };
}

/** The secret lies in a sink: `.env` holds everything else, and no credentials of an earlier time. */
export async function observeReference(
  parts: ReconcileParts,
  sink: SecretSink,
  { id, home, envSha256 }: ProductRecord,
  { env }: ObservedWorkspace,
  hide: ((secret: string) => void) | null,
): Promise<ObservedEnv | null> {
  if (env === null) return null;
  const key = await sink.read({ product: id, home });
  return {
    entries: env.entries,
    keyId: key?.id ?? '',
    secretSha256: key?.digest ?? '',
    consistent: true,
    edited: isEdited(env.entries, envSha256),
    guarded: env.guarded,
    // People fetch it from there, and put it where they should not.
    exposed: await findLeak(parts, home, key?.secret ?? '', hide),
    provable: sink.fetch !== undefined,
  };
}

async function findLeak(
  { workspaces }: ReconcileParts,
  home: HomeName,
  secret: string,
  hide: ((secret: string) => void) | null,
): Promise<string | null> {
  if (hide === null || secret === '') return null;
  hide(secret);
  return workspaces.findLeak(home, secret);
}

/** What our books should say of the lines after a run: they are remembered as soon as they stand there. */
export function rememberLines(
  { envSha256: remembered }: ProductRecord,
  { env: wanted }: DesiredHome,
  { env: found }: Observed,
  actions: readonly ActionRecord[],
): { readonly envSha256?: string } {
  const written = actions.some(({ kind, outcome }) => kind === 'write-env' && outcome === 'done');
  const stand = written || (found !== null && sameEntries(wanted, found.entries));
  const envSha256 = digestOfLines(wanted);
  return stand && envSha256 !== remembered ? { envSha256 } : {};
}

function isEdited(lines: Lines, remembered: string | null): boolean {
  return remembered !== null && digestOfLines(lines) !== remembered;
}

/** Of all lines together: a short value could be guessed from a digest of its own. */
function digestOfLines(lines: Lines): string {
  return sha256(JSON.stringify(Object.entries(lines).sort(([left], [right]) => (left < right ? -1 : 1))));
}
