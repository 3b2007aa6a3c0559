/** No job waits or runs, and no webhook is under way: what happens from now on is of what comes from now on. */
export async function isIdle(world: {
  readonly portal: { idle(): Promise<unknown> };
  daemon(): { readonly url: string };
}): Promise<boolean> {
  await world.portal.idle();
  const text = await (await fetch(`${world.daemon().url}/metrics`)).text();
  return [...text.matchAll(/^provisioner_jobs\{.*\} (\d+)$/gm)].every(([, jobs]) => jobs === '0');
}
