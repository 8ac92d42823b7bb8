import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerError } from "./error.ts";
import { formatTlogProof, parseTlogProof } from "./proof.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

describe("a tlog-proof", () => {
  it("reads back as it was written", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 50), fc.array(hash, { maxLength: 60 }), (index, path) => {
        const checkpoint = "log.example/1\n5\nAAAA\n\n— log.example/1 AAAA\n";
        expect(parseTlogProof(formatTlogProof({ index, path, checkpoint }))).toEqual({
          index,
          path,
          checkpoint,
        });
      }),
    );
  });

  it("skips an extra line, which nobody signed", () => {
    expect(parseTlogProof("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 3\n\nnote")).toEqual({
      index: 3,
      path: [],
      checkpoint: "note",
    });
  });

  it("refuses everything else in words", () => {
    const good = "c2sp.org/tlog-proof@v1\nindex 3\n\nnote";
    for (const bad of [
      "",
      "\n\n",
      good.replace("v1", "v2"),
      good.replace("index 3", "index 03"),
      good.replace("index 3", "index -1"),
      good.replace("index 3", "index 99999999999999999999"),
      good.replace("index 3", "index 3\nAAAA"),
      good.replace("index 3\n", ""),
      good.replace("\n\n", "\n"),
      good.replace("index 3", "extra a\nextra b\nindex 3"),
      // 32 bytes with stray bits in the last character: the same hash, spelt otherwise.
      good.replace("index 3", `index 3\n${"A".repeat(42)}B=`),
    ])
      expect(() => parseTlogProof(bad), JSON.stringify(bad)).toThrow(LedgerError);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(() => parseTlogProof(text)).toThrow(LedgerError);
      }),
    );
  });
});
