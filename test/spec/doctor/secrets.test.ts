import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/config/env.ts';
import { examineSecrets, weaknessOf } from '../../../src/doctor/secrets.ts';

describe('a secret', () => {
  test.each([
    ['minioadmin', 'a public default'],
    ['Compose-Webhook-Secret', 'a public default'],
    ['short', 'shorter than 16 characters'],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'made of few different characters'],
  ])('%s is %s', (secret, words) => {
    expect(weaknessOf(secret)?.words).toBe(words);
  });

  test('made by chance is hard enough', () => {
    expect(weaknessOf(randomBytes(16).toString('hex'))).toBeNull();
  });
});

test('what is said of weak secrets does not repeat them', () => {
  const findings = examineSecrets(
    readEnvironment({
      PROV_DPP_API_URL: 'http://portal',
      S3_ENDPOINT: 'http://s3',
      S3_ACCESS_KEY: 'admin',
      S3_SECRET_KEY: 'minioadmin',
      WEBHOOK_SECRET: 'easy-guess',
      PROV_ALLOW_UNSIGNED: 'true',
    }),
  );
  expect(findings.map(({ verdict }) => verdict)).toEqual(['warn', 'fail', 'warn']);
  expect(JSON.stringify(findings)).not.toMatch(/easy-guess|minioadmin/);
});
