import { describe, expect, it } from 'vitest';
import { fillPath, routes } from '../../../src/portal/routes.ts';

describe('the path of a call', () => {
  it('holds the values, percent-encoded', () => {
    const path = fillPath(routes.removeFinalizer.path, { id: 'one', finalizer: 'a/b c?ü' });
    expect(path).toBe('/data_products/one/finalizers/a%2Fb%20c%3F%C3%BC');
  });

  it.each(['', '.', '..'])('refuses the value %j, which would lead to another path', (value) => {
    expect(() => fillPath('/a/{id}/b', { id: value })).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('refuses a missing value', () => {
    expect(() => fillPath('/a/{id}', {})).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('what we change in the portal', () => {
  it('is finalizers alone: no PUT, so no tag, text or lifecycle of a person can be overwritten', () => {
    const writes = Object.values(routes).filter((route) => route.method !== 'GET');
    expect(writes.map((route) => `${route.method} ${route.path}`)).toEqual([
      'POST /data_products/{id}/finalizers',
      'DELETE /data_products/{id}/finalizers/{finalizer}',
    ]);
  });
});
