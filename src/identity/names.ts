/** Names that are ours to choose. None is used twice: what was ended under it could live again. */
import { randomBytes } from 'node:crypto';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const sessionPrefix = 'session-';

/** `AKIA` and 16 characters, as AWS's ids look. */
export function newKeyId(): string {
  return `AKIA${random16()}`;
}

/** Name of a session, which no access key has. */
export function newSessionName(): string {
  return sessionPrefix + random16();
}

/** Whether a name is one of a session. */
export function isSessionName(name: string): boolean {
  return name.startsWith(sessionPrefix);
}

/** 80 random bits. */
function random16(): string {
  return [...randomBytes(16)].map((byte) => base32[byte & 31]).join('');
}
