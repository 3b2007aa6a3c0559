import { describe, expect, it } from 'vitest';
import { apiRoot } from '../../../src/portal/base-url.ts';

describe('the address of the portal', () => {
  it.each([
    'http://portal:8080',
    'http://portal:8080/',
    'http://portal:8080/api',
    'http://portal:8080/api/',
    'http://portal:8080/api/v2',
    'http://portal:8080/api/v2/',
  ])('%s means the root of its v2 API', (given) => {
    expect(apiRoot(given)).toBe('http://portal:8080/api/v2');
  });

  it('a path that a gateway puts in front is kept', () => {
    expect(apiRoot('https://data.example.com/portal')).toBe('https://data.example.com/portal/api/v2');
    expect(apiRoot('https://data.example.com/portal/api/v2/')).toBe('https://data.example.com/portal/api/v2');
    expect(apiRoot('https://data.example.com/my-api')).toBe('https://data.example.com/my-api/api/v2');
  });

  it.each(['portal:8080', 'ftp://portal', '', 'http://portal/?a=b', 'http://portal/#x'])(
    '%j is refused as a wrong setting',
    (given) => {
      expect(() => apiRoot(given)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );

  it('one with a password is refused, and the password is not repeated', () => {
    expect(() => apiRoot('http://me:hush-hush@portal')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('hush-hush') }),
    );
  });
});
