/** Why a product can, or can not, read another: each thing that access needs, in the order in which it comes. Pure. */
import { isApproved } from '../grants/granted.ts';
import type { ProductDetail } from '../insight/product.ts';
import type { Input } from '../model/product.ts';

/** What is known when the question is asked. */
export interface AccessFacts {
  readonly reader: ProductDetail;
  readonly source: ProductDetail;
  /** What the portal says of the reader's requests; a text: it could not be asked, and why. */
  readonly asked: readonly Input[] | string;
  readonly estatePaused: boolean;
  readonly now: Date;
}

/** One thing that access needs. */
export interface Check {
  readonly needs: string;
  readonly verdict: 'yes' | 'no' | 'unknown';
  readonly says: string;
  /** What a person can do about it, and where. */
  readonly todo?: string;
  readonly at?: 'reader' | 'source';
}

export interface Explanation {
  /** `null`: the portal could not be asked, and nothing else is in the way. */
  readonly access: boolean | null;
  readonly answer: string;
  readonly todo: string | null;
  readonly checks: readonly Check[];
}

export function explainAccess(facts: AccessFacts): Explanation {
  const checks = [
    requested(facts),
    approved(facts),
    sourceHasHome(facts),
    readerIsWell(facts),
    notPaused(facts),
    inForce(facts),
    hasKey(facts),
  ].filter((check) => check !== null);
  const granted = isSame(facts) || grantOf(facts) !== undefined;
  const key = facts.reader.keys.some(({ state }) => state === 'current');
  const first = checks.find(({ verdict }) => verdict === 'no');
  if (granted && key) return { ...readable(facts, first), checks };
  const unknown = checks.find(({ verdict }) => verdict === 'unknown');
  const reason = first ?? unknown;
  return {
    access: first === undefined && unknown !== undefined ? null : false,
    answer: reason?.says ?? 'Everything is there; the next run puts the access into force.',
    todo: reason?.todo ?? null,
    checks,
  };
}

function readable({ reader, source }: AccessFacts, first: Check | undefined): Omit<Explanation, 'checks'> {
  const answer =
    reader.id === source.id
      ? `${reader.name} reads its own home, and its key was proven.`
      : `${reader.name} can read ${source.name}: the access is in force and its key was proven.`;
  if (first === undefined) return { access: true, answer, todo: null };
  return { access: true, answer: `${answer} But: ${first.says}`, todo: first.todo ?? null };
}

function isSame({ reader, source }: AccessFacts): boolean {
  return reader.id === source.id;
}

function grantOf({ reader, source }: AccessFacts) {
  return reader.inputs.find(({ provider }) => provider.id === source.id);
}

/** The request that counts most: one in force, then one that waits, then the rest. */
function requestOf({ asked, source, now }: AccessFacts): Input | undefined {
  if (typeof asked === 'string') return undefined;
  const own = asked.filter(({ provider }) => provider === source.id);
  return (
    own.find((input) => isApproved(input, now.getTime())) ??
    own.find(({ status }) => status === 'pending') ??
    own[0]
  );
}

function requested(facts: AccessFacts): Check {
  const { reader, source, asked } = facts;
  const needs = 'It was asked for in the portal';
  if (isSame(facts))
    return { needs, verdict: 'yes', says: 'It is the same product: it always reads its own home.' };
  if (typeof asked === 'string')
    return {
      needs,
      verdict: 'unknown',
      says: `The portal could not be asked: ${asked}`,
      todo: 'See whether the portal is up (/health), then ask again.',
    };
  const input = requestOf(facts);
  if (input !== undefined)
    return { needs, verdict: 'yes', says: `It asked for the output port “${input.outputPortName}”.` };
  return {
    needs,
    verdict: 'no',
    says: `${reader.name} never asked for an output port of ${source.name}.`,
    todo: `Somebody of ${reader.name} requests access to an output port of ${source.name} in the portal.`,
  };
}

const decisions: Readonly<Record<string, { says: string; todo: string }>> = {
  pending: {
    says: 'The request waits for a decision.',
    todo: 'An owner of the other product approves or denies it in the portal.',
  },
  denied: { says: 'The request was denied.', todo: 'Talk to the owners, then ask again in the portal.' },
  revoked: { says: 'The access was revoked.', todo: 'Talk to the owners, then ask again in the portal.' },
  cancelled: { says: 'The request was taken back.', todo: 'Ask again in the portal.' },
  expired: { says: 'The approval ended.', todo: 'Ask for a renewal in the portal.' },
};

function approved(facts: AccessFacts): Check | null {
  const input = requestOf(facts);
  if (input === undefined) return null;
  const needs = 'The owners approved it, and the approval has not ended';
  if (isApproved(input, facts.now.getTime())) {
    const end =
      input.validUntil === null ? 'without end' : `until ${input.validUntil} (end of that day, UTC)`;
    return { needs, verdict: 'yes', says: `Approved, ${end}.` };
  }
  if (input.status === 'approved')
    return {
      needs,
      verdict: 'no',
      says: `The approval ended with ${input.validUntil}.`,
      todo: 'Ask for a renewal in the portal.',
    };
  const said = decisions[input.status] ?? {
    says: `The portal says “${input.status}”.`,
    todo: 'See the request in the portal.',
  };
  return { needs, verdict: 'no', ...said };
}

function sourceHasHome({ source }: AccessFacts): Check {
  const needs = `${source.name} has a home`;
  if (source.state === 'live') return { needs, verdict: 'yes', says: `Its home is ${source.home}/.` };
  if (source.state === 'held')
    return {
      needs,
      verdict: 'yes',
      says: 'It is gone from the portal; the brake keeps its home and its readers.',
    };
  return {
    needs,
    verdict: 'no',
    says: `${source.name} was deleted in the portal: there is nothing to read any more.`,
    todo: 'If that was a mistake, bring it back in the portal and undelete it here.',
    at: 'source',
  };
}

function readerIsWell({ reader }: AccessFacts): Check {
  const needs = `The last look at ${reader.name} went well`;
  if (reader.state === 'retired' || reader.state === 'retiring')
    return {
      needs,
      verdict: 'no',
      says: `${reader.name} was deleted in the portal and has no keys any more.`,
      at: 'reader',
    };
  const bad = reader.conditions.find(({ type, status }) => type === 'Degraded' && status);
  if (bad === undefined)
    return { needs, verdict: 'yes', says: reader.conditions[0]?.message ?? 'It is being worked on.' };
  return {
    needs,
    verdict: 'no',
    says: bad.message,
    todo: `See ${reader.name}: ${bad.reason}.`,
    at: 'reader',
  };
}

function notPaused({ reader, estatePaused }: AccessFacts): Check {
  const needs = 'Changes are not paused';
  if (estatePaused)
    return {
      needs,
      verdict: 'no',
      says: 'Everything is paused: nothing is changed.',
      todo: 'An admin resumes it on the overview.',
    };
  if (reader.pausedAt !== null)
    return {
      needs,
      verdict: 'no',
      says: `${reader.name} was paused by ${reader.pausedBy ?? 'somebody'}: its access is not changed.`,
      todo: 'An operator resumes it on its page.',
      at: 'reader',
    };
  return { needs, verdict: 'yes', says: 'Nothing is paused.' };
}

function inForce(facts: AccessFacts): Check {
  const needs = 'The access is in the policy';
  if (isSame(facts)) return { needs, verdict: 'yes', says: 'A product’s own home always is.' };
  const grant = grantOf(facts);
  if (grant !== undefined)
    return {
      needs,
      verdict: 'yes',
      says: `In force since ${grant.since.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
    };
  // Whether it is to be is what the portal knows.
  if (typeof facts.asked === 'string') return { needs, verdict: 'unknown', says: 'It is not in force.' };
  return {
    needs,
    verdict: 'no',
    says: 'It is not in force yet.',
    todo: 'If everything above is in order, have the product looked at now.',
    at: 'reader',
  };
}

function hasKey({ reader }: AccessFacts): Check {
  const needs = `${reader.name} has a key that works`;
  const key = reader.keys.find(({ state }) => state === 'current');
  if (key !== undefined) return { needs, verdict: 'yes', says: `Key ${key.id} stands in its .env.` };
  return {
    needs,
    verdict: 'no',
    says: 'No key was handed over yet.',
    todo: 'See its last run.',
    at: 'reader',
  };
}
