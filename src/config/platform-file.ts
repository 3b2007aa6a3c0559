/** `platform.yaml`, the platform team's file: which templates there are, who gets which, and what is set in them. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { ProvisionerError } from '../model/errors.ts';
import { isSafeAddress } from './address.ts';

const templateId = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be of a-z, 0-9 and -');

const TemplatePlace = z
  .union([
    z.strictObject({ path: z.string().min(1).describe('A folder, relative to this file.') }),
    z.strictObject({
      git: z
        .string()
        .regex(
          /^(https:\/\/|ssh:\/\/|file:\/\/\/)[^\s@]*$/,
          'must be an https://, ssh:// or file:/// URL without credentials',
        )
        .describe('URL of a git repository.'),
      ref: z
        .string()
        .regex(/^[\w][\w./-]*$/)
        .describe('Tag, branch or commit; noted by its commit.'),
      folder: z
        .string()
        .regex(/^(?!\/)(?!.*\.\.)[\w./-]+$/)
        .default('.')
        .describe('Where the template is in it.'),
    }),
  ])
  .describe('Where a template is.');
export type TemplatePlace = z.infer<typeof TemplatePlace>;

const TemplateRule = z
  .strictObject({
    type: z.string().optional().describe('Type of the product in the portal.'),
    domain: z.string().optional().describe('Domain of the product.'),
    tag: z.string().optional().describe('One of the product’s tags.'),
    template: templateId,
  })
  .refine((rule) => rule.type !== undefined || rule.domain !== undefined || rule.tag !== undefined, {
    message: 'a rule needs type, domain or tag; for all others there is PROV_TEMPLATE_PATH',
  });
export type TemplateRule = z.infer<typeof TemplateRule>;

const SecretRef = z.strictObject({
  secret_ref: z
    .string()
    .regex(/^(vault|aws-sm):.+$/, 'must be vault:<mount>/<path>#<field> or aws-sm:<name>[#<field>]'),
});

const Parameters = z
  .record(templateId, z.record(z.string(), z.json()))
  .describe('Template → its parameters.');

const WorkspaceEnv = z
  .record(z.string(), z.union([z.string(), SecretRef]))
  .refine(
    (lines) => Object.keys(lines).every((name) => /^(?!(S3|AWS)_)[A-Z][A-Z0-9_]*$/.test(name)),
    'names are of A-Z, 0-9 and _, and S3_ and AWS_ names are the provisioner’s',
  )
  .describe(
    'Further lines of every workspace’s `.env`; a `secret_ref` is read at start and with each resync, and never rendered.',
  );

const remoteUrl = z
  .string()
  .regex(
    /^(https?:\/\/|file:\/\/\/|\/)[^\s@]+$/,
    'must be an https:// or file:/// URL or an absolute path, without credentials',
  )
  .refine((url) => /\{(home|namespace)\}/.test(url), 'must hold {home} or {namespace}')
  .refine(
    (url) => !url.startsWith('http') || isSafeAddress(url.replace(/\{\w+\}/g, 'x')),
    'plain http:// is for the local network only',
  );

const WorkspaceRemote = z
  .strictObject({
    url: remoteUrl.describe(
      'Address of a workspace’s repository, which must be there; {home} and {namespace} stand for the product’s.',
    ),
    token: SecretRef.optional().describe(
      'Password for that address, read at start and with each resync; for https:// alone.',
    ),
    user: z
      .string()
      .regex(/^[\w.-]+$/)
      .default('git')
      .describe('User name that goes with the token; most servers take any.'),
    branch: z
      .string()
      .regex(/^(?!provisioner\/)[A-Za-z0-9](?!.*(\.\.|\/\/|\.lock$))[\w./-]*$/)
      .default('main')
      .describe('Branch of the workspace that is pushed, beside `provisioner/template`.'),
  })
  .describe('Where the histories of workspaces are pushed.');

const WorkspacesPart = z.strictObject({ remote: WorkspaceRemote.optional() });

/** A remote as the file says it. */
export type RemotePlace = z.infer<typeof WorkspaceRemote>;

const Rollout = z
  .strictObject({
    canaries: z
      .int()
      .min(0)
      .default(0)
      .describe('So many products get a new version first; 0 = all at once.'),
    type: z.string().optional().describe('Canaries are of this type alone.'),
    domain: z.string().optional().describe('Canaries are of this domain alone.'),
    tag: z.string().optional().describe('Canaries have this tag.'),
    stop_after: z
      .int()
      .min(1)
      .default(1)
      .describe('Canaries that fail, or end in a conflict, after which a person decides.'),
  })
  .describe('How a new version of a template reaches workspaces.');

const Store = z
  .strictObject({
    endpoint: z.string().min(1).optional().describe('As the provisioner reaches it (`S3_ENDPOINT`).'),
    workspace_endpoint: z
      .string()
      .min(1)
      .optional()
      .describe('As workspaces reach it (`S3_WORKSPACE_ENDPOINT`).'),
    iam_endpoint: z.string().min(1).optional().describe('Its IAM API (`PROV_IAM_ENDPOINT`).'),
    region: z.string().min(1).optional().describe('`S3_REGION`'),
    bucket: z.string().min(1).optional().describe('`S3_BUCKET`'),
    addressing: z.enum(['path', 'virtual']).optional().describe('`PROV_S3_ADDRESSING`'),
  })
  .describe('An object store; its keys are no matter of this file.');
type Store = z.infer<typeof Store>;

const Stores = z
  .record(templateId, Store)
  .refine(
    (stores) => Object.keys(stores).length <= 1,
    'one installation serves one store: give another its own',
  )
  .describe('Logical name → the store. What the environment sets goes before it.');

const Environment = z.strictObject({
  stores: Stores.default({}),
  workspaces: WorkspacesPart.default({}),
  parameters: Parameters.default({}),
  env: WorkspaceEnv.default({}),
});

/** The form of the file; docs/platform.schema.json is made from it. */
export const PlatformFile = z.strictObject({
  version: z.literal(1),
  templates: z
    .record(templateId, TemplatePlace)
    .default({})
    .describe('Templates beside those next to PROV_TEMPLATE_PATH.'),
  rules: z
    .array(TemplateRule)
    .default([])
    .describe('The first that fits a product decides, unless its setting `workspace_template` does.'),
  stores: Stores.default({}),
  parameters: Parameters.default({}),
  env: WorkspaceEnv.default({}),
  workspaces: WorkspacesPart.default({}),
  rollout: Rollout.prefault({}),
  environments: z
    .record(z.string(), Environment)
    .default({})
    .describe('What differs where PROV_ENVIRONMENT has this name.'),
});

/** What the file says for the environment that this daemon is in. */
export interface Platform {
  readonly templates: Readonly<Record<string, TemplatePlace>>;
  readonly rules: readonly TemplateRule[];
  readonly parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly env: Readonly<Record<string, string | { readonly secret_ref: string }>>;
  /** `null`: histories stay in the workspaces. */
  readonly remote: RemotePlace | null;
  readonly rollout: z.infer<typeof Rollout>;
  /** What it says of the store. */
  readonly store: Store;
}

export const noPlatform: Platform = {
  templates: {},
  rules: [],
  parameters: {},
  env: {},
  remote: null,
  rollout: { canaries: 0, stop_after: 1 },
  store: {},
};

/**
 * Reads and checks the file. Paths in it come back absolute.
 *
 * @param environment name of one of its environments
 * @throws ProvisionerError `CONFIG_INVALID` that says where in the file what is wrong
 */
export async function readPlatformFile(path: string, environment: string | undefined): Promise<Platform> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw wrong(path, 'it can not be read', cause);
  });
  const parsed = PlatformFile.safeParse(parsedYaml(path, text));
  if (!parsed.success) throw wrong(path, z.prettifyError(parsed.error));
  const { environments, templates, rules, parameters, env, workspaces, rollout, stores } = parsed.data;
  const here =
    environment === undefined
      ? { parameters: {}, env: {}, workspaces: {}, stores: {} }
      : new Map(Object.entries(environments)).get(environment);
  if (here === undefined) {
    const known = Object.keys(environments).join(', ') || 'none';
    throw wrong(
      path,
      `it has no environment ${JSON.stringify(environment)} (PROV_ENVIRONMENT); it has: ${known}`,
    );
  }
  return {
    templates: Object.fromEntries(
      Object.entries(templates).map(([id, place]) => [
        id,
        'path' in place ? { path: resolve(dirname(path), place.path) } : place,
      ]),
    ),
    rules,
    parameters: mergeParameters(parameters, here.parameters),
    env: { ...env, ...here.env },
    remote: here.workspaces.remote ?? workspaces.remote ?? null,
    rollout,
    store: storeOf(path, stores, here.stores),
  };
}

/** An environment says of the same store what differs there. */
function storeOf(path: string, everywhere: z.infer<typeof Stores>, here: z.infer<typeof Stores>): Store {
  const names = new Set([...Object.keys(everywhere), ...Object.keys(here)]);
  if (names.size > 1)
    throw wrong(path, `one installation serves one store, and it names ${[...names].join(' and ')}`);
  return Object.assign({}, ...Object.values(everywhere), ...Object.values(here));
}

function mergeParameters(
  everywhere: Platform['parameters'],
  here: Platform['parameters'],
): Platform['parameters'] {
  const ids = new Set([...Object.keys(everywhere), ...Object.keys(here)]);
  return Object.fromEntries([...ids].map((id) => [id, { ...everywhere[id], ...here[id] }]));
}

function parsedYaml(path: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (cause) {
    throw wrong(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function wrong(path: string, what: string, cause?: unknown): ProvisionerError {
  return new ProvisionerError('CONFIG_INVALID', `The platform file ${path} is not usable: ${what}`, {
    cause,
  });
}
