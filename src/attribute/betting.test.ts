import { describe, expect, it } from "vitest";
import { guilty, innocent, shapes } from "../../test/attribute/worlds.ts";
import { seeded } from "../stats/random.ts";
import { bet, logMeanExp } from "./betting.ts";
import type { ScoredItem } from "./scores.ts";
import { twins } from "./twins.ts";

const logE = (items: readonly ScoredItem[]): number => bet(items, twins, 0.05).all.logE;

describe("bet", () => {
  it("has mean exactly 1 over all coins of given scores", () => {
    const random = seeded("mean");
    const scores = [2, 2, 3, 2, 4, 2].map((count) => Array.from({ length: count }, () => random.normal()));
    let worlds: number[][] = [[]];
    for (const own of scores) worlds = worlds.flatMap((served) => own.map((_, k) => [...served, k]));
    const es = worlds.map((served) =>
      logE(
        scores.map((own, i) => ({
          item: String(i),
          account: null,
          served: served[i] as number,
          scores: own,
          referenced: false,
          weight: 1 + i,
        })),
      ),
    );
    expect(Math.exp(logMeanExp(es))).toBeCloseTo(1, 9);
  });

  it("is for two siblings the formula of the notes, once the scale is settled", () => {
    const items = guilty(1, () => 1, seeded("one"));
    const [item] = items as [ScoredItem];
    const d = (item.scores[item.served] as number) - (item.scores[1 - item.served] as number);
    const x = d / Math.abs(d);
    const factor = (theta: number): number => 2 / (1 + Math.exp(-2 * theta * x));
    const wanted =
      [0.05, 0.1, 0.2, 0.4, 0.8, 1.6].reduce((sum, theta) => sum + 0.15 * factor(theta), 0) +
      [0.003125, 0.00625, 0.0125, 0.025].reduce((sum, theta) => sum + 0.025 * factor(theta), 0);
    expect(Math.exp(logE(items))).toBeCloseTo(wanted, 12);
  });

  it("does not change its past when items are added", () => {
    const items = guilty(60, () => 0.8, seeded("past"));
    const whole = bet(items, twins, 0.05).all;
    const at = whole.reachedAfter as number;
    expect(at).toBeGreaterThan(3);
    expect(logE(items.slice(0, at))).toBeGreaterThanOrEqual(Math.log(20));
    expect(logE(items.slice(0, at - 1))).toBeLessThan(Math.log(20));
    expect(bet(items.slice(0, at), twins, 0.05).all.reachedAfter).toBe(at);
  });

  it("keeps its word under continuous peeking", () => {
    const random = seeded("peeking");
    let [at20, at100] = [0, 0];
    const worlds = 1500;
    for (let world = 0; world < worlds; world++) {
      const { logHighest } = bet(innocent(shapes["normal pairs"] as never, 120, random), twins, 0.05).all;
      if (logHighest >= Math.log(20)) at20++;
      if (logHighest >= Math.log(100)) at100++;
    }
    // Bars of five standard errors above 5 % and 1 %.
    expect(at20 / worlds).toBeLessThan(0.05 + 5 * Math.sqrt((0.05 * 0.95) / worlds));
    expect(at100 / worlds).toBeLessThan(0.01 + 5 * Math.sqrt((0.01 * 0.99) / worlds));
  });

  it("grows on the guilty, and by account only where there is something", () => {
    const shift = (i: number): number => (i % 4 === 0 ? 1.5 : 0);
    const { all, accounts } = bet(guilty(400, shift, seeded("grows"), { accounts: 4 }), twins, 0.05);
    expect(all.logE).toBeGreaterThan(Math.log(1e6));
    expect(accounts.get("acc_0")?.logE).toBeGreaterThan(Math.log(1e6));
    for (const name of ["acc_1", "acc_2", "acc_3"])
      expect(accounts.get(name)?.logE).toBeLessThan(Math.log(20));
  });

  it("is not ruined by very many items with a very small effect", () => {
    const faint = guilty(60_000, () => 0.06, seeded("faint"));
    expect(logE(faint)).toBeGreaterThan(Math.log(1e6));
  });

  it("stays finite for outrageous scores", () => {
    const item = { item: "a", account: null, referenced: false, weight: 1 };
    expect(logE([{ ...item, served: 0, scores: [1e100, -1e100] }])).toBeLessThan(1);
    expect(logE([{ ...item, served: 0, scores: [7, 7], weight: 0 }])).toBeCloseTo(0, 12);
  });
});
