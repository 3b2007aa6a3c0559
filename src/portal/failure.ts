/** From an answer that is not what we asked for to an error that says what to do. */
import { ProvisionerError } from '../model/errors.ts';
import type { Answer } from './exchange.ts';

/** How we prove who we are; decides what a refusal means. */
export type AuthKind = 'none' | 'api-key' | 'client-credentials';

/**
 * The error for an answer with a status that its route does not expect. Never repeats the body: a 422 echoes the
 * request, other details name people's products. What helps to find the request in the portal's log is kept as facts:
 * `status`, `correlationId`, and `retryAfterMs` where the portal asked for a pause.
 */
export function failureOf(label: string, answer: Answer, auth: AuthKind, nowMs: number): ProvisionerError {
  const { code, advice } = verdictOn(answer, auth);
  return new ProvisionerError(code, `${label} was answered with ${answer.status}${advice}`, {
    facts: { route: label, ...factsOf(answer, nowMs) },
  });
}

/** An answer that came as it should but does not hold what it should. */
export function contractFailure(label: string, answer: Answer, problem: string): ProvisionerError {
  return new ProvisionerError('PORTAL_CONTRACT', `The answer to ${label} ${problem}.`, {
    facts: { route: label, status: answer.status, ...correlationOf(answer) },
  });
}

interface Verdict {
  readonly code: 'PORTAL_UNAVAILABLE' | 'PORTAL_DENIED' | 'PORTAL_CONTRACT';
  readonly advice: string;
}

function verdictOn(answer: Answer, auth: AuthKind): Verdict {
  const { status } = answer;
  if (status === 401 || status === 403) {
    return { code: 'PORTAL_DENIED', advice: `: ${refusalAdvice[auth]}` };
  }
  if (status === 501 && auth === 'api-key') {
    const advice = ': this portal has no API key configured, so it takes none; set its PORTAL_API_KEY';
    return { code: 'PORTAL_DENIED', advice };
  }
  // With a valid token whose subject is no user the portal asks the identity provider for name and email, which a
  // machine client has not, and answers 400.
  if (status === 400 && auth === 'client-credentials') {
    const advice =
      ": probably no portal user has our token's `sub` as `external_id`; an admin must create one";
    return { code: 'PORTAL_DENIED', advice };
  }
  if (status >= 500 || status === 429 || status === 408) return { code: 'PORTAL_UNAVAILABLE', advice: '.' };
  if (status >= 300 && status < 400) {
    return {
      code: 'PORTAL_CONTRACT',
      advice: ": a redirect, which is not followed; check the portal's address",
    };
  }
  if (status === 404 && isJson(answer.text)) {
    return { code: 'PORTAL_CONTRACT', advice: ": no such route; check the portal's address and version" };
  }
  // Not the portal's words: whatever stands in front of it while it is away.
  if (status === 404) return { code: 'PORTAL_UNAVAILABLE', advice: ', but not by the portal itself' };
  return { code: 'PORTAL_CONTRACT', advice: ', which is not expected here' };
}

const refusalAdvice: Readonly<Record<AuthKind, string>> = {
  none: 'the portal asks for credentials, and none are configured',
  'api-key':
    'the API key is wrong, or its user has not the right (it needs Admin, or a role on every product)',
  'client-credentials':
    "the token is refused, or the client's user has not the right (it needs Admin, or a role on every product)",
};

function factsOf(answer: Answer, nowMs: number): Record<string, unknown> {
  const pause = retryAfterMs(answer.headers.get('retry-after'), nowMs);
  return {
    status: answer.status,
    ...correlationOf(answer),
    ...(pause === null ? {} : { retryAfterMs: pause }),
  };
}

/** `Retry-After` in milliseconds from now: it comes as seconds or as an HTTP date. Null when absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/** The portal names every request, in `x-request-id` and in the body of errors: hexadecimal, else it is not taken. */
function correlationOf(answer: Answer): { correlationId?: string } {
  const inBody = /"correlation_id":\s*"([^"]*)"/.exec(answer.text)?.[1];
  const name = [answer.headers.get('x-request-id'), inBody].find((each) =>
    /^[0-9a-f-]{8,64}$/i.test(each ?? ''),
  );
  return name ? { correlationId: name } : {};
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
