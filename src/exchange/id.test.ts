import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId } from "./id.ts";

const zeros = (bytes: number) => new Uint8Array(bytes);
const ones = (bytes: number) => new Uint8Array(bytes).fill(255);

describe("newId", () => {
  it("is a prefix and a ULID", () => {
    // The ULID specification's own time stamp: 1469918176385 is 01ARYZ6S41.
    expect(newId("ex", 1469918176385, zeros)).toBe("ex_01ARYZ6S410000000000000000");
    expect(newId("acc", 0, ones)).toBe("acc_0000000000ZZZZZZZZZZZZZZZZ");
    const counting = () => Uint8Array.from({ length: 10 }, (_, i) => i + 1);
    // 0x0102030405060708090A in base 32, by hand from its bits.
    const value = BigInt("0x0102030405060708090A");
    const digits = value.toString(32).padStart(16, "0").split("");
    const crockford = digits.map((each) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ".charAt(parseInt(each, 32)));
    expect(newId("key", 0, counting)).toBe(`key_0000000000${crockford.join("")}`);
  });

  it("sorts by time, and tells different randomness apart", () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    const bytes = fc.uint8Array({ minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(time, time, bytes, bytes, (one, two, a, b) => {
        const [first, second] = [newId("ex", one, () => a), newId("ex", two, () => b)];
        expect(first).toMatch(/^ex_[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
        if (one !== two) expect(first < second).toBe(one < two);
        else expect(first === second).toBe(Buffer.from(a).equals(b));
      }),
    );
  });
});
