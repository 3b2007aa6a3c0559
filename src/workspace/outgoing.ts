/**
 * What a push would carry away: looked through beforehand, as nothing can be called back. A secret that was committed
 * and then removed is still in the commits between.
 */
import { runGit } from './git-plumbing.ts';
import { anyHolds, largestSearched } from './past.ts';

/** Commits to push, and those that the other side has; of the latter some may be missing here. */
export interface Outgoing {
  readonly tips: readonly string[];
  readonly known: readonly string[];
}

/** Files that hold nothing but secrets. */
const secretFiles = ['.env', '.credentials-token'];

/**
 * What of it must not leave, in words; `null`: nothing. Looks at the names and contents of files up to 1 MB and at
 * messages of commits.
 *
 * @param gitDir a repository that has all objects of `tips`
 * @throws ProvisionerError `WORKSPACE_UNWRITABLE` when the history can not be read
 */
export async function findSecret(
  gitDir: string,
  { tips, known }: Outgoing,
  secrets: readonly string[],
): Promise<string | null> {
  const range = ['--ignore-missing', ...tips, '--not', ...known];
  for (const file of secretFiles) {
    // A removal is a change of the file as well, but carries nothing away.
    const words = [
      'log',
      '-m',
      '--full-history',
      '--diff-filter=d',
      '--max-count=1',
      '--format=%h',
      '--name-only',
    ];
    const [commit = ''] = (await runGit(gitDir, [...words, ...range, '--', file])).split('\n');
    if (commit !== '') return `${file} with its keys is in commit ${commit}`;
  }
  const listed = await runGit(gitDir, [
    'rev-list',
    '--objects',
    '--no-object-names',
    `--filter=blob:limit=${largestSearched + 1}`,
    ...range,
  ]);
  const names = listed.split('\n').filter((name) => name !== '');
  return (await anyHolds(gitDir, names, secrets)) ? 'a key of the product is in the commits' : null;
}
