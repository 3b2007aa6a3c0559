/** File in the control folder whose appearance releases the brake; the CLI makes it, so may a person. */
export const releaseFile = 'brake-release';
