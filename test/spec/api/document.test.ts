import { expect, it } from 'vitest';
import { describeApi } from '../../../src/api/v1/document.ts';

it.each([
  ['https', true, '__Host-provisioner-login'],
  ['http', false, 'provisioner-login'],
])('the description names the cookie that browsers have over %s', (_scheme, secure, name) => {
  expect(describeApi([], secure).components?.securitySchemes?.login).toMatchObject({ in: 'cookie', name });
});
