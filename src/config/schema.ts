/**
 * Every setting, once: its form, default, example and meaning. The README's table and the start-up message are made
 * from this object, so they can not disagree with it.
 */
import { z } from 'zod';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time such as `90s`, `15m`, `2h`, `30d` (a bare number is seconds); read as milliseconds. */
const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)?$/, 'must be a length of time such as 90s, 15m, 2h or 30d')
  .transform((text) => Number.parseInt(text, 10) * (unitMs[text.replace(/^\d+/, '') || 's'] ?? 1000));

const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1' || text === 'yes');

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });

/** Comma-separated values, so that a secret can be changed without a gap: old and new are valid side by side. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

interface SettingMeta {
  readonly about: string;
  readonly example: string;
  readonly group: string;
  readonly secret?: true;
}

const setting = <T extends z.ZodType>(schema: T, meta: SettingMeta): T => schema.meta({ ...meta });

const portal = 'Portal';
const store = 'Object store';
const webhooks = 'Webhooks';
const workspaces = 'Workspaces';
const behaviour = 'Behaviour';
const daemon = 'Daemon';
const secrets = 'Secret managers';

/** The environment as it must be. Keys are the variables' names; values are parsed to what the parts need. */
export const Environment = z.object({
  PROV_DPP_API_URL: setting(httpUrl, {
    group: portal,
    about: 'Address of the data product portal, with or without `/api/v2`.',
    example: 'http://portal:8080',
  }),
  PORTAL_API_KEY: setting(z.string().min(1).optional(), {
    group: portal,
    about: "The portal's `PORTAL_API_KEY`, sent as `x-key`.",
    example: 'a-long-random-key',
    secret: true,
  }),
  PORTAL_CLIENT_ID: setting(z.string().min(1).optional(), {
    group: portal,
    about: 'OIDC client for client credentials; needs secret and token URL.',
    example: 'provisioner',
  }),
  PORTAL_CLIENT_SECRET: setting(z.string().min(1).optional(), {
    group: portal,
    about: 'Secret of that client.',
    example: 'from-your-identity-provider',
    secret: true,
  }),
  PORTAL_TOKEN_URL: setting(httpUrl.optional(), {
    group: portal,
    about: 'Token endpoint of the identity provider.',
    example: 'https://login.example.com/oauth2/token',
  }),
  PORTAL_SCOPE: setting(z.string().default('openid'), {
    group: portal,
    about: 'Scope asked for with client credentials.',
    example: 'openid',
  }),
  PROV_FINALIZER: setting(
    z
      .string()
      .regex(/^[a-z0-9-]{0,64}$/, 'must be at most 64 of a-z, 0-9 and -')
      .default('data-product-provisioner'),
    {
      group: portal,
      about:
        'Name of our finalizer on each product; empty = set none (deletes are then seen after the fact).',
      example: 'data-product-provisioner',
    },
  ),
  S3_ENDPOINT: setting(httpUrl, {
    group: store,
    about: 'The object store, as the provisioner reaches it.',
    example: 'http://rustfs:9000',
  }),
  S3_ACCESS_KEY: setting(z.string().min(1), {
    group: store,
    about: 'Our own (admin) identity in the store. Never handed to a product.',
    example: 'minioadmin',
  }),
  S3_SECRET_KEY: setting(z.string().min(1), {
    group: store,
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
      group: store,
      about: 'Region used to sign requests, and in each `.env`.',
      example: 'eu-west-1',
    },
  ),
  S3_BUCKET: setting(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name: 3-63 of a-z, 0-9, . and -')
      .default('data-products'),
    {
      group: store,
      about: 'The bucket that holds every prefix; made when missing.',
      example: 'data-products',
    },
  ),
  S3_WORKSPACE_ENDPOINT: setting(httpUrl.optional(), {
    group: store,
    about: 'The object store as workspaces reach it, when that differs.',
    example: 'https://s3.example.com',
  }),
  PROV_IAM_ENDPOINT: setting(httpUrl.optional(), {
    group: store,
    about: 'The IAM API, when it is not at `S3_ENDPOINT`.',
    example: 'https://iam.amazonaws.com',
  }),
  PROV_ISSUER: setting(
    z.enum(['auto', 'minio', 'aws-iam'], 'must be auto, minio or aws-iam').default('auto'),
    {
      group: store,
      about: 'Identity API of the store: `minio` (MinIO, RustFS), `aws-iam`, or `auto`: found by asking.',
      example: 'auto',
    },
  ),
  PROV_CREDENTIALS: setting(z.enum(['keys', 'sessions'], 'must be keys or sessions').default('keys'), {
    group: store,
    about: 'What products get: lasting access keys, or sessions (STS) that are renewed before they end.',
    example: 'sessions',
  }),
  PROV_SESSION_LIFETIME: setting(
    duration.default(43_200_000).refine((ms) => ms >= 900_000, 'must be at least 15m'),
    {
      group: store,
      about: 'How long a session lasts; it is renewed at half of it.',
      example: '12h',
    },
  ),
  PROV_CREDENTIALS_URL: setting(httpUrl.optional(), {
    group: store,
    about:
      'With sessions: our address as workspaces reach it. They then fetch sessions here, and no secret lies in a file.',
    example: 'https://provisioner.example.com',
  }),
  PROV_WORKSPACE_MOUNT: setting(
    z
      .string()
      .regex(/^\/[\w./-]*[\w-]$/, 'must be an absolute path')
      .default('/home/coder/products'),
    {
      group: workspaces,
      about:
        'Where the editors see the folder of all workspaces; stands in `.env` with `PROV_CREDENTIALS_URL`.',
      example: '/home/coder/products',
    },
  ),
  PROV_STS_ENDPOINT: setting(httpUrl.optional(), {
    group: store,
    about: 'STS, when it is not where the IAM API is (AWS).',
    example: 'https://sts.eu-west-1.amazonaws.com',
  }),
  PROV_AWS_PERMISSIONS_BOUNDARY: setting(
    z
      .string()
      .regex(/^arn:[\w-]+:iam::\d*:policy\/\S+$/, 'must be the ARN of an IAM policy')
      .optional(),
    {
      group: store,
      about: 'Permissions boundary of every IAM user that we make (AWS IAM API).',
      example: 'arn:aws:iam::123456789012:policy/data-products',
    },
  ),
  PROV_AWS_IAM_PATH: setting(
    z
      .string()
      .regex(/^\/([\w+=,.@-]+\/)*$/, 'must begin and end with a slash')
      .optional(),
    {
      group: store,
      about: 'Path of the IAM users that we make (AWS IAM API).',
      example: '/data-products/',
    },
  ),
  WEBHOOK_SECRET: setting(list.optional(), {
    group: webhooks,
    about: "The portal's `WEBHOOK_SECRET`; several, comma separated, while it is being changed.",
    example: 'a-long-random-secret',
    secret: true,
  }),
  WEBHOOK_V2_TOKEN: setting(list.optional(), {
    group: webhooks,
    about:
      'Token that v2 webhooks must bring, as `Authorization: Bearer` or as `?token=` in the URL given to the portal.',
    example: 'a-long-random-token',
    secret: true,
  }),
  WEBHOOK_V2_SECRET: setting(list.optional(), {
    group: webhooks,
    about: 'Secret for v2 webhooks signed the Standard Webhooks way (by a gateway in front).',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    secret: true,
  }),
  PROV_ALLOW_UNSIGNED: setting(flag.default(false), {
    group: webhooks,
    about: 'Accept webhooks without any proof. For closed networks only; warned about at start.',
    example: 'false',
  }),
  PROV_TEMPLATE_PATH: setting(z.string().min(1).default('./templates/sqlmesh'), {
    group: workspaces,
    about: 'The template folder that workspaces are rendered from.',
    example: './templates/sqlmesh',
  }),
  PROV_TEMPLATE_OUTPUT_PATH: setting(z.string().min(1).default('./products'), {
    group: workspaces,
    about: 'Where workspaces live: the volume that the editors mount.',
    example: '/products',
  }),
  PROV_WORKSPACE_UID: setting(integer(0, 4_294_967_294).optional(), {
    group: workspaces,
    about: 'Owner of workspace files (needs the right to change owners).',
    example: '1000',
  }),
  PROV_WORKSPACE_GID: setting(integer(0, 4_294_967_294).optional(), {
    group: workspaces,
    about: 'Group of workspace files; with it `.env` is 0640 and folders keep the group, else 0600.',
    example: '1000',
  }),
  PROV_KEY_GRACE: setting(duration.default(15 * 60_000), {
    group: behaviour,
    about: 'How long the old access key works on after a new one was handed over.',
    example: '15m',
  }),
  PROV_ROTATE_ON_ACCESS_CHANGE: setting(flag.default(true), {
    group: behaviour,
    about: "New credentials when a product's access changes; `false` changes the policy only.",
    example: 'true',
  }),
  PROV_PROOF_TIMEOUT: setting(duration.default(60_000), {
    group: behaviour,
    about: 'How long a store may take until a new key works as it must.',
    example: '60s',
  }),
  PROV_ON_DELETE: setting(z.enum(['archive', 'purge'], 'must be archive or purge').default('archive'), {
    group: behaviour,
    about: "A deleted product's data: `archive` leaves it in place, `purge` deletes it.",
    example: 'archive',
  }),
  PROV_BRAKE_PERCENT: setting(integer(1, 100).default(20), {
    group: behaviour,
    about: 'More than this share of products gone within the window stops all tear-downs.',
    example: '20',
  }),
  PROV_BRAKE_MINIMUM: setting(integer(1, 1_000_000).default(3), {
    group: behaviour,
    about: '… and at least this many.',
    example: '3',
  }),
  PROV_BRAKE_WINDOW: setting(duration.default(10 * 60_000), {
    group: behaviour,
    about: 'The window of the brake.',
    example: '10m',
  }),
  PROV_RESYNC_INTERVAL: setting(duration.default(10 * 60_000), {
    group: behaviour,
    about: 'How often every product is looked at again, event or not.',
    example: '10m',
  }),
  PROV_CONCURRENCY: setting(integer(1, 256).default(16), {
    group: behaviour,
    about: 'How many products are reconciled at a time.',
    example: '16',
  }),
  PROV_HISTORY_RETENTION: setting(duration.default(30 * 86_400_000), {
    group: behaviour,
    about: 'How long deliveries and runs are kept.',
    example: '30d',
  }),
  PROV_DATABASE_URL: setting(
    z
      .string()
      .min(1)
      .refine(
        (text) => !text.includes('://') || /^postgres(ql)?:\/\//.test(text),
        'must be a folder or postgres://…',
      )
      .default('./.data'),
    {
      group: daemon,
      about: 'A folder for the embedded database, or a PostgreSQL server.',
      example: 'postgres://provisioner@db/provisioner',
      secret: true,
    },
  ),
  PROV_CONTROL_PATH: setting(z.string().min(1).default('./.control'), {
    group: daemon,
    about: 'Folder through which `provisioner brake release` reaches the daemon.',
    example: '/var/lib/provisioner/control',
  }),
  PROV_HOST: setting(z.string().min(1).default('0.0.0.0'), {
    group: daemon,
    about: 'Address to listen on.',
    example: '127.0.0.1',
  }),
  PROV_PORT: setting(integer(0, 65_535).default(8090), {
    group: daemon,
    about: 'Port to listen on.',
    example: '8090',
  }),
  PROV_LOG_FORMAT: setting(
    z.enum(['auto', 'pretty', 'json'], 'must be auto, pretty or json').default('auto'),
    {
      group: daemon,
      about: 'Readable lines or JSON; `auto` = readable on a terminal.',
      example: 'json',
    },
  ),
  PROV_LOG_LEVEL: setting(z.enum(['error', 'warn', 'info', 'debug']).default('info'), {
    group: daemon,
    about: 'Least severe line that is written.',
    example: 'debug',
  }),
  PROV_CA_FILE: setting(z.string().min(1).optional(), {
    group: daemon,
    about: 'PEM file of certificate authorities to trust beside the usual ones, for every connection.',
    example: '/etc/ssl/platform-ca.pem',
  }),
  PROV_ALLOW_HTTP: setting(flag.default(false), {
    group: daemon,
    about: 'Allow `http://` to hosts outside the local network.',
    example: 'false',
  }),
  PROV_SECRET_SINK: setting(
    z
      .enum(['env', 'vault', 'aws-sm', 'kubernetes'], 'must be env, vault, aws-sm or kubernetes')
      .default('env'),
    {
      group: secrets,
      about:
        'Where the secret of a product’s key goes: its `.env`, or a secret manager that `.env` then refers to.',
      example: 'vault',
    },
  ),
  PROV_SECRET_PREFIX: setting(
    z
      .string()
      .regex(/^[\w.-]+(\/[\w.-]+)*$/, 'must be a path such as data-products')
      .default('data-products'),
    {
      group: secrets,
      about: 'Path of the products’ secrets in Vault and in AWS Secrets Manager; the home’s name follows.',
      example: 'platform/data-products',
    },
  ),
  PROV_VAULT_MOUNT: setting(
    z
      .string()
      .regex(/^[\w.-]+$/, 'must be the name of a mount')
      .default('secret'),
    {
      group: secrets,
      about: 'Mount of the KV engine (version 2) for the products’ secrets.',
      example: 'secret',
    },
  ),
  PROV_KUBERNETES_API: setting(httpUrl.default('https://kubernetes.default.svc'), {
    group: secrets,
    about: 'API server, for `PROV_SECRET_SINK=kubernetes`.',
    example: 'https://kubernetes.default.svc',
  }),
  PROV_KUBERNETES_NAMESPACE: setting(
    z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be the name of a namespace')
      .default('default'),
    {
      group: secrets,
      about: 'Namespace of the products’ Secrets.',
      example: 'data-products',
    },
  ),
  PROV_KUBERNETES_TOKEN_FILE: setting(
    z.string().min(1).default('/var/run/secrets/kubernetes.io/serviceaccount/token'),
    {
      group: secrets,
      about: 'File with the token of our service account; read anew for each call.',
      example: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    },
  ),
  VAULT_ADDR: setting(httpUrl.optional(), {
    group: secrets,
    about: 'Vault or OpenBao, for values of the form `vault:<mount>/<path>#<field>`.',
    example: 'https://vault.example.com:8200',
  }),
  VAULT_NAMESPACE: setting(z.string().min(1).optional(), {
    group: secrets,
    about: 'Its namespace, where it has them.',
    example: 'platform',
  }),
  VAULT_TOKEN: setting(z.string().min(1).optional(), {
    group: secrets,
    about: 'Our token there.',
    example: 'hvs.from-your-vault',
    secret: true,
  }),
  VAULT_ROLE_ID: setting(z.string().min(1).optional(), {
    group: secrets,
    about: 'Our AppRole there, instead of a token; needs the secret id.',
    example: 'the-role-id',
  }),
  VAULT_SECRET_ID: setting(z.string().min(1).optional(), {
    group: secrets,
    about: 'Secret id of that role.',
    example: 'from-your-vault',
    secret: true,
  }),
  PROV_AWS_SECRETS_ENDPOINT: setting(httpUrl.optional(), {
    group: secrets,
    about: 'AWS Secrets Manager at another address, for values of the form `aws-sm:<name>#<field>`.',
    example: 'https://secretsmanager.eu-west-1.amazonaws.com',
  }),
});
export type Environment = z.infer<typeof Environment>;

/** Form of the metadata of one setting, for the parts that print it. */
export const SettingMeta = z.object({
  about: z.string(),
  example: z.string(),
  group: z.string(),
  secret: z.literal(true).optional(),
});
