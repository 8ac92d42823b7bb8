import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { Batches } from "./batches.ts";

const size = { rows: 2, length: 6, targets: 2 };
const documents = [
  { tokens: [1, 2, 3], weights: [9, 0, 1] },
  {
    tokens: [4, 5, 6, 7],
    soft: [null, { ids: [8, 9], probs: [0.5, 0.25] }, undefined, { ids: [3, 3], probs: [0.5, 0.7] }],
  },
  { tokens: Uint16Array.from({ length: 7 }, (_, i) => 10 + i) },
];

describe("Batches", () => {
  it("lays out tokens, segments, targets and weights", () => {
    const batches = new Batches(documents, size, null).once();
    const batch = batches.next().value!;
    expect([...batch.tokens]).toEqual([1, 2, 4, 5, 6, 0, 10, 11, 12, 13, 14, 15]);
    expect([...batch.segments]).toEqual([1, 1, 2, 2, 2, 0, 1, 1, 1, 1, 1, 1]);
    expect([...batch.weight]).toEqual([0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1]);
    const targets = Array.from(batch.weight, (_, i) =>
      [0, 1].map((k) => [batch.ids[2 * i + k]!, batch.probs[2 * i + k]!]),
    );
    expect(targets.slice(0, 6)).toEqual([
      [
        [2, 1],
        [0, 0],
      ],
      [
        [3, 1],
        [0, 0],
      ],
      [
        [8, 0.5],
        [9, 0.25],
      ],
      [
        [6, 1],
        [0, 0],
      ],
      // The same token twice is one target, and 1.2 in all is scaled to 1.
      [
        [3, 1],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(batch).toMatchObject({ filled: 11, total: 10 });
    expect(batches.next().done).toBe(true);
  });

  it("leaves nothing of one batch in the next", () => {
    const batches = new Batches([documents[2]!, documents[2]!, documents[0]!], size, null).once();
    batches.next();
    const batch = batches.next().value!;
    expect([...batch.tokens]).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(batch.probs.reduce((a: number, b: number) => a + b)).toBe(2);
    expect(batch).toMatchObject({ filled: 2, total: 1 });
  });

  it("shows every document as often as the limit says, and no more", () => {
    const many = Array.from({ length: 30 }, (_, i) => ({
      tokens: [i, ...Array<number>(i % 6).fill(40), 41],
    }));
    const batches = new Batches(many, size, seeded(1));
    const steps = batches.limit(3);
    let positions = 0;
    const seen = new Map<number, number>();
    for (let i = 0; i < steps; i++) {
      const batch = batches.next();
      positions += batch.filled;
      for (const [at, token] of batch.tokens.entries())
        if (token < 40 && batch.segments[at] !== 0) seen.set(token, (seen.get(token) ?? 0) + 1);
    }
    expect(positions).toBe(3 * many.reduce((sum, { tokens }) => sum + tokens.length - 1, 0));
    expect([...seen.values()]).toEqual(many.map(() => 3));
    expect(batches.next().filled).toBe(0);
  });

  it("goes on from any step with the batches that would have come", () => {
    const make = (): Batches => new Batches(documents, size, seeded(4));
    const [a, b] = [make(), make()];
    for (let i = 0; i < 7; i++) a.next();
    b.seek(7);
    for (let i = 0; i < 5; i++) expect(b.next()).toEqual(a.next());
  });
});
