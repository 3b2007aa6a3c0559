/** The portal's rule for namespaces: what it lets through is more than what is safe in a path. */
import { Problem } from '../http/problem.ts';

export const maxNamespaceLength = 64;

/** `$` of Python's `re.match` also stands before a last line break, so that one passes too. */
const allowed = /^[a-z0-9+=,.@_-]+\n?$/;

type NamespaceValidity = 'VALID' | 'INVALID_LENGTH' | 'INVALID_CHARACTERS' | 'DUPLICATE';

export function namespaceValidity(
  namespace: string,
  rows: Iterable<{ readonly namespace: string }>,
): NamespaceValidity {
  if ([...namespace].length > maxNamespaceLength) return 'INVALID_LENGTH';
  if (!allowed.test(namespace)) return 'INVALID_CHARACTERS';
  for (const row of rows) if (row.namespace === namespace) return 'DUPLICATE';
  return 'VALID';
}

/** @throws Problem 400 */
export function requireNamespace(namespace: string, rows: Iterable<{ readonly namespace: string }>): void {
  const validity = namespaceValidity(namespace, rows);
  if (validity !== 'VALID') throw new Problem(400, `Invalid namespace: ${validity}`);
}

/** What the portal proposes for a name: `Café Ünïcode – 数据` becomes `caf-ncode`. */
export function proposedNamespace(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9+=,.@_-]/g, '')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, maxNamespaceLength);
}
