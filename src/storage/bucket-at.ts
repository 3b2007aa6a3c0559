/** Where requests to a bucket go. */
import { isIP } from 'node:net';

export interface BucketPlace {
  readonly endpoint: string;
  readonly bucket: string;
  /** Where requests name the bucket; `path`, which every S3 server understands, when left out. */
  readonly addressing?: 'path' | 'virtual';
}

/**
 * The server that is asked, and the path there below which objects lie. As the SDK has it: what can not be the first part of a
 * host name stands in the path, a name with dots as well where a certificate would have to name it (S3 documentation,
 * virtual hosting).
 */
export function bucketAt({ endpoint, bucket, addressing = 'path' }: BucketPlace): {
  readonly endpoint: string;
  readonly path: string;
} {
  const { protocol, hostname, host } = new URL(endpoint);
  const isNamed = isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  const isCovered = protocol === 'http:' || !bucket.includes('.');
  if (addressing === 'path' || !isNamed || !isCovered) return { endpoint, path: `/${bucket}/` };
  return { endpoint: `${protocol}//${bucket}.${host}`, path: '/' };
}
