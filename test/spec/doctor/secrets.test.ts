import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/config/env.ts';
import { Environment } from '../../../src/config/schema.ts';
import { SettingMeta } from '../../../src/config/settings/forms.ts';
import { examineSecrets, weaknessOf } from '../../../src/doctor/secrets.ts';

describe('a secret', () => {
  test.each([
    ['minioadmin', 'a public default'],
    ['Compose-Webhook-Secret', 'a public default'],
    ['short', 'shorter than 16 characters'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'a public default'],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'made of few different characters'],
  ])('%s is %s', (secret, words) => {
    expect(weaknessOf(secret)?.words).toBe(words);
  });

  test('made by chance is hard enough', () => {
    expect(weaknessOf(randomBytes(16).toString('hex'))).toBeNull();
  });
});

const strong = randomBytes(32).toString('hex');
const environment = readEnvironment({
  PROV_DPP_API_URL: 'http://portal',
  S3_ENDPOINT: 'http://s3',
  S3_ACCESS_KEY: 'admin',
  S3_SECRET_KEY: strong,
  WEBHOOK_SECRET: strong,
});

describe('no setting is left out', () => {
  const secrets = Object.entries(Environment.shape).filter(
    ([, schema]) => SettingMeta.parse(schema.meta()).secret,
  );
  const addresses = ['PROV_DATABASE_URL', 'PROV_NOTIFY_SLACK_URL', 'PROV_NOTIFY_SMTP_URL'];

  test.each(secrets.map(([name]) => name).filter((name) => !addresses.includes(name)))('%s', (name) => {
    const weak = 'a'.repeat(40);
    const value = Array.isArray(environment[name as keyof Environment]) ? [strong, weak] : weak;
    expect(examineSecrets({ ...environment, [name]: value })).toMatchObject([
      { verdict: 'warn', seen: `${name} is made of few different characters` },
    ]);
  });

  test.each(addresses)('the password in %s', (name) => {
    const at = (password: string) =>
      examineSecrets({ ...environment, [name]: `postgres://me:${password}@host.example/x` });
    expect(at('changeme')).toMatchObject([
      { verdict: 'fail', seen: `the password in ${name} is a public default` },
    ]);
    expect(at(strong)).toMatchObject([{ verdict: 'ok' }]);
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
  expect(findings.map(({ verdict }) => verdict)).toEqual(['fail', 'warn', 'warn']);
  expect(JSON.stringify(findings)).not.toMatch(/easy-guess|minioadmin/);
});
