/** Templates from git repositories: fetched when they can be, pinned by commit, usable while the server is away. */
import { createHash } from 'node:crypto';
import { access, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { simpleGit } from 'simple-git';
import { ProvisionerError } from '../model/errors.ts';

/** A template folder in a repository. */
export interface GitPlace {
  readonly git: string;
  readonly ref: string;
  readonly folder: string;
}

export interface FetchedTemplate {
  readonly folder: string;
  readonly commit: string;
  /** The server did not answer: this is what was fetched before. */
  readonly stale: boolean;
}

/**
 * The template's folder as it is at the ref. What was fetched once stays in `cache`, by its commit.
 *
 * @throws ProvisionerError `TEMPLATE_INVALID` when it was never fetched and can not be now
 */
export async function fetchTemplate(place: GitPlace, cache: string): Promise<FetchedTemplate> {
  const home = join(cache, createHash('sha256').update(place.git).digest('hex').slice(0, 16));
  const mirror = join(home, 'mirror.git');
  await mkdir(mirror, { recursive: true });
  const git = simpleGit({
    baseDir: mirror,
    timeout: { block: 60_000 },
    allowEnvironment: ['GIT_TERMINAL_PROMPT'],
  }).env({
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    GIT_TERMINAL_PROMPT: '0',
  });
  try {
    await git.init(true);
    const failure = await git
      .raw([
        'fetch',
        '--quiet',
        '--force',
        place.git,
        '+refs/heads/*:refs/heads/*',
        '+refs/tags/*:refs/tags/*',
      ])
      .then(
        () => null,
        (error: unknown) => error,
      );
    const commit = await git.revparse(['--verify', '--quiet', `${place.ref}^{commit}`]).catch(() => '');
    if (commit === '') throw failure ?? new Error(`it has no ${place.ref}`);
    const tree = join(home, commit);
    await checkOut(mirror, commit, tree);
    const folder = join(tree, place.folder);
    // Who can write to the repository does not choose what else of this machine is a template.
    if (!isInside(await realpath(tree), await realpath(folder)))
      throw new Error(`${place.folder} leads out of it`);
    return { folder, commit, stale: failure !== null };
  } catch (cause) {
    throw new ProvisionerError(
      'TEMPLATE_INVALID',
      `The template repository ${place.git} can not be read at ${place.ref}: ${cause instanceof Error ? cause.message.trim() : ''}`,
      { cause },
    );
  }
}

function isInside(tree: string, path: string): boolean {
  return path === tree || path.startsWith(`${tree}${sep}`);
}

/** Beside its place first: a tree that is there is whole. */
async function checkOut(mirror: string, commit: string, tree: string): Promise<void> {
  const there = await access(tree).then(
    () => true,
    () => false,
  );
  if (there) return;
  const unfinished = `${tree}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await simpleGit().clone(mirror, unfinished, ['--quiet', '--no-checkout']);
  await simpleGit(unfinished).checkout([commit, '--quiet', '--detach']);
  await rm(join(unfinished, '.git'), { recursive: true });
  await rename(unfinished, tree);
}
