import { sha256 } from "./digest.ts";

/**
 * A leaf of the log: what is hashed into the tree and published. It holds commitments only, never content.
 *
 *     exchange   01 01  who (32)  parameters (32)  sketches (32)  prompt (32)  response (32)      162 bytes
 *     event      01 02  content (32)                                                              34 bytes
 *
 * A commitment is SHA-256(salt (16) || group (1) || value). The salt hides the value even where it could be guessed;
 * opening a group means giving its salt and value, and says nothing of the other groups.
 */
export const Group = { who: 0, parameters: 1, sketches: 2, prompt: 3, response: 4 } as const;
export type GroupName = keyof typeof Group;
export const GROUPS = Object.keys(Group) as GroupName[];
/** The only group of an event. */
export const EVENT_GROUP = 0x10;

export const EXCHANGE_ENTRY_BYTES = 2 + 5 * 32;
export const EVENT_ENTRY_BYTES = 2 + 32;

const VERSION = 1;
const EXCHANGE = 1;
const EVENT = 2;

export function commit(salt: Uint8Array, group: number, value: Uint8Array | readonly Uint8Array[]): Buffer {
  const parts = value instanceof Uint8Array ? [value] : value;
  const length = salt.length + 1 + parts.reduce((sum, part) => sum + part.length, 0);
  // Hashing in one call is twice as fast as in pieces, so the pieces are put together first, in the same place each time.
  const input = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
  input.set(salt);
  input[salt.length] = group;
  let at = salt.length + 1;
  for (const part of parts) {
    input.set(part, at);
    at += part.length;
  }
  return sha256(input.subarray(0, length));
}

const scratch = Buffer.allocUnsafeSlow(64 * 1024);

export function exchangeEntry(commitments: readonly Uint8Array[]): Buffer {
  if (commitments.length !== GROUPS.length)
    throw new RangeError(`an exchange has ${GROUPS.length} commitments`);
  return Buffer.concat([Buffer.of(VERSION, EXCHANGE), ...commitments]);
}

export function eventEntry(commitment: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(VERSION, EVENT), commitment]);
}

/**
 * Whether salt and value open a commitment. The salt has exactly 16 bytes: with another length the border between salt and
 * value could be moved, and one commitment opened to different values.
 */
export function opens(
  commitment: Uint8Array | null,
  salt: Uint8Array,
  group: number,
  value: Uint8Array,
): boolean {
  return salt.length === SALT_BYTES && commitment !== null && commit(salt, group, value).equals(commitment);
}

const SALT_BYTES = 16;

/** The commitment of one group in an exchange's entry, or null when these bytes are no exchange entry. */
export function committed(entry: Uint8Array, group: GroupName): Buffer | null {
  if (entry.length !== EXCHANGE_ENTRY_BYTES || entry[0] !== VERSION || entry[1] !== EXCHANGE) return null;
  const at = 2 + Group[group] * 32;
  return Buffer.from(entry.subarray(at, at + 32));
}

export function committedEvent(entry: Uint8Array): Buffer | null {
  if (entry.length !== EVENT_ENTRY_BYTES || entry[0] !== VERSION || entry[1] !== EVENT) return null;
  return Buffer.from(entry.subarray(2));
}
