/** What each action of a plan does, for one run of one product. */
import {
  currentKeyChanges,
  forgetKey,
  type NewKey,
  noteIssued,
  noteProven,
  noteUnproven,
} from '../db/access-keys.ts';
import { grantChanges } from '../db/grants.ts';
import { changeProduct, type ProductRecord, productChange } from '../db/products.ts';
import { type Change, changeTogether } from '../db/together.ts';
import type { Grant } from '../grants/granted.ts';
import { type AccessKey, type Issuer, principalNameOf } from '../identity/issuer.ts';
import { asProvisionerError, ProvisionerError } from '../model/errors.ts';
import { type GrantFacts, sameGrants } from '../model/grant.ts';
import { homeNamesFor } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import { digestOf } from '../sinks/sink.ts';
import type { Claim, ProvenKey } from '../storage/proof.ts';
import { nameInArchive } from '../workspace/archive.ts';
import type { RenderedFile } from '../workspace/render.ts';
import type { FilesOutcome } from '../workspace/update.ts';
import type { Handlers } from './apply.ts';
import { retiredCondition } from './conditions.ts';
import { credentialEntries, credentialsIn, type EnvCredentials } from './desired.ts';
import { wakeNeighbours } from './look-up.ts';
import type { ReconcileParts } from './parts.ts';
import type { DesiredHome } from './state.ts';

/** What the actions of one run work on. */
export interface RunSubject {
  readonly record: ProductRecord;
  readonly issuer: Issuer;
  /** The wish; `null` while a product is torn down. */
  readonly desired: DesiredHome | null;
  /** The policy that was observed. */
  readonly foundPolicy: unknown;
  readonly rendered: readonly RenderedFile[];
  /** What the workspace's history says of a change of its files. */
  readonly message: string;
  /** Told what came of the workspace's files. */
  readonly onFiles: (outcome: FilesOutcome) => void;
  readonly grants: readonly Grant[];
  /** What our books have. */
  readonly grantsBefore: readonly GrantFacts[];
  /** Products it asked for access to, whatever came of it. */
  readonly providers: readonly ProductId[];
  /** Whether there were any, in our books or in the store. */
  readonly hasKeys: boolean;
  /** What a key is held against. */
  readonly claim: () => Promise<Claim>;
  readonly purged: boolean;
  /** How long the key before a new one works on. */
  readonly graceMs: number;
  /** Cleans up at the end of the run. */
  readonly defer: (cleanUp: () => void) => void;
}

/** Makes the handlers of one run. The new key's secret lives in this closure, between its making and the `.env`. */
export function createHandlers(parts: ReconcileParts, subject: RunSubject): Handlers {
  const { queue, portal, store, workspaces, sink, settings, clock } = parts;
  const { sql } = parts.database;
  const { record, issuer } = subject;
  const { id, home } = record;
  const principal = principalNameOf(id);
  const finalizer = settings.finalizer ?? '';
  let issued: AccessKey | null = null;
  let claiming: Promise<Claim> | null = null;
  let noting: Promise<void> | null = null;
  let updated: FilesOutcome | null = null;

  const wish = (): DesiredHome => {
    if (subject.desired === null)
      throw new ProvisionerError('INTERNAL', 'A tear-down asked for an action of a home.');
    return subject.desired;
  };
  const newKey = (): AccessKey => {
    if (issued === null) throw new ProvisionerError('INTERNAL', 'No key was issued in this run.');
    return issued;
  };
  const hide = (secret: string): void => subject.defer(parts.hideSecret(secret));

  const hideKey = ({ secret, session }: ProvenKey): void => {
    hide(secret);
    if (session !== null) hide(session.token);
  };

  const take = (key: AccessKey): string => {
    hideKey(key);
    issued = key;
    return key.name;
  };

  const keyInEnv = async (): Promise<EnvCredentials> => {
    const { env } = await workspaces.observe(home, []);
    const found = credentialsIn(env?.entries ?? {});
    if (found === null)
      throw new ProvisionerError('WORKSPACE_UNWRITABLE', 'The .env changed while it was looked at.');
    hideKey(found);
    return found;
  };

  /** The key to write: the new one, or the one that is in `.env` already. */
  const keyForEnv = async (): Promise<EnvCredentials> => {
    if (issued === null) return keyInEnv();
    const { id: key, secret, session } = issued;
    const ends = session === null ? null : { token: session.token, expires: session.expiresAt.toISOString() };
    return { id: key, secret, session: ends };
  };

  /** The key that people work with, wherever it lies. */
  const keyInUse = async (): Promise<ProvenKey> => {
    if (sink === null) return keyInEnv();
    const held = await sink.fetch?.({ product: id, home });
    if (held == null) throw new ProvisionerError('SECRETS_UNAVAILABLE', 'The secret is not where it was.');
    hideKey(held);
    return held;
  };

  const note = (key: NewKey): Promise<void> => noteIssued(sql, id, key, clock());

  /** A new key is there, whoever asked for it. */
  const rotated = (now: Date): Change[] =>
    record.rotateWhy === null ? [] : [productChange(sql, id, { rotateWhy: null }, now)];

  const prove = async (key: ProvenKey): Promise<void> => {
    const claim = await (claiming ?? subject.claim());
    await parts.proveKey(key, claim).catch((thrown: unknown) => {
      parts.markers.doubt();
      throw namingTheStore(issuer.kind.store, thrown);
    });
  };

  return {
    'add-finalizer': async () => {
      parts.echoes.expect(id);
      const outcome = await portal.addFinalizer(id, finalizer);
      // Deleted meanwhile: nothing was made yet, and the event of that delete brings the next run.
      if (outcome !== 'added')
        throw new ProvisionerError('PORTAL_UNAVAILABLE', 'The product is being deleted in the portal.');
    },
    'mark-prefix': async (action) => {
      // Books can be lost; the namespace does not lead here when what it leads to belongs to others.
      if (homeNamesFor(record)[0] !== home) await store.writePointer(id, home);
      await store.writeMarker(action.home, id);
    },
    'create-principal': () => issuer.ensurePrincipal(principal),
    'put-policy': async () => {
      if (subject.hasKeys) await noteUnproven(sql, id);
      await issuer.putPolicy(principal, wish().policy, subject.foundPolicy);
    },
    'delete-key': async (action) => {
      // Off first: what can not be deleted does not stay open.
      await issuer.disableKey(principal, action.key);
      await issuer.deleteKey(principal, action.key);
      await forgetKey(sql, action.key);
    },
    'forget-session': (action) => forgetKey(sql, action.key),
    'issue-key': async () => {
      // What it will be held against is looked up meanwhile; whether that failed the proof tells.
      claiming = subject.claim();
      claiming.catch(() => undefined);
      const chosen = issuer.proposeKeyId();
      if (chosen !== null) await note({ id: chosen, secretSha256: null, expiresAt: null });
      const key = await issuer.createKey(principal, chosen, wish().policy);
      const name = take(key);
      noting = note(noteOf(key));
      // One that our books have by name already can be proven meanwhile: nobody has it before that.
      if (chosen === null) await noting;
      noting.catch(() => undefined);
      return name;
    },
    // Noted when it is handed over: until then the session before, under the same name, is the one in use.
    'renew-session': async (action) => take(await issuer.renewKey(principal, action.key, wish().policy)),
    'prove-key': async () => {
      await Promise.all([prove(newKey()), noting]);
    },
    'prove-again': async (action) => {
      await prove(await keyInUse());
      await noteProven(sql, action.key, clock());
    },
    'prove-env-key': async (action) => {
      const { id: key, secret } = await keyInUse();
      try {
        await prove({ id: key, secret, session: null });
      } catch (thrown) {
        // One that does not open what it should is not worth keeping: without it the next run makes a new one.
        if (asProvisionerError(thrown).code === 'PROOF_FAILED') await issuer.deleteKey(principal, action.key);
        throw thrown;
      }
      const digest = digestOf(key, secret, undefined);
      await note({ id: key, secretSha256: digest, expiresAt: null, provenAt: clock() });
    },
    'restore-workspace': async (action) => {
      await workspaces.restore(home, action.from);
      await changeProduct(sql, id, { archive: null }, clock());
      const cause = { kind: 'clock', why: 'its workspace is back from the archive' } as const;
      await queue.reconcile([{ product: id, cause }]);
    },
    'update-files': async ({ write, merge, remove, rendered }) => {
      const outcome = await workspaces.updateFiles(home, {
        write,
        merge,
        remove,
        files: subject.rendered,
        before: record.files,
        after: rendered,
        message: subject.message,
        at: clock(),
      });
      updated = outcome;
      subject.onFiles(outcome);
    },
    'commit-files': async () => {
      if (updated?.entry != null) await workspaces.commit(home, updated.entry);
    },
    'write-env': async () => {
      if (sink === null) {
        return workspaces.writeEnv(home, { ...wish().env, ...credentialEntries(await keyForEnv()) }, null);
      }
      const entry = { product: id, home };
      if (issued !== null) await sink.put(entry, issued);
      return workspaces.writeEnv(home, wish().env, `The secret: ${sink.howToFetch(entry)}`);
    },
    'hand-over-key': async () => {
      const now = clock();
      const graceUntil = new Date(now.getTime() + subject.graceMs);
      const { id: name, ...facts } = noteOf(newKey());
      const sameAccess = sameGrants(wish().grantFacts, subject.grantsBefore);
      await changeTogether(sql, [
        ...currentKeyChanges(sql, id, name, graceUntil, { ...facts, issuedAt: now, provenAt: now }),
        ...(sameAccess ? [] : grantChanges(sql, id, subject.grants, now)),
        ...rotated(now),
      ]);
      return name;
    },
    'adopt-key': async (action) => {
      const now = clock();
      const graceUntil = new Date(now.getTime() + subject.graceMs);
      await changeTogether(sql, [...currentKeyChanges(sql, id, action.key, graceUntil), ...rotated(now)]);
    },
    'record-grants': () => changeTogether(sql, grantChanges(sql, id, subject.grants, clock())),
    'wake-neighbours': () => wakeNeighbours(parts, id, subject.providers),
    'begin-retirement': async () => {
      await changeProduct(sql, id, { state: 'retiring' }, clock());
      await sink?.remove({ product: id, home });
    },
    'delete-principal': () => issuer.deletePrincipal(principal),
    'archive-workspace': async (action) => {
      const at = clock();
      const name = nameInArchive({ home: action.home, product: id, at });
      // Noted before it is there: a kill in between leaves nothing that nobody brings back.
      await changeProduct(sql, id, { archive: name }, at);
      await workspaces.archive(action.home, name);
    },
    'purge-data': (action) => store.purge(action.home),
    'remove-finalizer': () => portal.removeFinalizer(id, finalizer),
    'finish-retirement': async () => {
      const now = clock();
      const free = subject.purged ? homeNamesFor({ id, namespace: '' }).at(-1) : undefined;
      const retired = {
        state: 'retired',
        conditions: [retiredCondition],
        retiredAt: now,
        // Nothing lies below a purged prefix, so its name may be had again.
        ...(free === undefined ? {} : { home: free }),
      } as const;
      await changeTogether(sql, [...grantChanges(sql, id, [], now), productChange(sql, id, retired, now)]);
    },
  };
}

/** What our books say of a key. */
function noteOf({ name, id, secret, session }: AccessKey): NewKey {
  return {
    id: name,
    secretSha256: digestOf(id, secret, session?.token),
    expiresAt: session?.expiresAt ?? null,
  };
}

/** A key that opens too much, or too little, is the store's doing: people must know which. */
function namingTheStore(store: string, thrown: unknown): unknown {
  if (!(thrown instanceof ProvisionerError) || thrown.code !== 'PROOF_FAILED') return thrown;
  const { message, cause, facts } = thrown;
  return new ProvisionerError('PROOF_FAILED', `${message} (Store: ${store}.)`, { cause, facts });
}
