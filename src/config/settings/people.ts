/** Who may look and act: keys, and people who log in. */
import { z } from 'zod';
import { duration, httpUrl, list, secret, settingsOf } from './forms.ts';

const setting = settingsOf('Keys and logins');
const values = (fallback: string) => list.default([fallback]);

export const peopleSettings = {
  PROV_ADMIN_KEY: setting(z.string().min(32, 'must have at least 32 characters').optional(), {
    about: 'A key to the API with the role `admin`, besides those that `provisioner keys create` makes.',
    example: 'at-least-32-characters-of-randomness',
    secret: true,
  }),
  PROV_PUBLIC_URL: setting(httpUrl.optional(), {
    about:
      'Our address as browsers reach it; needed for logins with an identity provider. With `https`, cookies are `Secure`.',
    example: 'https://provisioner.example.com',
  }),
  PROV_SESSION_SECRET: setting(z.string().min(32, 'must have at least 32 characters').optional(), {
    about: 'Signs the cookies of logins; the same for all replicas. Without it, logins end with the process.',
    example: 'at-least-32-characters-of-randomness',
    secret: true,
  }),
  PROV_LOGIN_LIFETIME: setting(duration.default(8 * 3_600_000), {
    about: 'How long a login lasts.',
    example: '8h',
  }),
  PROV_OIDC_ISSUER: setting(httpUrl.optional(), {
    about: 'OpenID provider that people log in with; needs the client’s id and `PROV_PUBLIC_URL`.',
    example: 'https://login.example.com/realms/data',
  }),
  PROV_OIDC_CLIENT_ID: setting(z.string().min(1).optional(), {
    about: 'Our client there. Its redirect address is `<PROV_PUBLIC_URL>/auth/callback`.',
    example: 'provisioner',
  }),
  PROV_OIDC_CLIENT_SECRET: setting(secret.optional(), {
    about: 'Secret of that client; a public client has none.',
    example: 'from-your-identity-provider',
    secret: true,
  }),
  PROV_OIDC_SCOPE: setting(z.string().min(1).default('openid profile email'), {
    about: 'Scope asked for.',
    example: 'openid profile email groups',
  }),
  PROV_OIDC_ROLES_CLAIM: setting(z.string().min(1).default('roles'), {
    about: 'Claim with a person’s roles or groups; dots lead inside, as in `realm_access.roles`.',
    example: 'groups',
  }),
  PROV_OIDC_VIEWERS: setting(values('provisioner-viewer'), {
    about: 'Values of that claim that let somebody look, comma separated.',
    example: 'data-people',
  }),
  PROV_OIDC_OPERATORS: setting(values('provisioner-operator'), {
    about: 'Values that also let somebody act on single products.',
    example: 'data-platform-oncall',
  }),
  PROV_OIDC_ADMINS: setting(values('provisioner-admin'), {
    about: 'Values that also let somebody act on the whole estate and on keys.',
    example: 'data-platform-admins',
  }),
};
