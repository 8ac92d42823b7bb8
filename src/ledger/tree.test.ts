import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  consistencyProof,
  EMPTY_ROOT,
  Frontier,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type Hash,
  type SubtreeRoot,
} from "./tree.ts";

/** The definition of RFC 9162 2.1.1, word for word. */
function mth(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const hashes = Array.from({ length: 200 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
const subtree: SubtreeRoot = (level, index) =>
  mth(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level));
const size = fc.integer({ min: 1, max: hashes.length });

describe("the tree", () => {
  // The eight leaves that the test suites of Certificate Transparency have used since 2012.
  const CT_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ];
  it("has the roots that Certificate Transparency publishes for its test leaves", () => {
    const tree = new Frontier();
    expect(tree.root().toString("hex")).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    for (const leaf of CT_LEAVES) tree.append(leafHash(Buffer.from(leaf, "hex")));
    expect(tree.root().toString("hex")).toBe(
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    );
  });

  it("grows to the root of the definition", () => {
    const tree = new Frontier();
    for (const [i, hash] of hashes.entries()) {
      tree.append(hash);
      if (i % 13 === 0) expect(tree.root()).toEqual(mth(hashes.slice(0, i + 1)));
    }
    fc.assert(fc.property(size, (n) => rootOf(n, subtree).equals(mth(hashes.slice(0, n)))));
  });

  it("is restored from its right edge", () => {
    fc.assert(
      fc.property(size, (n) => {
        const tree = new Frontier();
        for (const hash of hashes.slice(0, n)) tree.append(hash);
        return new Frontier(n, tree.roots()).root().equals(tree.root());
      }),
    );
    expect(() => new Frontier(3, [])).toThrow(RangeError);
  });
});

describe("proofs", () => {
  it("of inclusion hold for every leaf, and for no other leaf, index, size or root", () => {
    fc.assert(
      fc.property(size, fc.nat(), (n, i) => {
        const index = i % n;
        const root = mth(hashes.slice(0, n));
        const proof = inclusionProof(index, n, subtree);
        expect(verifyInclusion(hashes[index]!, index, n, proof, root)).toBe(true);
        expect(verifyInclusion(leafHash(Buffer.from("other")), index, n, proof, root)).toBe(false);
        if (n > 1) expect(verifyInclusion(hashes[index]!, (index + 1) % n, n, proof, root)).toBe(false);
        expect(verifyInclusion(hashes[index]!, index, n, [...proof, root], root)).toBe(false);
        if (proof.length > 0)
          expect(verifyInclusion(hashes[index]!, index, n, proof.slice(1), root)).toBe(false);
        expect(verifyInclusion(hashes[index]!, index, n, proof, EMPTY_ROOT)).toBe(false);
      }),
    );
  });

  it("of consistency hold for every pair of sizes, and for no changed past", () => {
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        const [old, fresh] = [mth(hashes.slice(0, first)), mth(hashes.slice(0, second))];
        const proof = consistencyProof(first, second, subtree);
        expect(verifyConsistency(first, second, proof, old, fresh)).toBe(true);
        const forged = mth([leafHash(Buffer.from("forged")), ...hashes.slice(1, first)]);
        expect(verifyConsistency(first, second, proof, forged, fresh)).toBe(false);
        if (first < second) expect(verifyConsistency(first, second, proof, fresh, old)).toBe(false);
        expect(verifyConsistency(first, second, [...proof, old], old, fresh)).toBe(false);
        proof.forEach((_, i) => {
          const bad = proof.map((hash, j) => (i === j ? leafHash(hash) : hash));
          expect(verifyConsistency(first, second, bad, old, fresh)).toBe(false);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("from the empty tree are empty and bound to its root", () => {
    const root = mth(hashes.slice(0, 5));
    expect(consistencyProof(0, 5, subtree)).toEqual([]);
    expect(verifyConsistency(0, 5, [], EMPTY_ROOT, root)).toBe(true);
    expect(verifyConsistency(0, 5, [], root, root)).toBe(false);
    expect(verifyConsistency(0, 5, [root], EMPTY_ROOT, root)).toBe(false);
  });

  it("refuse hostile shapes instead of failing", () => {
    const h = hashes[0]!;
    for (const bad of [-1, 0.5, NaN, Infinity, 2 ** 60])
      expect(
        verifyInclusion(h, bad, 8, [], h) ||
          verifyInclusion(h, 0, bad, [], h) ||
          verifyConsistency(bad, 8, [h], h, h),
      ).toBe(false);
    expect(verifyInclusion(h, 0, 2, [Buffer.alloc(31)], h)).toBe(false);
    expect(verifyInclusion(h, 0, 2, Array(1000).fill(h), h)).toBe(false);
    expect(verifyConsistency(3, 7, [], h, h)).toBe(false);
  });
});
