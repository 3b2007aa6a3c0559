/** How the portal is reached. */
import { z } from 'zod';
import { httpUrl, integer, secret, settingsOf } from './forms.ts';

const setting = settingsOf('Portal');

export const portalSettings = {
  PROV_DPP_API_URL: setting(httpUrl, {
    about: 'Address of the data product portal, with or without `/api/v2`.',
    example: 'http://portal:8080',
  }),
  PORTAL_API_KEY: setting(secret.optional(), {
    about: "The portal's `PORTAL_API_KEY`, sent as `x-key`.",
    example: 'a-long-random-key',
    secret: true,
  }),
  PORTAL_CLIENT_ID: setting(z.string().min(1).optional(), {
    about: 'OIDC client for client credentials; needs secret and token URL.',
    example: 'provisioner',
  }),
  PORTAL_CLIENT_SECRET: setting(secret.optional(), {
    about: 'Secret of that client.',
    example: 'from-your-identity-provider',
    secret: true,
  }),
  PORTAL_TOKEN_URL: setting(httpUrl.optional(), {
    about: 'Token endpoint of the identity provider.',
    example: 'https://login.example.com/oauth2/token',
  }),
  PORTAL_SCOPE: setting(z.string().default('openid'), {
    about: 'Scope asked for with client credentials.',
    example: 'openid',
  }),
  PROV_PORTAL_CONCURRENCY: setting(integer(1, 64).default(8), {
    about: 'Requests to the portal that are under way at a time.',
    example: '8',
  }),
  PROV_PORTAL_RATE: setting(integer(0, 100_000).default(0), {
    about: 'Requests to the portal within any second; 0 = as many as there are.',
    example: '50',
  }),
  PROV_FINALIZER: setting(
    z
      .string()
      .regex(/^[a-z0-9-]{0,64}$/, 'must be at most 64 of a-z, 0-9 and -')
      .default('data-product-provisioner'),
    {
      about:
        'Name of our finalizer on each product; empty = set none (deletes are then seen after the fact).',
      example: 'data-product-provisioner',
    },
  ),
};
