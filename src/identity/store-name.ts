/** What a store with the AWS IAM API is called, so that people know which one is meant. */

/** Servers by what they say in the `Server` header, as they were seen to, or are documented to (AWS). */
const known: readonly (readonly [word: RegExp, name: string])[] = [
  [/^AmazonS3/i, 'AWS'],
  [/versity/i, 'versitygw'],
  [/seaweedfs/i, 'SeaweedFS'],
  [/werkzeug/i, 'moto'],
];

const timeoutMs = 3000;

/**
 * @param endpoint of its S3 API
 * @returns its name or, of one that does not tell, the API and its host
 */
export async function storeNameAt(endpoint: string): Promise<string> {
  const { host, hostname } = new URL(endpoint);
  if (/(^|\.)amazonaws\.com(\.cn)?$/.test(hostname)) return 'AWS';
  const server = await serverHeader(endpoint);
  const name = known.find(([word]) => word.test(server))?.[1];
  return name ?? `AWS IAM API at ${host}`;
}

async function serverHeader(endpoint: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(endpoint, { method: 'HEAD', redirect: 'manual', signal });
    return answer.headers.get('server') ?? '';
  } catch {
    return '';
  }
}
