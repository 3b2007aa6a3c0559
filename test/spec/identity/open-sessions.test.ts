import { expect, test } from 'vitest';
import type { AccessKey, PrincipalName } from '../../../src/identity/issuer.ts';
import { OpenSessions } from '../../../src/identity/open-sessions.ts';

const principal = 'dp-1' as PrincipalName;
const dayMs = 86_400_000;

/** Sessions of a store that gives the n-th one the secret `secret-n`, on a clock that is set by hand. */
function stage(lifeMs: number) {
  let nowMs = 1_800_000_000_000;
  let opened = 0;
  const hidden = new Set<string>();
  const open = async (name: string): Promise<AccessKey> => {
    opened += 1;
    const session = { token: `token-${opened}`, expiresAt: new Date(nowMs + lifeMs) };
    return { name, id: `id-${opened}`, secret: `secret-${opened}`, session };
  };
  const hide = (secret: string) => {
    hidden.add(secret);
    return () => void hidden.delete(secret);
  };
  const sessions = new OpenSessions(hide, () => new Date(nowMs));
  const ask = async (name = 'session-A') =>
    (await sessions.sessionOf(principal, name, () => open(name))).secret;
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { ask, hidden, pass };
}

test('a session is given to all who ask until half of its life is over', async () => {
  const { ask, pass } = stage(1000);
  expect(await Promise.all([ask(), ask()])).toEqual(['secret-1', 'secret-1']);
  pass(499);
  expect(await ask()).toBe('secret-1');
  pass(1);
  expect(await ask()).toBe('secret-2');
});

test('of many who ask at that moment one opens the next session', async () => {
  const { ask, pass } = stage(1000);
  await ask();
  pass(500);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['secret-2', 'secret-2', 'secret-2']);
});

test('one whose name was replaced is not given out any more', async () => {
  const { ask } = stage(1000);
  expect(await ask('session-A')).toBe('secret-1');
  expect(await ask('session-B')).toBe('secret-2');
  expect(await ask('session-B')).toBe('secret-2');
});

test('its secrets stay out of the log to its end, be that a year away, and not for longer', async () => {
  const { ask, hidden, pass } = stage(365 * dayMs);
  await ask();
  pass(200 * dayMs);
  await ask();
  expect([...hidden]).toEqual(['secret-1', 'token-1', 'secret-2', 'token-2']);
  pass(200 * dayMs);
  await ask();
  expect([...hidden]).toEqual(['secret-2', 'token-2', 'secret-3', 'token-3']);
});
