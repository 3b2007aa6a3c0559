import { describe, expect, test } from 'vitest';
import { isSafeAddress } from '../../../src/config/address.ts';

describe('an address', () => {
  test.each([
    'https://s3.eu-west-1.amazonaws.com',
    'http://localhost:9000',
    'http://127.0.0.1:9000',
    'http://[::1]:9000',
    'http://rustfs:9000',
    'http://s3:9000',
    'http://minio.storage.svc:9000',
    'http://minio.storage.svc.cluster.local',
    'http://store.corp.internal',
    'http://10.1.2.3',
    'http://172.31.0.1',
    'http://192.168.1.1:9000',
    'http://[fd00::1]:9000',
  ])('%s is encrypted or local', (address) => {
    expect(isSafeAddress(address)).toBe(true);
  });

  test.each([
    'http://s3.example.com',
    'http://8.8.8.8',
    'http://172.32.0.1',
    'http://[2001:db8::1]',
    'http://localhost.example.com',
    'http://10.example.com',
    'http://internal.example.org',
    'http://ai',
    'http://ai./',
    'http://169.254.169.254',
    'http://[fe80::1]',
  ])('%s would be in the clear outside', (address) => {
    expect(isSafeAddress(address)).toBe(false);
  });
});
