import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialUpperTail } from "../stats/interval.ts";
import { seeded } from "../stats/random.ts";
import { logExactTail } from "./exact-tail.ts";
import { nullMoments, observedSum, partOf, type Lattice } from "./lattice.ts";
import { countAtLeast } from "./monte-carlo.ts";
import { permutationTest } from "./permutation.ts";
import { logChernoff, tiltTo } from "./tilt.ts";

/** Whole values of at least 0, with the lowest of each item at 0 as `toLattice` leaves them. */
function lattice(items: readonly (readonly number[])[], served: readonly number[]): Lattice {
  const starts = Int32Array.from({ length: items.length + 1 }, (_, i) =>
    items.slice(0, i).reduce((sum, { length }) => sum + length, 0),
  );
  return { starts, values: Int32Array.from(items.flat()), served: Int32Array.from(served) };
}

/** Share of all joint choices whose sum reaches the observed one, one by one. */
function bruteForce({ starts, values, served }: Lattice): number {
  let sums = [0];
  for (let i = 0; i < served.length; i++) {
    const own = [...values.subarray(starts[i], starts[i + 1])];
    sums = sums.flatMap((sum) => own.map((value) => sum + value));
  }
  const sum = observedSum({ starts, values, served });
  return sums.filter((each) => each >= sum).length / sums.length;
}

const item = fc
  .array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 4 })
  .chain((values) =>
    fc.tuple(
      fc.constant(values.map((value) => value - Math.min(...values))),
      fc.nat({ max: values.length - 1 }),
    ),
  );
const small = fc.array(item, { minLength: 1, maxLength: 7 }).map((rows) =>
  lattice(
    rows.map(([values]) => values),
    rows.map(([, served]) => served),
  ),
);

const settings = { draws: 999, random: seeded("permutation"), work: 1e9 };

describe("logExactTail", () => {
  it("is the share of all joint choices that reach the observed sum", () => {
    fc.assert(
      fc.property(small, (one) => {
        const [p, truth] = [Math.exp(logExactTail(one)), bruteForce(one)];
        expect(p).toBeGreaterThanOrEqual(truth * (1 - 1e-14));
        expect(p).toBeLessThanOrEqual(truth * (1 + 1e-8));
      }),
      { numRuns: 400 },
    );
  });

  it("by counting and by tilting is the same, tilting never below", () => {
    fc.assert(
      fc.property(small, (one) => {
        // Fifty-three pairs that say nothing take the outcomes out of what is counted and leave p alone.
        const idle = lattice(
          Array.from({ length: 53 }, () => [0, 0]),
          Array.from({ length: 53 }, () => 0),
        );
        const starts = Int32Array.from([
          ...one.starts,
          ...idle.starts.slice(1).map((at) => at + one.values.length),
        ]);
        const longer = {
          starts,
          values: Int32Array.from([...one.values, ...idle.values]),
          served: Int32Array.from([...one.served, ...idle.served]),
        };
        const more = logExactTail(longer) - logExactTail(one);
        expect(more).toBeGreaterThanOrEqual(-1e-15);
        expect(more).toBeLessThan(3e-9);
      }),
      { numRuns: 300 },
    );
  });

  it("is the binomial tail for equal pairs, into the far tail", () => {
    for (const [won, of] of [
      [60, 100],
      [100, 100],
      [1900, 2000],
      [700, 1000],
    ] as const) {
      const pairs = lattice(
        Array.from({ length: of }, () => [0, 3]),
        Array.from({ length: of }, (_, i) => Number(i < won)),
      );
      const truth = binomialUpperTail(won, of, 0.5);
      if (truth > 1e-290) expect(Math.exp(logExactTail(pairs)) / truth).toBeCloseTo(1, 6);
      else expect(logExactTail(pairs)).toBeLessThan(-600);
    }
  });

  it("does not change when siblings or items change places", () => {
    fc.assert(
      fc.property(small, fc.integer(), (one, seed) => {
        const random = seeded(String(seed));
        const rows = [...one.served].map((served, i) => {
          const own = [...one.values.subarray(one.starts[i], one.starts[i + 1])];
          const order = shuffled(own.length, random);
          return [order.map((k) => own[k] as number), order.indexOf(served)] as const;
        });
        const mixed = shuffled(rows.length, random).map((i) => rows[i] as (typeof rows)[number]);
        const other = lattice(
          mixed.map(([values]) => values),
          mixed.map(([, served]) => served),
        );
        expect(logExactTail(other)).toBeCloseTo(logExactTail(one), 7);
      }),
    );
  });

  it("never rises when a served sibling is worth more", () => {
    fc.assert(
      fc.property(small, fc.nat(), fc.integer({ min: 1, max: 30 }), (one, at, more) => {
        const values = Int32Array.from(one.values);
        const i = at % one.served.length;
        const place = (one.starts[i] as number) + (one.served[i] as number);
        values[place] = (values[place] as number) + more;
        expect(logExactTail({ ...one, values })).toBeLessThanOrEqual(logExactTail(one) + 1e-8);
      }),
    );
  });
});

describe("the other two methods", () => {
  it("redraws agree with the exact tail", () => {
    const random = seeded("redraws");
    for (const ways of [2, 3, 5, 16]) {
      const one = randomLattice(150, ways, random);
      const exact = Math.exp(logExactTail(one));
      const draws = 40_000;
      const found = countAtLeast(one, observedSum(one), draws, random) / draws;
      expect(Math.abs(found - exact)).toBeLessThan(5 * Math.sqrt((exact * (1 - exact)) / draws));
    }
  });

  it("the bound is never below the exact tail and follows it into the distance", () => {
    fc.assert(
      fc.property(small, (one) => {
        const sum = observedSum(one);
        const exact = Math.exp(logExactTail(one));
        const bound = Math.exp(logChernoff(tiltTo(one, sum), sum));
        expect(bound).toBeGreaterThanOrEqual(exact * (1 - 1e-6));
      }),
    );
    const pairs = lattice(
      Array.from({ length: 400 }, () => [0, 2]),
      Array.from({ length: 400 }, (_, i) => Number(i < 300)),
    );
    const bound = logChernoff(tiltTo(pairs, 600), 600);
    expect(bound - logExactTail(pairs)).toBeGreaterThan(0);
    expect(bound - logExactTail(pairs)).toBeLessThan(4);
  });

  it("is chosen by cost and never gives 0", () => {
    const winning = lattice(
      Array.from({ length: 2000 }, () => [0, 2]),
      Array.from({ length: 2000 }, () => 1),
    );
    expect(permutationTest(winning, settings)).toEqual({ p: 1e-300, method: "exact" });
    expect(permutationTest(winning, { ...settings, work: 0 })).toEqual({ p: 1e-300, method: "bound" });
    const even = lattice(
      Array.from({ length: 2000 }, () => [0, 2]),
      Array.from({ length: 2000 }, (_, i) => i % 2),
    );
    const found = permutationTest(even, { ...settings, work: 0 });
    expect(found.method).toBe("monte-carlo");
    expect(found.p).toBeGreaterThan(0.4);
    expect(found.p).toBeLessThan(0.6);
    expect(permutationTest(lattice([[0, 0]], [1]), settings).p).toBe(1);
  });

  it("moments and parts are those of the items asked for", () => {
    const one = lattice(
      [
        [0, 2],
        [0, 0, 3],
        [0, 0],
      ],
      [1, 2, 0],
    );
    expect(nullMoments(one)).toEqual({ mean: 2, variance: 3, informative: 2 });
    const part = partOf(one, [1]);
    expect([...part.starts, ...part.values, ...part.served]).toEqual([0, 3, 0, 0, 3, 2]);
  });
});

function shuffled(length: number, random: ReturnType<typeof seeded>): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function randomLattice(items: number, ways: number, random: ReturnType<typeof seeded>): Lattice {
  return lattice(
    Array.from({ length: items }, () => Array.from({ length: ways }, () => random.below(50))),
    Array.from({ length: items }, () => random.below(ways)),
  );
}
