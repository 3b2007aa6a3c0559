/** Names that are ours to choose. None is used twice: what was ended under it could live again. */
import { randomBytes } from 'node:crypto';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** What a name tells of its key: that it lasts, or what becomes of a session when its product's access changes. */
export type NameKind = 'key' | 'session' | 'fixed';
const prefixes = { session: 'session-', fixed: 'fixed-' } as const;

/** `AKIA` and 16 characters, as AWS's ids look. */
export function newKeyId(): string {
  return `AKIA${random16()}`;
}

/** Name of a session, which no access key has. */
export function newSessionName(): string {
  return prefixes.session + random16();
}

/** Name of a session that keeps what it was opened with. */
export function newFixedName(): string {
  return prefixes.fixed + random16();
}

export function kindOfName(name: string): NameKind {
  if (name.startsWith(prefixes.session)) return 'session';
  return name.startsWith(prefixes.fixed) ? 'fixed' : 'key';
}

/** 80 random bits. */
function random16(): string {
  return [...randomBytes(16)].map((byte) => base32[byte & 31]).join('');
}
