/**
 * How long a store's client waits, for the AWS SDK, which by itself waits for ever: a store that takes calls and says
 * nothing would keep every run, and the question whether it is back. Milliseconds; a large bulk delete takes seconds.
 */
export const storePatience = {
  connectionTimeout: 5000,
  requestTimeout: 30_000,
  throwOnRequestTimeout: true,
} as const;
