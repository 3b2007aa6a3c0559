/** Which of several processes does the timed work: resync, drift check, sweep. */
import { randomUUID } from 'node:crypto';
import { claimLease, releaseLease } from '../db/lease.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { ReconcileParts } from './parts.ts';

type Parts = Pick<ReconcileParts, 'database' | 'log'>;

const leaseName = 'timed-work';
const renewMs = 5000;
/** A leader that died is followed after at most this. */
const leaseMs = 15_000;

export interface Leadership extends AsyncDisposable {
  /** Whether this process leads now. */
  readonly leads: boolean;
}

/** Stands for election and stays in it. An embedded database has one process: that one leads. */
export async function standForElection(parts: Parts): Promise<Leadership> {
  if (parts.database.embedded) return { leads: true, [Symbol.asyncDispose]: async () => undefined };
  const candidate = new Candidate(parts);
  await candidate.stand();
  return candidate;
}

class Candidate implements Leadership {
  readonly #parts: Parts;
  readonly #id = randomUUID();
  /** When the claim ends by our own clock: a process that was frozen does not lead when it wakes up. */
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #standing: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get leads(): boolean {
    return performance.now() < this.#untilMs;
  }

  stand(): Promise<void> {
    this.#standing = this.#claim().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => void this.stand(), renewMs);
    });
    return this.#standing;
  }

  async #claim(): Promise<void> {
    const { database, log } = this.#parts;
    const led = this.leads;
    const asked = performance.now();
    try {
      const won = await claimLease(database.sql, leaseName, this.#id, leaseMs);
      this.#untilMs = won ? asked + leaseMs : 0;
      if (won !== led) log.info(won ? 'leads the timed work' : 'another process leads the timed work');
    } catch (thrown) {
      log.warn('could not renew the lead', { error: asProvisionerError(thrown).message });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#standing;
    if (this.leads) await releaseLease(this.#parts.database.sql, leaseName, this.#id).catch(() => undefined);
    this.#untilMs = 0;
  }
}
