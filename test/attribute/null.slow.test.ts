import { describe, expect, it } from "vitest";
import { bet } from "../../src/attribute/betting.ts";
import { JUDGE_DEFAULTS, judge } from "../../src/attribute/judge.ts";
import { latticeOf } from "../../src/attribute/lattice.ts";
import { lineageOf } from "../../src/attribute/lineage/lineage.ts";
import { permutationTest } from "../../src/attribute/permutation.ts";
import { attributionTests } from "../../src/attribute/tests.ts";
import { twins } from "../../src/attribute/twins.ts";
import { binomialUpperTail } from "../../src/stats/interval.ts";
import { seeded, type Random } from "../../src/stats/random.ts";
import { guilty, innocent, itemOf, shapes } from "./worlds.ts";

const BARS = [0.05, 0.01, 0.001] as const;

/** Rejections at each bar, held to what chance allows (below 10^-4 for each figure) and printed, as tests may be conservative. */
function held(what: string, ps: readonly number[], bars: readonly number[] = BARS): void {
  const rates = bars.map((bar) => ps.filter((p) => p <= bar).length);
  console.log(
    `${what.padEnd(44)} ${ps.length} worlds: ${bars.map((bar, b) => `${((rates[b] as number) / ps.length).toFixed(5)} at ${bar}`).join(", ")}`,
  );
  for (const [b, bar] of bars.entries())
    expect(binomialUpperTail(rates[b] as number, ps.length, bar)).toBeGreaterThan(1e-4);
}

describe("rejection rates over innocent suspects", () => {
  it.each(Object.entries(shapes))("twins, %s: 20,000 worlds, p and peeking", (name, shape) => {
    const random = seeded(`null/${name}`);
    const [ps, peeked]: [number[], number[]] = [[], []];
    for (let world = 0; world < 20_000; world++) {
      const items = innocent(shape, 40, random);
      ps.push(permutationTest(latticeOf(items, twins), { draws: 99, random, work: 1e9 }).p);
      peeked.push(Math.exp(-bet(items, twins, 0.05).all.logHighest));
    }
    held(`p, ${name}`, ps);
    held(`1 / highest e-value, ${name}`, peeked);
  });

  it.each(attributionTests.map((test) => [test.name, test] as const))(
    "%s: 20,000 worlds of all shapes in turn",
    (name, test) => {
      const random = seeded(`null of ${name}`);
      const all = Object.values(shapes);
      const [ps, peeked]: [number[], number[]] = [[], []];
      for (let world = 0; world < 20_000; world++) {
        const items = innocent(all[world % all.length] as (typeof all)[number], 40, random);
        ps.push(permutationTest(latticeOf(items, test), { draws: 99, random, work: 1e9 }).p);
        peeked.push(Math.exp(-bet(items, test, 0.05).all.logHighest));
      }
      held(`p of ${name}`, ps);
      held(`1 / highest e-value of ${name}`, peeked);
    },
  );

  it("where redraws and the bound take the place of the exact tail: 20,000 worlds", () => {
    const random = seeded("null of redraws");
    const ps = Array.from({ length: 20_000 }, () => {
      const items = innocent(shapes["2 to 6 siblings"] as never, 40, random);
      return permutationTest(latticeOf(items, twins), { draws: 199, random, work: 0 }).p;
    });
    held("p by 199 redraws or the bound", ps);
  });

  it("accounts whose items influence each other's scores: 7,000 worlds of 4", () => {
    const random = seeded("dependent");
    const ps: number[] = [];
    for (let world = 0; world < 7000; world++) {
      // What account 0 was served moves the scores of the others: the suspect learned from it, and they asked the same prompts.
      const leaked = guilty(20, () => 1.5, random).map((item) => ({ ...item, account: "acc_0" }));
      const others = [1, 2, 3].flatMap((a) =>
        leaked.map(({ scores }, i) => {
          const moved = scores.map((score) => score * a + random.normal());
          return itemOf(1000 * a + i, moved, random, `acc_${a}`);
        }),
      );
      const { accounts } = judge([...leaked, ...others], twins, { ...JUDGE_DEFAULTS, random });
      for (const { account, p } of accounts) if (account !== "acc_0") ps.push(p);
    }
    // The three of a world share scores and not coins, so each p holds; the bound over worlds is three times as uncertain at most.
    held("p of accounts beside one that leaked", ps);
  });
});

describe("naming accounts", () => {
  it("has a family-wise error of at most 5 %: 400 seeds with 3 leaking accounts of 8, 200 seeds with 5 of 200", () => {
    for (const [seeds, accounts, leaking, pairs] of [
      [400, 8, 3, 60],
      [200, 200, 5, 40],
    ] as const) {
      let [wrong, wrongLists, found] = [0, 0, 0];
      for (let seed = 0; seed < seeds; seed++) {
        const random = seeded(`family ${accounts}/${seed}`);
        const leaks = (i: number): number => (i % accounts < leaking ? 1.8 : 0);
        const items = guilty(accounts * pairs, leaks, random, { accounts });
        const verdict = judge(items, twins, { ...JUDGE_DEFAULTS, random });
        const isGuilty = (name: string): boolean => Number(name.slice(4)) < leaking;
        const named = verdict.accounts.filter(({ pHolm }) => pHolm <= 0.05);
        if (named.some(({ account }) => !isGuilty(account))) wrong++;
        found += named.filter(({ account }) => isGuilty(account)).length;
        const listed = verdict.accounts.filter((each) => each.listed);
        wrongLists += listed.filter(({ account }) => !isGuilty(account)).length / Math.max(1, listed.length);
      }
      console.log(
        `${leaking} of ${accounts}: family-wise error ${wrong / seeds}, e-BH false discoveries ${(wrongLists / seeds).toFixed(4)}, named ${(found / seeds / leaking).toFixed(3)} of the leaking`,
      );
      expect(binomialUpperTail(wrong, seeds, 0.05)).toBeGreaterThan(1e-4);
      expect(wrongLists / seeds).toBeLessThan(0.05);
      expect(found / seeds / leaking).toBeGreaterThan(0.9);
    }
  });

  it("names nobody where nobody leaked in 95 % of 400 seeds", () => {
    let wrong = 0;
    for (let seed = 0; seed < 400; seed++) {
      const random = seeded(`nobody ${seed}`);
      const items = innocent(shapes["Cauchy pairs"] as never, 50 * 30, random, 50);
      if (judge(items, twins, { ...JUDGE_DEFAULTS, random }).accounts.some(({ pHolm }) => pHolm <= 0.05))
        wrong++;
    }
    console.log(`nobody leaked: some account named in ${wrong} of 400`);
    expect(binomialUpperTail(wrong, 400, 0.05)).toBeGreaterThan(1e-4);
  });
});

describe("lineage", () => {
  it("ranks a suspect that is one of the panel's kind evenly: 2,000 worlds, panel of 9", () => {
    const random = seeded("lineage null");
    const ps = Array.from({ length: 2000 }, () => {
      const models = Array.from({ length: 11 }, (_, i) => talker(`m${i}`, random));
      const [suspect, teacher, ...panel] = models as [(typeof models)[0], (typeof models)[0]];
      return lineageOf(suspect, teacher, panel).p;
    });
    held("rank p over a panel of 9", ps, [0.1, 0.2, 0.5]);
  });
});

function talker(model: string, random: Random): Parameters<typeof lineageOf>[0] {
  const say = (): string => Array.from({ length: 20 }, () => `w${random.below(80)}`).join(" ");
  return { model, answers: new Map([0, 1, 2, 3].map((q) => [`q${q}`, [say()]])) };
}
