/** What is to be done to the files of a workspace: pure, on digests alone. */
import type { Ownership } from '../workspace/manifest.ts';

/** A file that the template asks for. */
export interface WantedFile {
  readonly path: string;
  readonly digest: string;
  readonly ownership: Ownership;
}

/** What lies in the workspace and in our books. Path → digest; absent = no file. */
export interface ObservedFiles {
  readonly live: Readonly<Record<string, string>>;
  /** As last rendered for this product: what a person's changes are measured against. */
  readonly rendered: Readonly<Record<string, string>>;
}

export interface FilePlan {
  readonly write: readonly string[];
  /** Changed by the template and by a person. */
  readonly merge: readonly string[];
  readonly remove: readonly string[];
  /** What counts as last rendered when all that is done. */
  readonly rendered: Readonly<Record<string, string>>;
}

/**
 * Compares three versions of each file: as last rendered, as it lies there, as it is rendered now.
 *
 * - *managed*: made the same as what is rendered.
 * - *once*: written when it never was; deleted by a person, it stays away.
 * - *merged*: follows the template while nobody touched it; what a person changed is merged, what a person deleted
 *   stays away.
 * - a file that the template has no more goes when nobody touched it, else it is the person's from now on.
 */
export function planFiles(wanted: readonly WantedFile[], { live, rendered }: ObservedFiles): FilePlan {
  const write: string[] = [];
  const merge: string[] = [];
  const after: Record<string, string> = {};
  for (const file of wanted) {
    const step = stepFor(file, live[file.path], rendered[file.path]);
    if (step === 'write') write.push(file.path);
    if (step === 'merge') merge.push(file.path);
    after[file.path] = file.ownership === 'once' ? (rendered[file.path] ?? file.digest) : file.digest;
  }
  const remove = Object.keys(rendered).filter(
    (path) => after[path] === undefined && live[path] !== undefined && live[path] === rendered[path],
  );
  return { write, merge, remove, rendered: after };
}

function stepFor(
  { ownership, digest: next }: WantedFile,
  live: string | undefined,
  base: string | undefined,
): 'write' | 'merge' | 'nothing' {
  if (live === next) return 'nothing';
  if (ownership === 'managed') return 'write';
  if (live === undefined) return base === undefined ? 'write' : 'nothing';
  if (ownership === 'once' || base === next) return 'nothing';
  return live === base ? 'write' : 'merge';
}
