import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomFillSync,
  type KeyObject,
} from "node:crypto";
import { sha512 } from "./digest.ts";
import { LedgerError } from "./error.ts";

/**
 * What protects one record. A random 32-byte secret per record gives, by SHA-512 with a counter byte,
 *
 *     SHA-512(secret || 0) = AES-256-GCM key (32) | salt 0 (16) | salt 1 (16)
 *     SHA-512(secret || 1) = salt 2 | salt 3 | salt 4 | salt 5
 *
 * The secret stands in the record's key slot, wrapped (RFC 3394) by the key of its account and month. Destroying it
 * takes content and salts at once: what is left of the record are commitments that nobody can open any more.
 */
export interface RecordSecret {
  readonly key: KeyObject;
  /** One 16-byte salt per field group: revealing one says nothing of the others. */
  readonly salts: readonly Buffer[];
}

export function deriveSecret(secret: Uint8Array): RecordSecret {
  const input = Buffer.allocUnsafe(33);
  input.set(secret);
  input[32] = 0;
  const first = sha512(input);
  input[32] = 1;
  const second = sha512(input);
  return {
    // A KeyObject, not the bytes: OpenSSL 3 takes 15 us longer for a cipher from raw bytes.
    key: createSecretKey(first.subarray(0, 32)),
    salts: [
      first.subarray(32, 48),
      first.subarray(48, 64),
      second.subarray(0, 16),
      second.subarray(16, 32),
      second.subarray(32, 48),
      second.subarray(48, 64),
    ],
  };
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** nonce (12) | tag (16) | AES-256-GCM ciphertext. `context` is authenticated with it: type and place of the record. */
export function seal(secret: RecordSecret, context: Uint8Array, plain: Uint8Array): Uint8Array[] {
  const nonce = randomBytesPooled(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", secret.key, nonce);
  cipher.setAAD(context);
  const body = cipher.update(plain);
  cipher.final();
  return [nonce, cipher.getAuthTag(), body];
}

/** Throws LedgerError `corrupt` when the content was changed or belongs elsewhere. */
export function unseal(secret: RecordSecret, context: Uint8Array, sealed: Buffer): Buffer {
  try {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new RangeError(`${sealed.length} bytes`);
    // With its length said: OpenSSL takes tags cut down to 4 bytes, and those can be guessed.
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv("aes-256-gcm", secret.key, sealed.subarray(0, NONCE_BYTES), options);
    decipher.setAAD(context);
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const plain = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
    decipher.final();
    return plain;
  } catch (cause) {
    throw new LedgerError("corrupt", "the sealed content does not open with its record's key", { cause });
  }
}

/** RFC 3394 with its default initial value: 32 bytes in, 40 out, wrong keys and changed bytes are noticed. */
export function wrapKey(by: KeyObject, key: Uint8Array): Buffer {
  const cipher = createCipheriv("id-aes256-wrap", by, WRAP_IV);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

export function unwrapKey(by: KeyObject, wrapped: Uint8Array): Buffer {
  try {
    // OpenSSL unwraps nothing to nothing.
    if (wrapped.length !== 40) throw new RangeError(`${wrapped.length} bytes`);
    const decipher = createDecipheriv("id-aes256-wrap", by, WRAP_IV);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch (cause) {
    throw new LedgerError(
      "key",
      "a wrapped key does not open: the master key is another one, or the slot was changed",
      {
        cause,
      },
    );
  }
}

const WRAP_IV = Buffer.alloc(8, 0xa6);

/** Random bytes in pages: one call to the system per 340 nonces instead of one each. */
export function randomBytesPooled(length: number): Buffer {
  if (poolUsed + length > pool.length) {
    pool = Buffer.allocUnsafeSlow(POOL_BYTES);
    randomFillSync(pool);
    poolUsed = 0;
  }
  poolUsed += length;
  return pool.subarray(poolUsed - length, poolUsed);
}

const POOL_BYTES = 4096;
let pool = Buffer.alloc(0);
let poolUsed = 0;
