/** What files are known by. */
import { createHash } from 'node:crypto';

/** A file as it lies there, or as it is to lie there. */
export interface FileState {
  readonly content: string;
  readonly executable: boolean;
}

/** Hex SHA-256 of bytes, or of a text's UTF-8 bytes. */
export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The same digest: the same text, and as executable. */
export function fileDigest(file: {
  readonly content: string | Buffer;
  readonly executable: boolean;
}): string {
  return `${sha256(file.content)}${file.executable ? executableMark : ''}`;
}

/** Whether a digest, of whatever mode, is that of a text. Those that earlier versions noted tell no mode. */
export function isDigestOf(digest: string | undefined, content: string): boolean {
  return digest?.replace(executableMark, '') === sha256(content);
}

const executableMark = '+x';
