import { describe, expect, it } from "vitest";
import { guilty } from "../../test/attribute/worlds.ts";
import { seeded } from "../stats/random.ts";
import { latticeOf } from "./lattice.ts";
import { normalQuantile, normalTail } from "./normal.ts";
import { permutationTest } from "./permutation.ts";
import { detectable, itemsFor, observedPower, powerOf } from "./power.ts";
import { twins } from "./twins.ts";

describe("normal", () => {
  it("has the tails of the tables", () => {
    expect(normalTail(1.959963985)).toBeCloseTo(0.025, 7);
    expect(normalTail(-1.644853627)).toBeCloseTo(0.95, 7);
    expect(normalQuantile(1e-6)).toBeCloseTo(4.753424, 4);
    expect(normalQuantile(0.9)).toBeCloseTo(-1.281552, 4);
  });
});

describe("power", () => {
  it("needs about 36.4 / effect^2 items for 90 % at 10^-6 when effects are small, as the notes say", () => {
    for (const effect of [0.07, 0.1, 0.2])
      expect((itemsFor({ effect, alpha: 1e-6, sealed: 1 }) * effect ** 2) / 36.4).toBeCloseTo(1, 1);
  });

  it.each([
    [100, 0.35, 0.05, 1],
    [80, 0.6, 1e-3, 1],
    [120, 0.3, 0.01, 3],
    [60, 1.2, 1e-6, 1],
  ])(
    "of %i items at effect %d is what simulated tests find (alpha %d, %i sealed)",
    (items, effect, alpha, sealed) => {
      const random = seeded(`power ${items} ${effect}`);
      const worlds = 150;
      let found = 0;
      for (let world = 0; world < worlds; world++) {
        const world_ = guilty(items, () => effect * Math.SQRT2, random, { siblings: sealed + 1 });
        const { p } = permutationTest(latticeOf(world_, twins), { draws: 9, random, work: 1e9 });
        if (p <= alpha) found++;
      }
      // 3 % for clipping and the normal approximation, the rest is three standard errors.
      const planned = powerOf({ items, effect, alpha, sealed });
      expect(Math.abs(found / worlds - planned)).toBeLessThan(0.05 + 3 * Math.sqrt(0.25 / worlds));
    },
  );

  it("round trips: what is detectable needs the items it was found with", () => {
    const effect = detectable({ items: 300, alpha: 1e-3, sealed: 1 }) as number;
    expect(Math.abs(itemsFor({ effect, alpha: 1e-3, sealed: 1 }) - 300)).toBeLessThanOrEqual(1);
    expect(detectable({ items: 3, alpha: 1e-6, sealed: 1 })).toBeNull();
  });

  it("after the test says how many items it would take, and null when nothing points that way", () => {
    const weak = observedPower(
      latticeOf(
        guilty(400, () => 0.2, seeded("weak")),
        twins,
      ),
      0.05,
    );
    expect(weak.itemsFor["0.05"]).toBeGreaterThan(100);
    expect(weak.itemsFor["0.000001"]).toBeGreaterThan(weak.itemsFor["0.05"] as number);
    const against = observedPower(
      latticeOf(
        guilty(400, () => -1, seeded("against")),
        twins,
      ),
      0.05,
    );
    expect(against.itemsFor["0.05"]).toBeNull();
    expect(against.again).toBeLessThan(0.01);
  });
});
