import { createSecretKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveSecret, randomBytesPooled, seal, unseal, unwrapKey, wrapKey } from "./secret.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("wrapping a key", () => {
  // RFC 3394, 4.6: 256 bits of key data with a 256-bit KEK.
  const kek = createSecretKey(hex("000102030405060708090A0B0C0D0E0F 101112131415161718191A1B1C1D1E1F"));
  const data = hex("00112233445566778899AABBCCDDEEFF 000102030405060708090A0B0C0D0E0F");
  const wrapped = hex("28C9F404C4B810F4 CBCCB35CFB87F826 3F5786E2D80ED326 CBC7F0E71A99F43B FB988B9B7A02DD21");

  it("gives the ciphertext of RFC 3394, and the key again", () => {
    expect(wrapKey(kek, data)).toEqual(wrapped);
    expect(unwrapKey(kek, wrapped)).toEqual(data);
  });

  it("notices any flipped bit and any other key", () => {
    fc.assert(
      fc.property(fc.nat(39), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(wrapped);
        changed[at]! ^= 1 << bit;
        expect(() => unwrapKey(kek, changed)).toThrow(/does not open/);
      }),
    );
    expect(() => unwrapKey(createSecretKey(Buffer.alloc(32, 1)), wrapped)).toThrow(/does not open/);
    for (const length of [0, 8, 16, 39, 48])
      expect(() => unwrapKey(kek, Buffer.alloc(length))).toThrow(/does not open/);
  });
});

describe("sealing", () => {
  const secret = deriveSecret(Buffer.alloc(32, 3));
  const place = Buffer.from("place");

  it("gives back what was sealed, and nothing for any changed bit, cut, other place or other record", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(7), (plain, where, bit) => {
        const sealed = Buffer.concat(seal(secret, place, plain));
        expect(unseal(secret, place, sealed)).toEqual(Buffer.from(plain));
        const changed = Buffer.from(sealed);
        changed[where % changed.length]! ^= 1 << bit;
        expect(() => unseal(secret, place, changed)).toThrow(/does not open/);
        expect(() => unseal(secret, place, sealed.subarray(0, where % sealed.length))).toThrow(
          /does not open/,
        );
        expect(() => unseal(secret, Buffer.from("Place"), sealed)).toThrow(/does not open/);
        expect(() => unseal(deriveSecret(Buffer.alloc(32, 4)), place, sealed)).toThrow(/does not open/);
      }),
    );
  });

  it("never uses a nonce twice", () => {
    const nonces = new Set(
      Array.from({ length: 2000 }, () => Buffer.from(seal(secret, place, Buffer.of(1))[0]!).toString("hex")),
    );
    expect(nonces.size).toBe(2000);
  });
});

describe("a record's secret", () => {
  it("gives a key and six salts that have nothing in common", () => {
    const { key, salts } = deriveSecret(Buffer.alloc(32, 3));
    const parts = [key.export().subarray(0, 16), key.export().subarray(16), ...salts].map((part) =>
      part.toString("hex"),
    );
    expect(new Set(parts).size).toBe(8);
    expect(salts.every((salt) => salt.length === 16)).toBe(true);
    const other = deriveSecret(Buffer.alloc(32, 4));
    expect(other.salts.some((salt, i) => salt.equals(salts[i]!))).toBe(false);
  });

  it("comes from random bytes that no two callers share", () => {
    const taken = Array.from({ length: 3000 }, (_, i) => randomBytesPooled(8 + (i % 40)));
    const copies = taken.map((bytes) => bytes.toString("hex"));
    expect(new Set(copies.map((text) => text.slice(0, 16))).size).toBe(3000);
    // What was given out is not written to again.
    randomBytesPooled(4000);
    expect(taken.map((bytes) => bytes.toString("hex"))).toEqual(copies);
  });
});
