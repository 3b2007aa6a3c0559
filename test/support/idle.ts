/** No job waits or runs, and no webhook is under way: what happens from now on is of what comes from now on. */
export async function isIdle(world: {
  readonly portal: { idle(): Promise<unknown> };
  daemon(): { readonly url: string };
}): Promise<boolean> {
  await world.portal.idle();
  return hasNoJobs(world.daemon().url);
}

/** No job waits or runs. */
export async function hasNoJobs(url: string): Promise<boolean> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^provisioner_jobs\{.*\} (\d+)$/gm)].every(([, jobs]) => jobs === '0');
}
