/** Secret managers: for products’ secrets, and for settings that are references. */
import { z } from 'zod';
import { httpUrl, secret, settingsOf } from './forms.ts';

const setting = settingsOf('Secret managers');

export const secretsSettings = {
  PROV_SECRET_SINK: setting(
    z
      .enum(['env', 'vault', 'aws-sm', 'kubernetes'], 'must be env, vault, aws-sm or kubernetes')
      .default('env'),
    {
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
      about: 'Mount of the KV engine (version 2) for the products’ secrets.',
      example: 'secret',
    },
  ),
  PROV_KUBERNETES_API: setting(httpUrl.default('https://kubernetes.default.svc'), {
    about: 'API server, for `PROV_SECRET_SINK=kubernetes`.',
    example: 'https://kubernetes.default.svc',
  }),
  PROV_KUBERNETES_NAMESPACE: setting(
    z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be the name of a namespace')
      .default('default'),
    {
      about: 'Namespace of the products’ Secrets.',
      example: 'data-products',
    },
  ),
  PROV_KUBERNETES_TOKEN_FILE: setting(
    z.string().min(1).default('/var/run/secrets/kubernetes.io/serviceaccount/token'),
    {
      about:
        'File with the token of our service account; `ca.crt` beside it, where there is one, is trusted for these calls. Both are read anew for each call.',
      example: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    },
  ),
  VAULT_ADDR: setting(httpUrl.optional(), {
    about: 'Vault or OpenBao, for values of the form `vault:<mount>/<path>#<field>`.',
    example: 'https://vault.example.com:8200',
  }),
  VAULT_NAMESPACE: setting(z.string().min(1).optional(), {
    about: 'Its namespace, where it has them.',
    example: 'platform',
  }),
  VAULT_TOKEN: setting(secret.optional(), {
    about: 'Our token there.',
    example: 'hvs.from-your-vault',
    secret: true,
  }),
  VAULT_ROLE_ID: setting(z.string().min(1).optional(), {
    about: 'Our AppRole there, instead of a token; needs the secret id.',
    example: 'the-role-id',
  }),
  VAULT_SECRET_ID: setting(secret.optional(), {
    about: 'Secret id of that role.',
    example: 'from-your-vault',
    secret: true,
  }),
  PROV_AWS_SECRETS_ENDPOINT: setting(httpUrl.optional(), {
    about: 'AWS Secrets Manager at another address, for values of the form `aws-sm:<name>#<field>`.',
    example: 'https://secretsmanager.eu-west-1.amazonaws.com',
  }),
};
