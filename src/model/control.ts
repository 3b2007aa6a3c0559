/** File in the control folder whose appearance releases the brake; the CLI makes it, so may a person. */
export const releaseFile = 'brake-release';

/** File by which the command line has a key to the API noted: `api-key-<id>.json` with its digest. */
export const keyOrderPattern = /^api-key-(?<id>[0-9a-f]{12})\.json$/;

export function keyOrderFile(id: string): string {
  return `api-key-${id}.json`;
}
