/** Where workspaces lie and whose they are. */
import { z } from 'zod';
import { flag, integer, settingsOf } from './forms.ts';

const setting = settingsOf('Workspaces');

export const workspacesSettings = {
  PROV_WORKSPACE_MOUNT: setting(
    z
      .string()
      .regex(/^\/[\w./-]*[\w-]$/, 'must be an absolute path')
      .default('/home/coder/products'),
    {
      about:
        'Where the editors see the folder of all workspaces; stands in `.env` with `PROV_CREDENTIALS_URL`.',
      example: '/home/coder/products',
    },
  ),
  PROV_TEMPLATE_PATH: setting(z.string().min(1).default('./templates/sqlmesh'), {
    about:
      'The template folder that workspaces are rendered from, unless a rule or a product’s setting says otherwise. Templates beside it can be had by their names.',
    example: './templates/sqlmesh',
  }),
  PROV_TEMPLATE_CACHE: setting(z.string().min(1).default('./.data/templates'), {
    about: 'Where templates from git repositories are kept, so that a start does not need their server.',
    example: '/data/templates',
  }),
  PROV_PLATFORM_FILE: setting(z.string().min(1).optional(), {
    about:
      'The platform team’s file: store, templates, who gets which, their parameters. See docs/templates.md.',
    example: './platform.yaml',
  }),
  PROV_ENVIRONMENT: setting(z.string().min(1).optional(), {
    about: 'Which of the platform file’s environments this is.',
    example: 'production',
  }),
  PROV_TEMPLATE_OUTPUT_PATH: setting(z.string().min(1).default('./products'), {
    about: 'Where workspaces live: the volume that the editors mount.',
    example: '/products',
  }),
  PROV_WORKSPACE_GIT: setting(flag.default(true), {
    about:
      'Keep each workspace as a git repository, with our changes as commits. Without it a file that the template and a person changed is never merged.',
    example: 'true',
  }),
  PROV_WORKSPACE_UID: setting(integer(0, 4_294_967_294).optional(), {
    about: 'Owner of workspace files (needs the right to change owners).',
    example: '1000',
  }),
  PROV_WORKSPACE_GID: setting(integer(0, 4_294_967_294).optional(), {
    about: 'Group of workspace files; with it `.env` is 0640 and folders keep the group, else 0600.',
    example: '1000',
  }),
  PROV_WORKSPACE_GROUP_BASE: setting(integer(1000, 4_000_000_000).optional(), {
    about:
      'Gives each workspace a group of its own, numbered from here on, that alone may come in: no product reads another’s keys. Needs the right to change groups. See docs/operations.md.',
    example: '200000',
  }),
};
