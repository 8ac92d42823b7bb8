/** What an id can name; it stands before the underscore. */
export type IdPrefix = "ex" | "acc" | "key" | "permit" | "alarm" | "camp";

// Crockford's base 32: no I, L, O, U, so that nobody misreads one.
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * A new id, `ex_01KQ8Z…`: prefix, underscore, 26 characters as in a ULID: 48 bits of time in milliseconds, then 80
 * random bits. Ids of different milliseconds sort by time. `random` gives that many random bytes (node:crypto
 * `randomBytes` in the product, a seeded generator in tests).
 */
export function newId(prefix: IdPrefix, now: number, random: (bytes: number) => Uint8Array): string {
  let id = "";
  let time = Math.max(0, Math.min(now, 2 ** 48 - 1));
  for (let i = 0; i < 10; i++) {
    id = digit(time % 32) + id;
    time = Math.floor(time / 32);
  }
  // 10 bytes are 16 digits of 5 bits.
  const bytes = random(10);
  let bits = 0;
  let held = 0;
  for (const byte of bytes.subarray(0, 10)) {
    held = ((held & 31) << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      id += digit(held >> bits);
    }
  }
  return `${prefix}_${id}`;
}

function digit(value: number): string {
  return DIGITS.charAt(value & 31);
}
