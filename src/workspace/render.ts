/** Renders a template for one product: pure, in memory. */
import { ProvisionerError } from '../model/errors.ts';
import type { Owner } from '../model/product.ts';
import type { PublishedTable } from '../model/published.ts';
import { type FileState, fileDigest } from './digest.ts';
import type { Ownership, Parameters } from './manifest.ts';
import type { Template } from './template.ts';

/** What a template sees (version 2 of the context; documented in docs/templates.md). */
export interface RenderContext {
  readonly product: {
    readonly id: string;
    readonly name: string;
    readonly namespace: string;
    readonly description: string;
    readonly domain: string;
    readonly type: string;
    readonly lifecycle: string | null;
    readonly tags: readonly string[];
    readonly owners: readonly Owner[];
  };
  readonly home: {
    readonly name: string;
    readonly bucket: string;
    /** With trailing slash. */
    readonly prefix: string;
    /** The name as an SQL identifier. */
    readonly schema: string;
    readonly outputUri: string;
  };
  readonly inputs: readonly {
    readonly product: { readonly id: string; readonly name: string };
    /** Names of the approved ports, comma separated. */
    readonly outputPort: string;
    readonly schema: string;
    readonly uri: string;
    /** Tables found at the uri when it was last looked at. */
    readonly tables: readonly string[];
    /** The same tables with what is known of them (since version 2). */
    readonly published: readonly PublishedTable[];
  }[];
  /** Values of the template's parameters. */
  readonly parameters: Parameters;
}

export interface RenderedFile extends FileState {
  /** Relative to the workspace, `/` between segments, checked: stays inside. */
  readonly path: string;
  readonly digest: string;
  readonly ownership: Ownership;
}

/**
 * @throws ProvisionerError `TEMPLATE_INVALID` when a variable is unknown or a rendered path would leave the workspace
 */
export function renderTemplate(template: Template, context: RenderContext): readonly RenderedFile[] {
  const full = { ...context, template: { id: template.id, version: template.version } };
  const { parameters } = context;
  const there = template.files.filter(({ when }) => when === null || isSet(parameters[when]));
  return there.map((file) => {
    const path = checkedPath(file.renderPath(full));
    const state = { content: file.render(full), executable: file.executable };
    return { path, ...state, digest: fileDigest(state), ownership: file.ownership };
  });
}

/** Whether a file is there whose `when` names a parameter of this value. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 'none';
}

/** What lies there is not the template's: the repository, and what we guard. */
const reservedNames = ['.git', '.env', '.credentials-token'];

function checkedPath(path: string): string {
  const segments = path.split('/');
  const unsafe = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  // Some volumes do not tell capitals from small letters.
  const reserved = reservedNames.includes(segments[0]?.toLowerCase() ?? '');
  if (unsafe || reserved || /[\\\p{Cc}]/u.test(path)) {
    throw new ProvisionerError(
      'TEMPLATE_INVALID',
      `A template file would be written to ${JSON.stringify(path)}.`,
    );
  }
  return path;
}
