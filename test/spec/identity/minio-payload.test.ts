/** Known answers: messages that a MinIO and a RustFS server took. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openPayload, payloadSealer } from '../../../src/identity/issuers/minio/payload.ts';

const password = 'rootsecret123';
const plaintext = '{"secretKey":"0123456789","status":"enabled"}';
const salt = Buffer.alloc(32, 0x07);
const nonce = Buffer.alloc(8, 0x09);

const fragments = {
  'Argon2id with AES-256-GCM': [
    0x00,
    '1e11139d3bb0bc249fd7ec9ca4264b22fd8ae8ee3c8d6d2dd61831644e3f77bd41af3b66078226b492b1c8f8d7fdd693fae9e28f2a625bbb4d521153bd',
  ],
  'Argon2id with ChaCha20-Poly1305': [
    0x01,
    'e6e56bdf6cf7c71579244ea8f7ee76cd0a6fde5c95340b80d17e4f7b790e46ba8c407d92451df1327ed8cc77be420b2aae20a95275804b7810e9ec0db9',
  ],
  'PBKDF2 with AES-256-GCM': [
    0x02,
    '5eb3e28b5f251e92cf593e27986dc21a768bccf79e42a904ceedb9cbb10ac958991e5aa9e0a6e6020452d4dffbba721dade21b444c6ce81b5626b14a31',
  ],
} as const;

function messageOf(algorithm: number, fragment: string): Buffer {
  return Buffer.concat([salt, Buffer.from([algorithm]), nonce, Buffer.from(fragment, 'hex')]);
}

describe('the encrypted payload of the MinIO admin API', () => {
  test.each(Object.entries(fragments))('is read in the form %s', async (_form, [algorithm, fragment]) => {
    expect(await openPayload(password, messageOf(algorithm, fragment))).toBe(plaintext);
  });

  test('is sent in the PBKDF2 form, byte by byte as the servers take it', async () => {
    const [algorithm, fragment] = fragments['PBKDF2 with AES-256-GCM'];
    const seal = payloadSealer(password, (bytes) => (bytes === salt.length ? salt : nonce));
    const sealed = await seal(plaintext);
    expect(sealed.toString('hex')).toBe(messageOf(algorithm, fragment).toString('hex'));
  });

  test('comes back as it was, across several fragments', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    const repeats = fc.constantFrom(1, 100, 500);
    await fc.assert(
      fc.asyncProperty(text, repeats, async (part, count) => {
        const whole = part.repeat(count);
        expect(await openPayload(password, await payloadSealer(password)(whole))).toBe(whole);
      }),
      { numRuns: 30 },
    );
  });

  test.each([16_383, 16_384, 16_385, 32_768])('keeps a text of %i bytes, at the seams too', async (size) => {
    const whole = 'x'.repeat(size);
    const sealed = await payloadSealer(password)(whole);
    expect(sealed.length).toBe(41 + size + 16 * Math.ceil(size / 16_384));
    expect(await openPayload(password, sealed)).toBe(whole);
  });

  test('is refused under another password, and when one bit was changed anywhere', async () => {
    const sealed = await payloadSealer(password)(plaintext);
    await expect(openPayload('another', sealed)).rejects.toThrow();
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: sealed.length * 8 - 1 }), async (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(openPayload(password, changed)).rejects.toThrow();
      }),
      { numRuns: 40 },
    );
  });

  test('has a nonce of its own under a key that is used for a thousand of them', async () => {
    const seal = payloadSealer(password);
    const count = 1001;
    const sealed = await Promise.all(Array.from({ length: count }, (_, index) => seal(String(index))));
    const salts = new Set(sealed.map((message) => message.toString('hex', 0, 32)));
    expect(salts.size).toBe(2);
    expect(new Set(sealed.map((message) => message.toString('hex', 33, 41))).size).toBe(count);
    for (const index of [0, 1, 999, 1000])
      expect(await openPayload(password, sealed[index] ?? Buffer.alloc(0))).toBe(String(index));
  });

  test('is refused when it is too short to be one', async () => {
    await expect(openPayload(password, Buffer.alloc(20))).rejects.toThrow('too short');
  });
});
