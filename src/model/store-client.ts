/** How every client of the AWS SDK is made here. */
export const storeClient = {
  /**
   * How long it waits, which by itself is for ever: a store that takes calls and says nothing would keep every run, and
   * the question whether it is back. Milliseconds; a large bulk delete takes seconds.
   */
  requestHandler: { connectionTimeout: 5000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  /** A call's chain is put together once, not for each call: nothing is added to it after the client is made. */
  cacheMiddleware: true,
} as const;
