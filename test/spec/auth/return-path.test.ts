import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeReturnPath } from '../../../src/auth/return-path.ts';

describe('the way back after a login', () => {
  it.each(['/console', '/console/products?search=a%20b&x=//y', '/'])('%s stays as it is', (path) => {
    expect(safeReturnPath(path)).toBe(path);
  });

  it.each([
    undefined,
    null,
    7,
    ['/x'],
    '',
    'console',
    'https://evil.example',
    '//evil.example',
    '/\\evil',
    '/%5c/../..//x',
  ])('%j stays with us', (asked) => {
    expect(new URL(safeReturnPath(asked), 'https://here.example').origin).toBe('https://here.example');
  });

  it('never leaves our address nor breaks a header, whatever is asked', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      ':',
      '@',
      '?',
      '#',
      '%2f',
      '\t',
      '\r\n',
      'evil.example',
      'x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const path = safeReturnPath(`/${parts.join('')}`);
        expect(new URL(path, 'https://here.example').origin).toBe('https://here.example');
        expect(path).toMatch(/^\/(?![/\\])[^\r\n\t]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});
