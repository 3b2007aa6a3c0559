import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/config/env.ts';
import { Environment } from '../../../src/config/schema.ts';

const seed = {
  PROV_DPP_API_URL: 'http://portal:8080',
  PROV_TEMPLATE_PATH: './templates/sqlmesh',
  PROV_TEMPLATE_OUTPUT_PATH: './products',
  S3_ENDPOINT: 'http://rustfs:9000',
  S3_ACCESS_KEY: 'minioadmin',
  S3_SECRET_KEY: 'minioadmin',
  WEBHOOK_SECRET: 'super-secret-webhook-key',
};

describe('settings', () => {
  test('of seven variables are enough', () => {
    const env = readEnvironment(seed);
    expect(env).toMatchObject({
      PROV_PORT: 8090,
      S3_BUCKET: 'data-products',
      PROV_DATABASE_URL: './.data',
      PROV_KEY_GRACE: 900_000,
    });
  });

  test('that are wrong or missing are all told at once, with an example, and values are not repeated', () => {
    const wrong = {
      ...seed,
      PROV_DPP_API_URL: 'ftp://very-wrong',
      S3_SECRET_KEY: '',
      PROV_PORT: '99999',
      PROV_KEY_GRACE: 'soon',
    };
    expect(() => readEnvironment(wrong)).toThrow(/PROV_DPP_API_URL/);
    const message = messageOf(wrong);
    for (const variable of ['PROV_DPP_API_URL', 'S3_SECRET_KEY', 'PROV_PORT', 'PROV_KEY_GRACE']) {
      expect(message).toMatch(new RegExp(`${variable} .*for example ${variable}=`));
    }
    expect(message).not.toContain('very-wrong');
  });

  test('that are wrong only beside others are told with those that are wrong by themselves', () => {
    const message = messageOf({ S3_ENDPOINT: 'http://s3.example.com', PORTAL_CLIENT_ID: 'me' });
    for (const variable of ['PROV_DPP_API_URL', 'S3_ACCESS_KEY', 'WEBHOOK_SECRET', 'PORTAL_CLIENT_SECRET'])
      expect(message).toContain(`${variable} `);
    expect(message).toMatch(/S3_ENDPOINT +is http:\/\//);
  });

  test('that are addresses of others are https, or of the local network', () => {
    // Where people's browsers and workspaces go may be in a network of their own.
    const ours = new Set([
      'S3_WORKSPACE_ENDPOINT',
      'PROV_PUBLIC_URL',
      'PROV_CODE_SERVER_URL',
      'PROV_RSTUDIO_URL',
    ]);
    const plain = 'http://elsewhere.example.com';
    const addresses = Object.entries(Environment.shape).filter(
      ([name, form]) =>
        !ours.has(name) && form.safeParse(plain).success && !form.safeParse('any text').success,
    );
    expect(addresses.length).toBeGreaterThan(12);
    for (const [name] of addresses) {
      expect(messageOf({ ...seed, [name]: plain }), name).toMatch(
        new RegExp(`${name} +is http:// to a host`),
      );
      const allowed = messageOf({ ...seed, [name]: plain, PROV_ALLOW_HTTP: 'true' });
      expect(allowed, name).not.toContain('is http:// to a host');
    }
  });

  test('that are wrong by themselves are told once', () => {
    const message = messageOf({ ...seed, PORTAL_CLIENT_ID: 'me', PORTAL_TOKEN_URL: 'nonsense' });
    expect(message.match(/^ +PORTAL_TOKEN_URL .*/gm)).toEqual([expect.stringContaining('must be an http')]);
  });

  test('that are secrets are long enough to be kept out of the log', () => {
    for (const name of ['S3_SECRET_KEY', 'WEBHOOK_SECRET', 'WEBHOOK_V2_TOKEN', 'PORTAL_API_KEY'])
      expect(messageOf({ ...seed, [name]: 'short' })).toMatch(new RegExp(`${name} +must have at least 6`));
  });

  test('without any proof for webhooks are refused, unless unsigned ones are allowed', () => {
    const { WEBHOOK_SECRET: _left, ...open } = seed;
    expect(messageOf(open)).toContain('WEBHOOK_SECRET');
    expect(readEnvironment({ ...open, PROV_ALLOW_UNSIGNED: 'true' }).PROV_ALLOW_UNSIGNED).toBe(true);
    expect(readEnvironment({ ...open, WEBHOOK_V2_TOKEN: 'a-token' }).WEBHOOK_V2_TOKEN).toEqual(['a-token']);
  });

  test('of client credentials come together', () => {
    expect(messageOf({ ...seed, PORTAL_CLIENT_ID: 'me' })).toMatch(
      /PORTAL_CLIENT_SECRET[\s\S]*PORTAL_TOKEN_URL/,
    );
  });

  test('ask for a secret manager or for sessions that are fetched, not for both', () => {
    const fetched = { PROV_CREDENTIALS: 'sessions', PROV_CREDENTIALS_URL: 'https://provisioner.example.com' };
    const kept = { PROV_CREDENTIALS: 'sessions', PROV_SECRET_SINK: 'kubernetes' };
    expect(messageOf({ ...seed, ...fetched })).toBe('');
    expect(messageOf({ ...seed, ...kept })).toBe('');
    expect(messageOf({ ...seed, ...fetched, ...kept })).toContain('PROV_SECRET_SINK');
  });

  test.each([
    ['PROV_AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/data-products'],
    ['PROV_CREDENTIALS_URL', 'https://provisioner.example.com'],
  ])('of sessions go with no lasting keys: %s', (name, value) => {
    const given = { ...seed, [name]: value };
    expect(messageOf(given)).toMatch(new RegExp(`PROV_CREDENTIALS +must be sessions with ${name}`));
    expect(messageOf({ ...given, PROV_CREDENTIALS: 'sessions' })).toBe('');
  });

  test('that open all workspaces do not go with a group for each', () => {
    const own = { ...seed, PROV_WORKSPACE_GROUP_BASE: '200000' };
    expect(readEnvironment(own).PROV_WORKSPACE_GROUP_BASE).toBe(200_000);
    for (const name of ['PROV_WORKSPACE_UID', 'PROV_WORKSPACE_GID'])
      expect(messageOf({ ...own, [name]: '1000' })).toMatch(new RegExp(`${name} +must not be set`));
  });

  test('take several secrets, so that one can be changed without a gap', () => {
    expect(readEnvironment({ ...seed, WEBHOOK_SECRET: 'the-old, the-new' }).WEBHOOK_SECRET).toEqual([
      'the-old',
      'the-new',
    ]);
  });
});

function messageOf(env: Record<string, string>): string {
  try {
    readEnvironment(env);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}
