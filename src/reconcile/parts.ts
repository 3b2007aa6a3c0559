/** What reconciling needs of the world, each part replaceable at its port. */
import type { Database } from '../db/connection.ts';
import type { Issuer } from '../identity/issuer.ts';
import type { HomeName } from '../model/home.ts';
import type { RunEnding } from '../model/run.ts';
import type { StoreReport } from '../model/store-report.ts';
import type { PortalClient } from '../portal/client.ts';
import type { Echoes } from '../portal/echoes.ts';
import type { Queue } from '../queue/queue.ts';
import type { SecretSink } from '../sinks/sink.ts';
import type { Claim, ProvenKey } from '../storage/proof.ts';
import type { StandingMarkers } from '../storage/standing-markers.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { PushOrder, PushOutcome, Remote } from '../workspace/push.ts';
import type { Workspaces } from '../workspace/workspace.ts';
import type { Breaker } from './breaker.ts';
import type { HomeSettings } from './desired.ts';
import type { EstatePauseView } from './pause.ts';
import type { Published } from './published.ts';

/** When tear-downs stop: more than `percent` and at least `minimum` products gone within `windowMs`. */
export interface BrakeSettings {
  readonly percent: number;
  readonly minimum: number;
  readonly windowMs: number;
}

/** Who tries a new version first. */
export interface RolloutSettings {
  /** So many products; 0 = all at once. */
  readonly canaries: number;
  /** Of these alone, when given. */
  readonly type?: string | undefined;
  readonly domain?: string | undefined;
  readonly tag?: string | undefined;
  /** Canaries that fail, or end in a conflict, after which nothing goes on by itself. */
  readonly stopAfter: number;
}

export interface ReconcileSettings extends HomeSettings {
  readonly keyGraceMs: number;
  /** Failed runs in a row after which a product waits for the drift check. */
  readonly maxTries: number;
  readonly purgeOnDelete: boolean;
  /** Where histories are pushed now; `null`: nowhere. */
  readonly remote: () => Remote | null;
  /** What the platform takes from secret managers, as it is now. */
  readonly platformSecrets: () => readonly string[];
  readonly brake: BrakeSettings;
  /** Who tries a new version of a template first. */
  readonly rollout: RolloutSettings;
}

export interface ReconcileParts {
  readonly database: Database;
  readonly queue: Queue;
  readonly portal: PortalClient;
  /** What the portal will tell us of what we do ourselves. */
  readonly echoes: Echoes;
  readonly store: ObjectStore;
  /** Of prefixes that keys are held against. */
  readonly markers: StandingMarkers;
  /** Finds out at the first call what kind of store it is, and fails while that is away. */
  readonly findIssuer: () => Promise<Issuer>;
  /** What the store is and was seen to do; `null` while it has not answered. */
  readonly storeReport: () => StoreReport | null;
  readonly workspaces: Workspaces;
  /** What providers publish. */
  readonly published: Published;
  /** Holds the secrets of products' keys; `null`: the workspace's `.env` does. */
  readonly sink: SecretSink | null;
  /** Shows with the key itself that it opens what it must and nothing else. */
  readonly proveKey: (key: ProvenKey, claim: Claim) => Promise<void>;
  /** Brings commits to a remote. Never forces, and never throws for what can go wrong on the way. */
  readonly push: (order: PushOrder) => Promise<PushOutcome>;
  /** Keeps a secret out of the log from now on; the returned function forgets it. */
  readonly hideSecret: (secret: string) => () => void;
  readonly settings: ReconcileSettings;
  /** Digest of what every home is made from: see `groundOf`. */
  readonly ground: () => string;
  /** Turn runs away while portal or store are away. */
  readonly breakers: readonly Breaker[];
  /** Whether anything is applied at all. */
  readonly estate: EstatePauseView;
  readonly canary: HomeName;
  /** Told how each run left its product; must not throw. */
  readonly onRun?: (ending: RunEnding) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly clock: () => Date;
  readonly random: () => number;
}
