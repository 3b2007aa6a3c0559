/**
 * The encrypted payload of MinIO's admin API (`madmin.EncryptData`), which RustFS shares:
 *
 *     salt (32) | algorithm (1) | nonce (8) | fragments
 *
 * The password is the secret key of the identity that signs the request. The plaintext is cut into pieces of 16 KiB,
 * each sealed by itself: its nonce is `nonce | sequence number (uint32, little-endian)`. Number 0 seals nothing: its
 * tag is not sent, but stands in the associated data of all others, behind a flag that marks the last one.
 */
import {
  type Argon2Parameters,
  argon2 as argon2Callback,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  pbkdf2 as pbkdf2Callback,
  randomBytes,
} from 'node:crypto';
import { promisify } from 'node:util';

// The asynchronous forms work on the thread pool; the others would stop the daemon for as long as they take.
const argon2 = promisify<'argon2id', Argon2Parameters, Buffer>(argon2Callback);
const pbkdf2 = promisify(pbkdf2Callback);

const algorithms = { argon2AesGcm: 0x00, argon2ChaCha: 0x01, pbkdf2AesGcm: 0x02 } as const;
const saltBytes = 32;
const nonceBytes = 8;
const headerBytes = saltBytes + 1 + nonceBytes;
const fragmentBytes = 16_384;
const tagBytes = 16;
const keyBytes = 32;

/** Two of so many have the same nonce (64 random bits) once in 10^13 times: what AES-GCM must not be given. */
const messagesPerKey = 1000;

type Cipher = CipherGCMTypes | 'chacha20-poly1305';

/**
 * Makes a function that seals request bodies, in the form that costs least and both servers take (PBKDF2, AES-256-GCM).
 * The key, which is most of the work, is the same for many of them.
 *
 * @param random gives so many bytes; only tests with known answers give it
 */
export function payloadSealer(
  password: string,
  random: (bytes: number) => Buffer = randomBytes,
): (plaintext: string) => Promise<Buffer> {
  const makeKey = () => {
    const salt = random(saltBytes);
    return { salt, key: deriveKey(algorithms.pbkdf2AesGcm, password, salt), left: messagesPerKey };
  };
  let current: ReturnType<typeof makeKey> | null = null;
  return async (plaintext) => {
    if (current === null || current.left === 0) current = makeKey();
    const { salt, key } = current;
    current.left -= 1;
    return seal(salt, await key, random(nonceBytes), plaintext);
  };
}

function seal(salt: Buffer, key: Buffer, nonce: Buffer, plaintext: string): Buffer {
  const box = new Fragments('aes-256-gcm', key, nonce);
  const text = Buffer.from(plaintext, 'utf8');
  const parts = piecesOf(text, fragmentBytes).map((piece, index, all) =>
    box.seal(index + 1, piece, index === all.length - 1),
  );
  return Buffer.concat([salt, Buffer.from([algorithms.pbkdf2AesGcm]), nonce, ...parts]);
}

/**
 * Opens an answer in any of the three forms.
 *
 * @throws Error when it was sealed with another password, or is not such a message
 */
export async function openPayload(password: string, message: Buffer): Promise<string> {
  if (message.length < headerBytes + tagBytes) throw new Error('the encrypted answer is too short');
  const salt = message.subarray(0, saltBytes);
  const algorithm = message[saltBytes] ?? -1;
  const nonce = message.subarray(saltBytes + 1, headerBytes);
  const key = await deriveKey(algorithm, password, salt);
  const cipher = algorithm === algorithms.argon2ChaCha ? 'chacha20-poly1305' : 'aes-256-gcm';
  const box = new Fragments(cipher, key, nonce);
  const parts = piecesOf(message.subarray(headerBytes), fragmentBytes + tagBytes).map((piece, index, all) =>
    box.open(index + 1, piece, index === all.length - 1),
  );
  return Buffer.concat(parts).toString('utf8');
}

function deriveKey(algorithm: number, password: string, salt: Buffer): Promise<Buffer> {
  switch (algorithm) {
    case algorithms.argon2AesGcm:
    case algorithms.argon2ChaCha:
      return argon2('argon2id', {
        message: password,
        nonce: salt,
        parallelism: 4,
        tagLength: keyBytes,
        memory: 64 * 1024,
        passes: 1,
      });
    case algorithms.pbkdf2AesGcm:
      return pbkdf2(password, salt, 8192, keyBytes, 'sha256');
    default:
      return Promise.reject(new Error(`the encrypted answer has an unknown algorithm (${algorithm})`));
  }
}

/** Seals and opens the fragments of one message. */
class Fragments {
  readonly #cipher: Cipher;
  readonly #key: Buffer;
  readonly #nonce: Buffer;
  readonly #firstTag: Buffer;

  constructor(cipher: Cipher, key: Buffer, nonce: Buffer) {
    this.#cipher = cipher;
    this.#key = key;
    this.#nonce = nonce;
    this.#firstTag = this.#encrypt(0, Buffer.alloc(0), Buffer.alloc(0));
  }

  seal(sequence: number, plaintext: Buffer, last: boolean): Buffer {
    return this.#encrypt(sequence, plaintext, this.#associatedData(last));
  }

  open(sequence: number, fragment: Buffer, last: boolean): Buffer {
    const text = fragment.subarray(0, fragment.length - tagBytes);
    const decipher = createDecipheriv(this.#cipher as CipherGCMTypes, this.#key, this.#nonceOf(sequence), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(this.#associatedData(last), { plaintextLength: text.length });
    decipher.setAuthTag(fragment.subarray(fragment.length - tagBytes));
    return Buffer.concat([decipher.update(text), decipher.final()]);
  }

  #encrypt(sequence: number, plaintext: Buffer, associated: Buffer): Buffer {
    const cipher = createCipheriv(this.#cipher as CipherGCMTypes, this.#key, this.#nonceOf(sequence), {
      authTagLength: tagBytes,
    });
    cipher.setAAD(associated, { plaintextLength: plaintext.length });
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  #nonceOf(sequence: number): Buffer {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(sequence);
    return Buffer.concat([this.#nonce, number]);
  }

  #associatedData(last: boolean): Buffer {
    return Buffer.concat([Buffer.from([last ? 0x80 : 0x00]), this.#firstTag]);
  }
}

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
