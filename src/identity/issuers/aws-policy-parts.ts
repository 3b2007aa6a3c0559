/**
 * A policy that is too big to be inline, as managed policies of our own on one user: `<user>-1`, `<user>-2` …, under the
 * user's path. Made in rising order and deleted in falling order, so that what a change which was cut off has left is
 * found by the next number.
 */
import { GetUserCommand, type IAMClient } from '@aws-sdk/client-iam';
import type { PolicyDocument } from '../../grants/policy.ts';
import { ProvisionerError } from '../../model/errors.ts';
import type { PrincipalName } from '../issuer.ts';
import { attempt, gone } from './aws-calls.ts';
import { ManagedPolicies } from './aws-managed-policies.ts';

/** A managed policy that the user has, and its number when it is ours. */
interface Part {
  readonly arn: string;
  readonly number: number;
}

/** What is attached to a user. */
export interface Attached {
  /** By rising number. */
  readonly ours: readonly Part[];
  /** ARNs. */
  readonly theirs: readonly string[];
}

export class PolicyParts {
  readonly #client: IAMClient;
  readonly #policies: ManagedPolicies;

  constructor(client: IAMClient) {
    this.#client = client;
    this.#policies = new ManagedPolicies(client);
  }

  /** Whether the server has managed policies at all. */
  areSupported(): Promise<boolean> {
    return this.#policies.areSupported();
  }

  async listAttached(user: PrincipalName): Promise<Attached> {
    const all = (await this.#policies.listAttached(user)).map(({ name, arn }) => ({
      arn,
      number: numberOf(user, name),
    }));
    return {
      ours: all.filter(({ number }) => number > 0).sort((a, b) => a.number - b.number),
      theirs: all.filter(({ number }) => number === 0).map(({ arn }) => arn),
    };
  }

  /** The documents in force; `null` for one that can not be read. */
  read(ours: Attached['ours']): Promise<unknown[]> {
    return Promise.all(ours.map(({ arn }) => this.#policies.read(arn)));
  }

  /**
   * Makes and attaches all parts. An entry that moves from one part to another stands in its new one before it leaves the
   * old one.
   *
   * @param grows whether entries move to later parts, or to earlier ones
   */
  async put(
    user: PrincipalName,
    documents: readonly PolicyDocument[],
    { ours }: Attached,
    grows: boolean,
  ): Promise<void> {
    const userArn = await this.#userArn(user);
    if (userArn === null) throw new ProvisionerError('STORE_UNAVAILABLE', 'The user can not be seen yet.');
    const parts = documents.map((document, index) => {
      const standing = ours.find(({ number }) => number === index + 1);
      return { document, standing, arn: standing?.arn ?? partArn(userArn, index + 1) };
    });
    const changed = parts.filter(({ standing }) => standing !== undefined);
    for (const { document, arn } of parts.filter(({ standing }) => standing === undefined)) {
      await this.#policies.put(arn, document);
      await this.#policies.attach(user, arn);
    }
    for (const { document, arn } of grows ? changed.reverse() : changed)
      await this.#policies.put(arn, document);
  }

  detach(user: PrincipalName, arn: string): Promise<void> {
    return this.#policies.detach(user, arn);
  }

  /** ARNs of parts from this number on that are there without being attached. */
  async findLeft(user: PrincipalName, from: number): Promise<readonly string[]> {
    const userArn = await this.#userArn(user);
    const left: string[] = [];
    if (userArn === null) return left;
    while (await this.#policies.isThere(partArn(userArn, from + left.length)))
      left.push(partArn(userArn, from + left.length));
    return left;
  }

  /** Ends all parts from this number on, attached or left. */
  async removeFrom(user: PrincipalName, first: number, { ours }: Attached): Promise<void> {
    const userArn = await this.#userArn(user);
    if (userArn === null) return;
    const last = Math.max(first - 1, ours.at(-1)?.number ?? 0);
    const left = await this.findLeft(user, last + 1);
    for (let number = last + left.length; number >= first; number -= 1) {
      const arn = ours.find((part) => part.number === number)?.arn ?? partArn(userArn, number);
      await this.#policies.detach(user, arn);
      await this.#policies.delete(arn);
    }
  }

  async #userArn(user: PrincipalName): Promise<string | null> {
    const answer = await attempt('look at the principal', gone, () =>
      this.#client.send(new GetUserCommand({ UserName: user })),
    );
    return answer?.User?.Arn ?? null;
  }
}

/** Under the path that the user was made with, whatever is set now. */
function partArn(userArn: string, number: number): string {
  return `${userArn.replace(':user/', ':policy/')}-${number}`;
}

/** 0: not ours. */
function numberOf(user: PrincipalName, name: string): number {
  const rest = name.startsWith(`${user}-`) ? name.slice(user.length + 1) : '';
  return /^[1-9]\d?$/.test(rest) ? Number(rest) : 0;
}
