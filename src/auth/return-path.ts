/** Where a browser goes after a login: only ever to a path of ours. */

const unsafe = /[\\\p{Cc}\s]/u;
const base = 'http://here.invalid';

/** The path as asked for when it stays with us, else `fallback`. */
export function safeReturnPath(asked: unknown, fallback = '/console'): string {
  if (typeof asked !== 'string' || asked.length > 1000 || !asked.startsWith('/') || unsafe.test(asked))
    return fallback;
  const url = URL.parse(asked, base);
  // `//evil.example` and its like name another host; `/x/..//evil.example` becomes such a one once it is normalised.
  if (url === null || url.origin !== base || url.pathname.startsWith('//')) return fallback;
  return `${url.pathname}${url.search}`;
}
