/** Looks at what is there: our books, the store, the workspace. Changes nothing. */
import { type KeyRecord, listKeys } from '../db/access-keys.ts';
import { listGrantsOf } from '../db/grants.ts';
import type { ProductRecord } from '../db/products.ts';
import { type ObservedPrincipal, principalNameOf } from '../identity/issuer.ts';
import type { RenderedFile } from '../workspace/render.ts';
import { sha256 } from '../workspace/render.ts';
import type { ObservedWorkspace } from '../workspace/workspace.ts';
import { credentialNames } from './desired.ts';
import type { ReconcileParts } from './parts.ts';
import type { Observed, ObservedEnv, ObservedKey } from './plan.ts';

/** What the books and the store say, before anything is rendered. */
export interface ObservedOutside {
  readonly marked: boolean;
  readonly principal: ObservedPrincipal;
  readonly keys: readonly KeyRecord[];
  readonly grants: readonly string[];
}

export async function observeOutside(parts: ReconcileParts, record: ProductRecord): Promise<ObservedOutside> {
  const db = parts.database.sql;
  const [marker, principal, keys, grants] = await Promise.all([
    parts.store.readMarker(record.home),
    parts.issuer.observe(principalNameOf(record.id)),
    listKeys(db, record.id),
    listGrantsOf(db, record.id),
  ]);
  return { marked: marker === record.id, principal, keys, grants };
}

/** Puts together what the planner compares with. */
export async function observe(
  parts: ReconcileParts,
  record: ProductRecord,
  outside: ObservedOutside,
  finalizers: readonly string[],
  rendered: readonly RenderedFile[],
): Promise<Observed> {
  const workspace = await parts.workspaces.observe(
    record.home,
    rendered.map((file) => file.path),
  );
  return {
    finalizers,
    marked: outside.marked,
    principalExists: outside.principal.exists,
    policy: outside.principal.policy,
    keys: joinKeys(outside),
    files: workspace.files,
    rendered: new Set(workspace.exists ? Object.keys(record.files) : []),
    env: observedEnv(workspace),
    grants: outside.grants,
    workspaceExists: workspace.exists,
    nowMs: parts.clock().getTime(),
  };
}

/** The store's list decides which keys there are; our books say what each of them is. */
function joinKeys({ principal, keys }: ObservedOutside): ObservedKey[] {
  return principal.keys.map((listed) => {
    const book = keys.find((key) => key.id === listed.id);
    return {
      id: listed.id,
      active: listed.active,
      state: book?.state ?? 'unknown',
      graceUntilMs: book?.graceUntil?.getTime() ?? null,
      issuedAtMs: book?.issuedAt.getTime() ?? 0,
      secretSha256: book?.secretSha256 ?? null,
    };
  });
}

function observedEnv({ env }: ObservedWorkspace): ObservedEnv | null {
  if (env === null) return null;
  const { S3_ACCESS_KEY: id = '', S3_SECRET_KEY: secret = '' } = env.entries;
  const agrees = env.entries.AWS_ACCESS_KEY_ID === id && env.entries.AWS_SECRET_ACCESS_KEY === secret;
  const credentials = new Set<string>(credentialNames);
  const rest = Object.entries(env.entries).filter(([name]) => !credentials.has(name));
  return {
    entries: agrees ? Object.fromEntries(rest) : {},
    keyId: id,
    secretSha256: sha256(secret),
    guarded: env.guarded,
  };
}
