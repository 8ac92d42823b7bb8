import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { cutPieces, Packer, type Plan } from "./packing.ts";

const lengths = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 1, maxLength: 60 });
const sizes = fc.record({ rows: fc.integer({ min: 1, max: 5 }), length: fc.integer({ min: 4, max: 20 }) });
const all = (plans: Plan[]) => plans.flat(2);
const key = (piece: { document: number; start: number }) => `${piece.document}/${piece.start}`;

describe("cutPieces", () => {
  it("covers each token but a document's first exactly once", () => {
    fc.assert(
      fc.property(lengths, sizes, (tokens, { length }) => {
        const predicted = tokens.map(() => new Set<number>());
        for (const piece of cutPieces(tokens, length)) {
          expect(piece.length).toBeLessThanOrEqual(length);
          for (let i = 0; i < piece.length; i++) {
            const target = piece.start + i + 1;
            expect(predicted[piece.document]!.has(target)).toBe(false);
            predicted[piece.document]!.add(target);
          }
        }
        for (const [i, n] of tokens.entries()) expect(predicted[i]!.size).toBe(n - 1);
      }),
    );
  });
});

describe("Packer", () => {
  it("places every piece once a pass, never past a row's end", () => {
    fc.assert(
      fc.property(lengths, sizes, (tokens, { rows, length }) => {
        const pieces = cutPieces(tokens, length);
        const packer = new Packer(pieces, rows, length, seeded(1));
        const plans: Plan[] = [];
        while (packer.placed < pieces.length) plans.push(packer.next(pieces.length));
        for (const plan of plans) {
          expect(plan.length).toBe(rows);
          for (const row of plan)
            expect(row.reduce((sum, piece) => sum + piece.length, 0)).toBeLessThanOrEqual(length);
        }
        expect(all(plans).map(key).sort()).toEqual(pieces.map(key).sort());
      }),
    );
  });

  it("takes every piece equally often in the long run", () => {
    const pieces = cutPieces([9, 3, 3, 5, 7, 2, 11, 4], 10);
    const packer = new Packer(pieces, 2, 10, seeded(5));
    const seen = new Map<string, number>();
    for (let i = 0; i < 200; i++)
      for (const piece of packer.next(Infinity).flat()) seen.set(key(piece), (seen.get(key(piece)) ?? 0) + 1);
    const counts = [...seen.values()];
    expect(seen.size).toBe(pieces.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(12);
  });

  it("gives the same batches for the same seed and other ones for another, and an order of its own to every epoch", () => {
    const pieces = cutPieces(
      Array.from({ length: 40 }, () => 11),
      10,
    );
    const take = (seed: number) => {
      const packer = new Packer(pieces, 4, 10, seeded(seed));
      return Array.from({ length: 20 }, () => packer.next(Infinity).flat().map(key));
    };
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
    expect(take(1).slice(0, 10)).not.toEqual(take(1).slice(10));
  });

  it("fills nine tenths or more of batches of mixed documents", () => {
    const random = seeded("mixed");
    const pieces = cutPieces(
      Array.from({ length: 500 }, () => 3 + random.below(60)),
      64,
    );
    const packer = new Packer(pieces, 16, 64, seeded(1));
    let filled = 0;
    for (let i = 0; i < 50; i++) for (const piece of packer.next(Infinity).flat()) filled += piece.length;
    expect(filled / (50 * 16 * 64)).toBeGreaterThan(0.9);
  });
});
