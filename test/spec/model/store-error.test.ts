/** What a store says, and whether trying again can help. */
import { describe, expect, test } from 'vitest';
import { storeError } from '../../../src/model/store-error.ts';

/** As the AWS SDK throws it: `status` is missing when there was no answer. */
const thrown = (name: string, status?: number) =>
  Object.assign(new Error('words'), { name, $metadata: { httpStatusCode: status } });

describe('passes by itself', () => {
  test.each([
    ['Throttling', 400],
    ['ThrottlingException', 400],
    ['RequestLimitExceeded', 400],
    ['SlowDown', 503],
    ['TooManyRequests', 429],
    ['anything', 429],
    ['InternalError', 500],
    ['NoSuchEntityException', 404],
    ['XMinioAdminNoSuchPolicy', 404],
    ['DeleteConflictException', 409],
    ['ConcurrentModificationException', 409],
    ['EntityTemporarilyUnmodifiableException', 409],
    ['TimeoutError', undefined],
    ['ECONNREFUSED', undefined],
  ])('%s (%s)', (name, status) => {
    const error = storeError('put the policy', thrown(name, status));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error.message).toContain('put the policy');
  });
});

describe('needs a person', () => {
  test.each([
    ['AccessDenied', 403, 'STORE_DENIED'],
    ['InvalidClientTokenId', 403, 'STORE_DENIED'],
    ['SignatureDoesNotMatch', 403, 'STORE_DENIED'],
    ['InvalidAccessKeyId', 403, 'STORE_DENIED'],
    ['AccessDeniedException', 400, 'STORE_DENIED'],
    ['anything', 401, 'STORE_DENIED'],
    ['MalformedPolicyDocument', 400, 'STORE_REJECTED'],
    ['LimitExceededException', 409, 'STORE_REJECTED'],
    ['InvalidAction', 400, 'STORE_REJECTED'],
    ['NoSuchBucket', 404, 'STORE_REJECTED'],
  ])('%s (%s) is %s', (name, status, code) => {
    const error = storeError('create an access key', thrown(name, status));
    expect(error).toMatchObject({ code, retryable: false, facts: { error: name, status } });
  });
});
