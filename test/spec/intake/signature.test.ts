import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toleranceMs, verifyStandardWebhook, verifyToken, verifyV1 } from '../../../src/intake/signature.ts';
import { recordedV1, recordingV1 } from './recorded-webhooks.ts';

const mismatch = { ok: false, reason: 'mismatch' };

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  const at = bit >> 3;
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

/** What the body says, by another way than the code under test: spelling and white space left out, order kept. */
function meaning(body: Buffer): string | undefined {
  try {
    return JSON.stringify(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

describe("the portal's v1 signature", () => {
  it.each(recordedV1.map((each) => [each.name, each] as const))(
    'verifies: %s',
    (_, { body, sign, secret }) => {
      expect(verifyV1(body, sign, [secret])).toEqual({ ok: true });
    },
  );

  it('does not verify once any bit of a body is flipped', () => {
    const { body, sign, secret } = recordingV1('data-product-create');
    const accepted = Array.from({ length: body.length * 8 }, (_, bit) => bit).filter(
      (bit) => verifyV1(flip(body, bit), sign, [secret]).ok,
    );
    expect(accepted).toEqual([]);
  });

  it('verifies a flipped body of any recording only if it still says the same', () => {
    const flipped = fc
      .constantFrom(...recordedV1)
      .chain((recording) =>
        fc
          .nat({ max: recording.body.length * 8 - 1 })
          .map((bit) => ({ recording, body: flip(recording.body, bit) })),
      );
    fc.assert(
      fc.property(flipped, ({ recording, body }) => {
        const saysTheSame = meaning(body) === meaning(recording.body);
        expect(verifyV1(body, recording.sign, [recording.secret]).ok).toBe(saysTheSame);
      }),
      { numRuns: 2000 },
    );
  });

  it('verifies however the same message is written', () => {
    const { body, sign, secret } = recordingV1('fail-422-control-characters');
    const spaced = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 2));
    expect(verifyV1(spaced, sign, [secret])).toEqual({ ok: true });
  });

  it('does not verify once any bit of the signature is flipped', () => {
    const { body, sign, secret } = recordingV1('data-product-create');
    const accepted = Array.from({ length: sign.length * 8 }, (_, bit) => bit).filter(
      (bit) => verifyV1(body, flip(Buffer.from(sign), bit).toString('latin1'), [secret]).ok,
    );
    expect(accepted).toEqual([]);
  });

  it('may be made with any of several secrets, and with no other', () => {
    const { body, sign, secret } = recordingV1('data-product-create');
    expect(verifyV1(body, sign, ['new one', secret])).toEqual({ ok: true });
    expect(verifyV1(body, sign, ['new one', 'another', `${secret} `])).toEqual(mismatch);
  });

  it('is not made over the wire bytes', () => {
    const body = Buffer.from('{"a":1}');
    const sign = (text: string) => createHmac('sha512', 's').update(text).digest('hex');
    expect(verifyV1(body, sign('{"a":1}'), ['s'])).toEqual(mismatch);
    expect(verifyV1(body, sign('{"a": 1}'), ['s'])).toEqual({ ok: true });
  });

  it('never counts without a secret, nor with an empty one', () => {
    const body = Buffer.from('{}');
    const sign = createHmac('sha512', '').update('{}').digest('hex');
    expect(verifyV1(body, sign, [])).toEqual({ ok: false, reason: 'no-secret' });
    expect(verifyV1(body, sign, [''])).toEqual({ ok: false, reason: 'no-secret' });
    expect(verifyV1(body, sign, ['', 's'])).toEqual(mismatch);
  });

  it('tells what is wrong with it', () => {
    const { body, sign, secret } = recordingV1('data-product-create');
    const reason = (raw: Buffer, header: string | undefined) => verifyV1(raw, header, [secret]);
    expect(reason(body, undefined)).toEqual({ ok: false, reason: 'missing' });
    expect(reason(body, '')).toEqual({ ok: false, reason: 'missing' });
    for (const header of ['0', sign.toUpperCase(), `${sign}\n`, ` ${sign}`, `${sign}00`, 'é'.repeat(128)]) {
      expect(reason(body, header)).toEqual({ ok: false, reason: 'malformed' });
    }
    expect(reason(Buffer.from('{"a":'), sign)).toEqual({ ok: false, reason: 'not-json' });
    expect(reason(Buffer.from([0xff]), sign)).toEqual({ ok: false, reason: 'not-utf8' });
    expect(reason(Buffer.from('['.repeat(200)), sign)).toEqual({ ok: false, reason: 'too-deep' });
  });

  it('never throws, whatever is presented', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: 'binary' }), (body, header) => {
        expect(verifyV1(body, header, ['s']).ok).toBe(false);
      }),
    );
  });
});

describe('Standard Webhooks headers', () => {
  // The example of the specification's own libraries.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const timestamp = '1614265330';
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const body = Buffer.from('{"test": 2432232314}');
  const nowMs = Number(timestamp) * 1000;
  const headers = { id, timestamp, signature };

  it('verify with the example of the specification', () => {
    expect(verifyStandardWebhook(body, headers, [secret], nowMs)).toEqual({ ok: true });
  });

  it('verify when one of several signatures and one of several secrets fit', () => {
    const several = { ...headers, signature: `v1a,xyz v1,${'A'.repeat(43)}= ${signature}` };
    expect(verifyStandardWebhook(body, several, ['other', secret], nowMs)).toEqual({ ok: true });
    expect(verifyStandardWebhook(body, several, ['other'], nowMs)).toEqual(mismatch);
  });

  it('take a secret without the prefix as bytes', () => {
    const mac = createHmac('sha256', 'plain text')
      .update(`${id}.${timestamp}.`)
      .update(body)
      .digest('base64');
    const plain = { ...headers, signature: `v1,${mac}` };
    expect(verifyStandardWebhook(body, plain, ['plain text'], nowMs)).toEqual({ ok: true });
  });

  it('do not verify once any bit of the body is flipped', () => {
    const accepted = Array.from({ length: body.length * 8 }, (_, bit) => bit).filter(
      (bit) => verifyStandardWebhook(flip(body, bit), headers, [secret], nowMs).ok,
    );
    expect(accepted).toEqual([]);
  });

  it('do not verify once any bit of the signature is flipped, not even an unused one of its base64', () => {
    const accepted = Array.from({ length: signature.length * 8 }, (_, bit) => bit).filter((bit) => {
      const flipped = flip(Buffer.from(signature), bit).toString('latin1');
      return verifyStandardWebhook(body, { ...headers, signature: flipped }, [secret], nowMs).ok;
    });
    expect(accepted).toEqual([]);
  });

  it('do not verify under another id or time', () => {
    const check = (changed: object) =>
      verifyStandardWebhook(body, { ...headers, ...changed }, [secret], nowMs);
    expect(check({ id: `${id}x` })).toEqual(mismatch);
    expect(check({ timestamp: '1614265331' })).toEqual(mismatch);
  });

  it('are too old or too new beyond five minutes either side', () => {
    const at = (ms: number) => verifyStandardWebhook(body, headers, [secret], nowMs + ms);
    expect(at(toleranceMs)).toEqual({ ok: true });
    expect(at(-toleranceMs)).toEqual({ ok: true });
    expect(at(toleranceMs + 1)).toEqual({ ok: false, reason: 'expired' });
    expect(at(-toleranceMs - 1)).toEqual({ ok: false, reason: 'expired' });
  });

  it('tell what is wrong with them', () => {
    const check = (changed: object) =>
      verifyStandardWebhook(body, { ...headers, ...changed }, [secret], nowMs);
    for (const name of ['id', 'timestamp', 'signature']) {
      expect(check({ [name]: undefined })).toEqual({ ok: false, reason: 'missing' });
    }
    for (const time of ['soon', '1614265330.5', '-1', '1e9', `${timestamp}\n`]) {
      expect(check({ timestamp: time })).toEqual({ ok: false, reason: 'malformed' });
    }
    for (const text of ['v1,', 'v2,abc', signature.slice(3), ' ']) {
      expect(check({ signature: text })).toEqual({ ok: false, reason: 'malformed' });
    }
  });

  it('never count without a usable secret', () => {
    for (const unusable of [[], [''], ['whsec_'], ['whsec_not base64!']]) {
      expect(verifyStandardWebhook(body, headers, unusable, nowMs)).toEqual({
        ok: false,
        reason: 'no-secret',
      });
    }
  });
});

describe('a shared token', () => {
  it('counts when it is exactly one of the configured ones', () => {
    expect(verifyToken('b', ['a', 'b'])).toEqual({ ok: true });
    expect(verifyToken('B', ['a', 'b'])).toEqual(mismatch);
    expect(verifyToken('bb', ['a', 'b'])).toEqual(mismatch);
  });

  it('never counts when it or every configured one is empty', () => {
    expect(verifyToken('', [''])).toEqual({ ok: false, reason: 'no-secret' });
    expect(verifyToken('a', [])).toEqual({ ok: false, reason: 'no-secret' });
    expect(verifyToken('', ['a'])).toEqual({ ok: false, reason: 'missing' });
    expect(verifyToken(undefined, ['a'])).toEqual({ ok: false, reason: 'missing' });
  });

  it('counts for no other text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary', minLength: 1 }),
        (presented, token) => {
          expect(verifyToken(presented, [token]).ok).toBe(presented === token);
        },
      ),
    );
  });
});
