/** From what the portal says to what should be there: the wish, in the planner's terms. */
import { decideGrants, type Grant, type GrantDecision, type Provider } from '../grants/granted.ts';
import { assemblePolicy, policySize } from '../grants/policy.ts';
import type { IssuerKind } from '../identity/issuer.ts';
import { asProvisionerError, type ProvisionerError } from '../model/errors.ts';
import { type GrantFacts, homesOf } from '../model/grant.ts';
import { type HomeName, outputPrefixOf, prefixOf, schemaNameOf } from '../model/home.ts';
import type { ProductId } from '../model/ids.ts';
import type { Product } from '../model/product.ts';
import type { PublishedTable } from '../model/published.ts';
import { type Catalogue, chooseTemplate } from '../workspace/catalogue.ts';
import { type RenderContext, type RenderedFile, renderTemplate } from '../workspace/render.ts';
import type { DesiredHome } from './state.ts';

/** What the operator decided, as far as the wish depends on it. */
export interface HomeSettings {
  readonly bucket: string;
  readonly region: string;
  /** Where requests name the bucket. */
  readonly addressing: 'path' | 'virtual';
  /** The store as workspaces reach it. */
  readonly workspaceEndpoint: string;
  readonly finalizer: string | null;
  readonly rotateOnAccessChange: boolean;
  /** A lasting key is replaced when it is so old; `null` = never. */
  readonly keyMaxAgeMs: number | null;
  readonly catalogue: Catalogue;
  /** Whether workspaces have a history. */
  readonly history: boolean;
  /** Further lines of every `.env`, as they are now: secrets among them are replaced in their time. */
  readonly workspaceEnv: () => Readonly<Record<string, string>>;
  /** Lines of `.env` that say where the secret is, when it is not there itself. */
  readonly secretReference: (product: ProductId, home: HomeName) => Readonly<Record<string, string>>;
}

/** Everything about one product that the wish is made of. */
export interface HomeFacts {
  readonly product: Product;
  readonly home: HomeName;
  readonly providers: ReadonlyMap<ProductId, Provider>;
  /** Ports granted at the last run: on a full policy they keep their place. */
  readonly grantedBefore: ReadonlySet<string>;
  /** Tables found below each provider's output prefix. */
  readonly tables: ReadonlyMap<HomeName, readonly PublishedTable[]>;
  /** What the store's identity API gives, and how much it can hold. */
  readonly issuer: IssuerKind;
  readonly nowMs: number;
  /** Why a new key was asked for, if one was. */
  readonly rotateWhy: string | null;
  /** `<id>@<version>` that the workspace was rendered from last. */
  readonly renderedFrom: string | null;
}

export interface HomeWish {
  readonly desired: DesiredHome;
  readonly rendered: readonly RenderedFile[];
  /** `<id>@<version>` of the template; while it can not be rendered, of what it was rendered from last. */
  readonly template: string | null;
  /** Why it can not be rendered: access, keys and `.env` do not wait for that. */
  readonly problem: ProvisionerError | null;
  readonly decision: GrantDecision;
  readonly grants: readonly Grant[];
  /** Approved, but the policy has no room: not granted. */
  readonly noRoom: readonly Grant[];
}

export function wishForHome(settings: HomeSettings, facts: HomeFacts): HomeWish {
  const { product, home } = facts;
  const decision = decideGrants(product.id, product.inputs, facts.providers, facts.nowMs);
  const { fitting, noRoom } = fitIntoPolicy(settings.bucket, facts, decision.grants);
  const readable = homesOf(fitting);
  const context = renderContext(settings, facts, fitting);
  const { rendered, template, problem } = renderWish(settings.catalogue, facts, context);
  const desired: DesiredHome = {
    kind: 'home',
    home,
    finalizer: settings.finalizer,
    policy: assemblePolicy(settings.bucket, home, readable),
    readable,
    grants: fitting.map((grant) => grant.outputPort).sort(),
    grantFacts: factsOf(fitting),
    files: rendered,
    history: settings.history,
    holdFiles: false,
    env: {
      ...settings.workspaceEnv(),
      ...envEntries(settings, home, context),
      ...settings.secretReference(product.id, home),
    },
    rotateOnAccessChange: settings.rotateOnAccessChange,
    rotateWhy: facts.rotateWhy,
    keyMaxAgeMs: settings.keyMaxAgeMs,
    keysPerPrincipal: facts.issuer.limits.keysPerPrincipal,
    credentials: facts.issuer.credentials,
    fixedPolicy: facts.issuer.fixedForMs !== null,
  };
  return {
    desired,
    rendered,
    template,
    problem,
    decision,
    grants: fitting,
    noRoom,
  };
}

function renderWish(
  catalogue: Catalogue,
  { product, renderedFrom }: HomeFacts,
  context: Omit<RenderContext, 'parameters'>,
): Pick<HomeWish, 'rendered' | 'template' | 'problem'> {
  try {
    const { template, parameters } = chooseTemplate(catalogue, product);
    const rendered = renderTemplate(template, { ...context, parameters });
    return { rendered, template: `${template.id}@${template.version}`, problem: null };
  } catch (thrown) {
    const problem = asProvisionerError(thrown);
    if (problem.code !== 'TEMPLATE_INVALID') throw problem;
    return { rendered: [], template: renderedFrom, problem };
  }
}

/** In order of the ports, as our books list them. */
function factsOf(grants: readonly Grant[]): GrantFacts[] {
  return grants
    .map(({ outputPort, outputPortName, validUntil }) => ({ outputPort, outputPortName, validUntil }))
    .sort((left, right) => (left.outputPort < right.outputPort ? -1 : 1));
}

/** As many grants as the store's policy can hold, those in force first: a full policy never costs somebody their access. */
function fitIntoPolicy(
  bucket: string,
  { home, grantedBefore: before, issuer: { limits } }: HomeFacts,
  grants: readonly Grant[],
): { fitting: Grant[]; noRoom: Grant[] } {
  const fitting: Grant[] = [];
  const noRoom: Grant[] = [];
  const ordered = [...grants].sort(
    (a, b) => Number(before.has(b.outputPort)) - Number(before.has(a.outputPort)),
  );
  for (const grant of ordered) {
    const readable = [...fitting, grant].map((each) => each.home);
    const fits = policySize(assemblePolicy(bucket, home, readable)) <= limits.policySize;
    (fits ? fitting : noRoom).push(grant);
  }
  return { fitting, noRoom };
}

function renderContext(
  settings: HomeSettings,
  facts: HomeFacts,
  grants: readonly Grant[],
): Omit<RenderContext, 'parameters'> {
  const { product, home } = facts;
  const { id, name, namespace, description, domain, type, lifecycle, tags, owners } = product;
  return {
    product: { id, name, namespace, description, domain, type, lifecycle, tags, owners },
    home: {
      name: home,
      bucket: settings.bucket,
      prefix: prefixOf(home),
      schema: schemaNameOf(home),
      outputUri: outputUri(settings, home),
    },
    inputs: inputsByProvider(settings, facts, grants),
  };
}

/** One input per provider, however many of its ports were granted: they open the same prefix. */
function inputsByProvider(
  settings: HomeSettings,
  facts: HomeFacts,
  grants: readonly Grant[],
): RenderContext['inputs'] {
  const homes = homesOf(grants);
  const schemas = uniqueSchemas([schemaNameOf(facts.home), ...homes.map(schemaNameOf)]).slice(1);
  return homes.map((home, index) => {
    const ports = grants.filter((grant) => grant.home === home);
    const published = facts.tables.get(home) ?? [];
    return {
      product: { id: ports[0]?.provider ?? '', name: ports[0]?.providerName ?? '' },
      outputPort: ports.map((grant) => grant.outputPortName).join(', '),
      schema: schemas[index] ?? schemaNameOf(home),
      uri: outputUri(settings, home),
      tables: published.map((table) => table.name),
      published,
    };
  });
}

/** `a-b` and `a_b` are two homes and one SQL name: the later ones get a number. */
function uniqueSchemas(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`;
    taken.add(free);
    return free;
  });
}

function outputUri(settings: HomeSettings, home: HomeName): string {
  return `s3://${settings.bucket}/${outputPrefixOf(home)}`;
}

/** The block of `.env` but for the credentials; `credentialEntries` adds those. Names: docs/templates.md. */
function envEntries(
  settings: HomeSettings,
  home: HomeName,
  context: Pick<RenderContext, 'inputs'>,
): Record<string, string> {
  const { workspaceEndpoint, region, bucket, addressing } = settings;
  return {
    S3_ENDPOINT: workspaceEndpoint,
    S3_REGION: region,
    // DuckDB's words.
    S3_URL_STYLE: addressing === 'virtual' ? 'vhost' : 'path',
    S3_BUCKET: bucket,
    S3_PREFIX: prefixOf(home),
    S3_INPUTS: context.inputs.map((input) => `${input.schema}=${input.uri}`).join(','),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: workspaceEndpoint,
    AWS_ENDPOINT_URL_S3: workspaceEndpoint,
  };
}

/** Credentials as they stand in `.env`. */
export interface EnvCredentials {
  readonly id: string;
  readonly secret: string;
  /** Of a session, with the time at which it ends (ISO 8601). */
  readonly session: { readonly token: string; readonly expires: string } | null;
}

/** The credentials under the names that the template and the AWS tools read. */
export function credentialEntries({ id, secret, session }: EnvCredentials): Record<string, string> {
  const lasting = {
    S3_ACCESS_KEY: id,
    S3_SECRET_KEY: secret,
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
  };
  if (session === null) return lasting;
  const { token, expires } = session;
  return { ...lasting, S3_SESSION_TOKEN: token, AWS_SESSION_TOKEN: token, S3_CREDENTIALS_EXPIRE: expires };
}

/** The credentials found in `.env`; `null` when they are not whole. */
export function credentialsIn(entries: Readonly<Record<string, string>>): EnvCredentials | null {
  const {
    S3_ACCESS_KEY: id,
    S3_SECRET_KEY: secret,
    S3_SESSION_TOKEN: token,
    S3_CREDENTIALS_EXPIRE: expires,
  } = entries;
  if (id === undefined || secret === undefined) return null;
  return { id, secret, session: token === undefined || expires === undefined ? null : { token, expires } };
}

/** Names of `credentialEntries`. */
export const credentialNames = [
  'S3_ACCESS_KEY',
  'S3_SECRET_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'S3_SESSION_TOKEN',
  'AWS_SESSION_TOKEN',
  'S3_CREDENTIALS_EXPIRE',
] as const;
