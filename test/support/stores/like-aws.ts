/** A store as AWS behaves where the servers of the tests do not. */
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts';
import type { StoreServer } from './server.ts';

const refusal = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';

/**
 * What is not there is refused, not missing, to everybody but the admin: who has a condition on `s3:ListBucket` is not
 * told what exists (S3 documentation, GetObject).
 */
export async function hideMissing<Store extends Omit<StoreServer, 'name'>>(
  store: Store,
): Promise<Store & { readonly proxy: FaultProxy }> {
  const proxy = await startFaultProxy(store.endpoint);
  proxy.fail(({ headers: { authorization = '' } }) =>
    authorization.includes(`Credential=${store.accessKey}/`)
      ? null
      : {
          kind: 'rewrite',
          as: ({ status, text }) => (status === 404 ? { status: 403, text: refusal } : { status, text }),
        },
  );
  return {
    ...store,
    endpoint: proxy.url,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
