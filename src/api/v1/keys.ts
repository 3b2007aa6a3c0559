/** Operations on keys to this API, and on who one is. */
import { z } from 'zod';
import { endKey, noteKey } from '../../auth/key-book.ts';
import { makeApiKey } from '../../auth/key-text.ts';
import { ApiKeyCursor, listApiKeys } from '../../insight/api-keys.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import type { ApiParts } from './parts.ts';
import { ApiProblem } from './problem.ts';
import * as query from './queries.ts';
import * as form from './schemas.ts';

const dayMs = 86_400_000;

const KeyWish = z.strictObject({
  name: z.string().trim().min(1).max(100).meta({
    description: 'Who or what will use it; stands in the audit. No two keys that work have the same.',
  }),
  role: form.role,
  days: z.int().min(1).max(3650).optional().meta({ description: 'Ends after so many days; without: never.' }),
});

export function keyEndpoints({ db, clock }: ApiParts): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/me',
      role: 'viewer',
      tag: 'Keys',
      summary: 'Who you are here.',
      answer: z
        .strictObject({ name: z.string(), role: form.role, by: z.enum(['key', 'login', 'local']) })
        .meta({ id: 'Me' }),
      handle: ({ visitor: { name, role, by } }) => ({ name, role, by }),
    }),
    endpoint({
      method: 'get',
      path: '/keys',
      role: 'admin',
      tag: 'Keys',
      summary: 'Keys to this API, newest first, with those that ended.',
      query: z.strictObject({ cursor: ApiKeyCursor.optional().meta(query.cursor), ...query.paging }),
      answer: form.pageOf(form.ApiKey, 'ApiKeyPage'),
      handle: ({ query: { cursor: after = null, limit } }) => listApiKeys(db, { after, limit }),
    }),
    endpoint({
      method: 'post',
      path: '/keys',
      role: 'admin',
      tag: 'Keys',
      summary: 'Make a key. The answer is the only place that ever shows it.',
      body: KeyWish,
      answer: form.NewApiKey,
      status: 201,
      problems: ['NAME_TAKEN'],
      handle: async ({ body: { name, role, days }, visitor }) => {
        const now = clock();
        const expiresAt = days === undefined ? null : new Date(now.getTime() + days * dayMs);
        const { text, record } = makeApiKey({ name, role, expiresAt }, visitor.name, now);
        if (!(await noteKey(db, record, visitor.name)))
          throw new ApiProblem(
            'NAME_TAKEN',
            `A key that still works is named ${name}, and the audit could not tell the two apart. Choose another name, or end that key first.`,
          );
        const { sha256: _digest, ...shown } = record;
        return { ...shown, usedAt: null, revokedAt: null, key: text };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/keys/{key}',
      role: 'admin',
      tag: 'Keys',
      summary: 'End a key, and the logins made with it.',
      params: z.strictObject({ key: z.string().regex(/^[0-9a-f]{12}$/) }),
      answer: form.Done,
      problems: ['NOT_FOUND'],
      handle: async ({ params: { key }, visitor }) => {
        if (!(await endKey(db, key, visitor.name, clock())))
          throw new ApiProblem('NOT_FOUND', `There is no key ${key} that still works.`);
        return { done: true as const };
      },
    }),
  ];
}
