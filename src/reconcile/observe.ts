/** Looks at what is there: our books, the store, the workspace. Changes nothing. */
import { type KeyRecord, listKeys } from '../db/access-keys.ts';
import { type GrantInForce, listGrantsOf } from '../db/grants.ts';
import { findProduct, type ProductRecord } from '../db/products.ts';
import { findWake, type Wake } from '../db/wake.ts';
import { type Issuer, type ObservedPrincipal, principalNameOf } from '../identity/issuer.ts';
import { asProvisionerError, type ProvisionerError } from '../model/errors.ts';
import type { ProductId } from '../model/ids.ts';
import type { RenderedFile } from '../workspace/render.ts';
import type { ObservedWorkspace } from '../workspace/workspace.ts';
import type { ClaimedRecord } from './claim.ts';
import { observeEnv, observeReference } from './observe-env.ts';
import type { ReconcileParts } from './parts.ts';
import type { Observed, ObservedEnv, ObservedKey } from './state.ts';

/** What our books say of a product. */
export interface Books {
  /** `null`: the product is new to us. */
  readonly record: ProductRecord | null;
  readonly keys: readonly KeyRecord[];
  /** In force, in order of the ports. */
  readonly grants: readonly GrantInForce[];
  readonly wake: Wake;
}

export async function readBooks(
  { database: { sql } }: Pick<ReconcileParts, 'database'>,
  id: ProductId,
): Promise<Books> {
  const [record, wake] = await Promise.all([findProduct(sql, id), findWake(sql, id)]);
  // Only what has a record has the others.
  if (record === null) return { record, keys: [], grants: [], wake };
  const [keys, grants] = await Promise.all([listKeys(sql, id), listGrantsOf(sql, id)]);
  return { record, keys, grants, wake };
}

/** What the books and the store say, before anything is rendered. */
export interface ObservedOutside extends Pick<Books, 'keys' | 'grants'> {
  readonly marked: boolean;
  readonly principal: ObservedPrincipal;
}

/**
 * @param claiming the record, or that it is being made: the identity API is asked meanwhile
 * @param thorough looks for keys below keys as well, which costs time on some stores
 */
export async function observeOutside(
  parts: ReconcileParts,
  issuer: Issuer,
  id: ProductId,
  claiming: ClaimedRecord | Promise<ClaimedRecord>,
  { keys, grants }: Books,
  thorough: boolean,
): Promise<ObservedOutside> {
  const booked = keys.map((key) => key.id);
  const isMarked = async () => {
    const { home, marked } = await claiming;
    return marked ?? (await parts.store.readMarker(home)) === id;
  };
  const [marked, principal] = await Promise.all([
    isMarked(),
    issuer.observe(principalNameOf(id), { booked, thorough }),
  ]);
  return { marked, principal, keys, grants };
}

/** How closely to look. */
export interface Looking {
  /** Also for what costs time to find. */
  readonly thorough: boolean;
  /** Only to tell what would be done. */
  readonly rehearsal?: boolean;
  /** Keeps a secret that was read out of the log, as long as the run lasts. */
  readonly hide: (secret: string) => void;
}

/** How to look, and what else is known. */
export interface LookingFor extends Looking {
  readonly finalizers: readonly string[];
  readonly rendered: readonly RenderedFile[];
}

/** What the planner compares with, and what kept us from looking at the workspace. */
export interface Sight {
  readonly observed: Observed;
  readonly problem: ProvisionerError | null;
}

/** Puts together what the planner compares with. What is wrong with the workspace fails nothing but its own part. */
export async function observe(
  parts: ReconcileParts,
  record: ProductRecord,
  outside: ObservedOutside,
  looking: LookingFor,
): Promise<Sight> {
  try {
    const inside = await observeInside(parts, record, looking);
    return { observed: await joined(parts, record, outside, looking, inside), problem: null };
  } catch (thrown) {
    const problem = asProvisionerError(thrown);
    if (problem.code !== 'WORKSPACE_UNSAFE' && problem.code !== 'WORKSPACE_UNWRITABLE') throw problem;
    return { observed: await joined(parts, record, outside, looking, unseen), problem };
  }
}

type Inside = ObservedWorkspace & { readonly found: ObservedEnv | null };

const unseen: Inside = {
  exists: true,
  files: {},
  conflicts: [],
  displaced: [],
  history: true,
  env: null,
  found: null,
};

async function observeInside(
  parts: ReconcileParts,
  record: ProductRecord,
  { rendered, thorough, hide }: LookingFor,
): Promise<Inside> {
  const workspace = await parts.workspaces.observe(
    record.home,
    [...new Set([...rendered.map((file) => file.path), ...Object.keys(record.files)])],
    rendered.filter((file) => file.ownership === 'merged').map((file) => file.path),
    rendered.filter((file) => file.ownership === 'managed').map((file) => file.path),
  );
  const search = thorough ? hide : null;
  const found =
    parts.sink === null
      ? await observeEnv(parts, record, workspace, search)
      : await observeReference(parts, parts.sink, record, workspace, search);
  return { ...workspace, found };
}

async function joined(
  parts: ReconcileParts,
  record: ProductRecord,
  outside: ObservedOutside,
  { finalizers }: LookingFor,
  inside: Inside,
): Promise<Observed> {
  const nowMs = parts.clock().getTime();
  const archive = record.archive !== null && (await parts.workspaces.archived.holds(record.archive));
  return {
    finalizers,
    marked: outside.marked,
    principalExists: outside.principal.exists,
    policy: outside.principal.policy,
    keys: joinKeys(outside, nowMs, parts.settings.keyGraceMs),
    files: inside.files,
    rendered: inside.exists ? record.files : {},
    history: inside.history,
    conflicts: inside.conflicts,
    displaced: inside.displaced,
    env: inside.found,
    grants: outside.grants.map(({ outputPort }) => outputPort),
    grantFacts: outside.grants,
    workspaceExists: inside.exists,
    unseen: inside === unseen,
    archive: archive ? record.archive : null,
    nowMs,
  };
}

/** The store's list decides which keys there are; our books say what each of them is, and which are gone. */
function joinKeys({ principal, keys }: ObservedOutside, nowMs: number, graceMs: number): ObservedKey[] {
  const listed = new Map(principal.keys.map((key) => [key.id, key]));
  const books = new Map(keys.map((key) => [key.id, key]));
  return [...new Set([...listed.keys(), ...books.keys()])].map((id) => {
    const book = books.get(id);
    return {
      id,
      active: listed.get(id)?.active ?? false,
      endable: listed.has(id) ? listed.get(id)?.endsAlone !== true : book?.expiresAt == null,
      state: book?.state ?? 'unknown',
      graceUntilMs: graceEndMs(book?.graceUntil ?? null, nowMs, graceMs),
      expiresAtMs: book?.expiresAt?.getTime() ?? null,
      issuedAtMs: book?.issuedAt.getTime() ?? 0,
      secretSha256: book?.secretSha256 ?? null,
      proven: (book?.provenAt ?? null) !== null,
    };
  });
}

/** Clocks are a little apart, and are set by a little. */
const clockSlackMs = 60_000;

/** No grace is longer than what is set: one that seems so was noted while a clock was wrong, and is over. */
export function graceEndMs(until: Date | null, nowMs: number, graceMs: number): number | null {
  if (until === null) return null;
  return until.getTime() > nowMs + graceMs + clockSlackMs ? nowMs : until.getTime();
}
