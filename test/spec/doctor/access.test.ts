import { constants } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mayAccess } from '../../../src/doctor/access.ts';
import { parseEditor, usualEditors } from '../../../src/doctor/volume.ts';

const { R_OK, W_OK, X_OK } = constants;
const coder = { uid: 1000, gids: [1000, 2000] };

describe('who may access a file', () => {
  test.each([
    ['its owner, by the owner’s bits', { uid: 1000, gid: 5, mode: 0o600 }, R_OK | W_OK, true],
    ['its owner, though the group may more', { uid: 1000, gid: 2000, mode: 0o070 }, R_OK, false],
    ['a member of its group', { uid: 0, gid: 2000, mode: 0o640 }, R_OK, true],
    ['a member who wants to write', { uid: 0, gid: 2000, mode: 0o640 }, W_OK, false],
    ['a member, though all others may', { uid: 0, gid: 2000, mode: 0o604 }, R_OK, false],
    ['anybody', { uid: 0, gid: 0, mode: 0o755 }, R_OK | X_OK, true],
    ['nobody', { uid: 0, gid: 0, mode: 0o750 }, X_OK, false],
  ])('%s', (_who, stat, rights, wanted) => {
    expect(mayAccess(stat, coder, rights)).toBe(wanted);
  });

  test('root, always', () => {
    expect(mayAccess({ uid: 1, gid: 1, mode: 0 }, { uid: 0, gids: [0] }, W_OK)).toBe(true);
  });
});

describe('an editor’s user', () => {
  test('is given with all its groups', () => {
    expect(parseEditor('coder=1000:1000,2000')).toEqual({ name: 'coder', ...coder });
  });

  test.each(['coder', 'coder=1000', '=1:1', 'coder=a:b', 'coder=1:2,'])('%s is none', (word) => {
    expect(parseEditor(word)).toBeNull();
  });

  test('is by default in the group that workspaces are shared with', () => {
    expect(usualEditors(2000).map(({ gids }) => gids)).toEqual([[1000, 2000], [2000]]);
  });
});
