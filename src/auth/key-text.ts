/** Keys to our own API: `prov_<id>_<secret>`. The secret is shown once, to who makes it; the books hold its digest. */
import { randomBytes } from 'node:crypto';
import type { RoleName } from '../model/role.ts';
import { sha256 } from './digest.ts';

/** What somebody asks for. */
export interface KeyWish {
  /** Who or what will use it, for the audit. */
  readonly name: string;
  readonly role: RoleName;
  readonly expiresAt: Date | null;
}

/** A fresh key as the books get it. */
export interface MadeKey extends KeyWish {
  readonly id: string;
  /** Of the secret part, in hex; without salt or stretching, as the secret has 256 bits of its own. */
  readonly sha256: string;
  readonly madeAt: Date;
  readonly madeBy: string;
}

const form = /^prov_(?<id>[0-9a-f]{12})_(?<secret>[\w-]{43})$/;

/** @returns its text, to be shown once, and what the books get */
export function makeApiKey(
  wish: KeyWish,
  by: string,
  now: Date,
): { readonly text: string; readonly record: MadeKey } {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return {
    text: `prov_${id}_${secret}`,
    record: { id, ...wish, sha256: sha256(secret), madeAt: now, madeBy: by },
  };
}

/** The parts of a key's text; `null`: it is none. */
export function readApiKey(text: string): { readonly id: string; readonly digest: string } | null {
  const { id, secret } = form.exec(text)?.groups ?? {};
  return id === undefined || secret === undefined ? null : { id, digest: sha256(secret) };
}
