/** The store, and the identities that products get in it. */
import { z } from 'zod';
import { duration, httpUrl, integer, secret, settingsOf } from './forms.ts';

const setting = settingsOf('Object store');

export const storeSettings = {
  S3_ENDPOINT: setting(httpUrl, {
    about: 'The object store, as the provisioner reaches it.',
    example: 'http://rustfs:9000',
  }),
  S3_ACCESS_KEY: setting(z.string().min(1), {
    about: 'Our own (admin) identity in the store. Never handed to a product.',
    example: 'minioadmin',
  }),
  S3_SECRET_KEY: setting(secret, {
    about: 'Its secret.',
    example: 'from-your-secret-store',
    secret: true,
  }),
  S3_REGION: setting(
    z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, 'must be a region name')
      .default('us-east-1'),
    {
      about: 'Region used to sign requests, and in each `.env`.',
      example: 'eu-west-1',
    },
  ),
  PROV_S3_ADDRESSING: setting(z.enum(['path', 'virtual'], 'must be path or virtual').default('path'), {
    about:
      'How the bucket is named in requests, ours and the workspaces’: in the path (every server takes it) or in the host name.',
    example: 'virtual',
  }),
  S3_BUCKET: setting(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name: 3-63 of a-z, 0-9, . and -')
      .default('data-products'),
    {
      about: 'The bucket that holds every prefix; made when missing.',
      example: 'data-products',
    },
  ),
  S3_WORKSPACE_ENDPOINT: setting(httpUrl.optional(), {
    about: 'The object store as workspaces reach it, when that differs.',
    example: 'https://s3.example.com',
  }),
  PROV_IAM_ENDPOINT: setting(httpUrl.optional(), {
    about: 'The IAM API, when it is not at `S3_ENDPOINT`.',
    example: 'https://iam.amazonaws.com',
  }),
  PROV_ISSUER: setting(
    z.enum(['auto', 'minio', 'aws-iam'], 'must be auto, minio or aws-iam').default('auto'),
    {
      about: 'Identity API of the store: `minio` (MinIO, RustFS), `aws-iam`, or `auto`: found by asking.',
      example: 'auto',
    },
  ),
  PROV_IDENTITY_CONCURRENCY: setting(integer(1, 256).default(16), {
    about: 'Requests to the identity API that are under way at a time.',
    example: '16',
  }),
  PROV_IDENTITY_RATE: setting(integer(0, 100_000).default(0), {
    about:
      'Requests to the identity API within any second, tries included; 0 = as many as there are. AWS throttles IAM.',
    example: '10',
  }),
  PROV_CREDENTIALS: setting(z.enum(['keys', 'sessions'], 'must be keys or sessions').default('keys'), {
    about: 'What products get: lasting access keys, or sessions (STS) that are renewed before they end.',
    example: 'sessions',
  }),
  PROV_SESSION_LIFETIME: setting(
    duration
      .default(43_200_000)
      .refine((ms) => ms >= 900_000 && ms <= 365 * 86_400_000, 'must be 15m to 365d'),
    {
      about: 'How long a session lasts; it is renewed at half of it. AWS and RustFS give 12 h at most.',
      example: '12h',
    },
  ),
  PROV_CREDENTIALS_URL: setting(httpUrl.optional(), {
    about:
      'With sessions: our address as workspaces reach it. They then fetch sessions here, and no secret lies in a file.',
    example: 'https://provisioner.example.com',
  }),
  PROV_STS_ENDPOINT: setting(httpUrl.optional(), {
    about: 'STS, when it is not where the IAM API is (AWS).',
    example: 'https://sts.eu-west-1.amazonaws.com',
  }),
  PROV_AWS_ROLE_ARN: setting(
    z
      .string()
      .regex(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, 'must be the ARN of an IAM role')
      .optional(),
    {
      about:
        'With sessions: the one role that all of them are of, each with a policy of its product; else each product has a role (AWS).',
      example: 'arn:aws:iam::123456789012:role/data-products',
    },
  ),
  PROV_AWS_PERMISSIONS_BOUNDARY: setting(
    z
      .string()
      .regex(/^arn:[\w-]+:iam::\d*:policy\/\S+$/, 'must be the ARN of an IAM policy')
      .optional(),
    {
      about: 'Permissions boundary of every IAM user or role that we make (AWS IAM API).',
      example: 'arn:aws:iam::123456789012:policy/data-products',
    },
  ),
  PROV_AWS_IAM_PATH: setting(
    z
      .string()
      .regex(/^\/([\w+=,.@-]+\/)*$/, 'must begin and end with a slash')
      .optional(),
    {
      about: 'Path of the IAM users, roles and policies that we make (AWS IAM API).',
      example: '/data-products/',
    },
  ),
};
