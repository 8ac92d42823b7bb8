// How fast the attribution engine is: redraws of 10,000 coins, exact tails, a whole judgement with a thousand accounts. Last line: the figure.
//
//   node bench/attribute-speed.ts
import { exactWork, logExactTail } from "../src/attribute/exact-tail.ts";
import { JUDGE_DEFAULTS, judge } from "../src/attribute/judge.ts";
import { latticeOf, observedSum } from "../src/attribute/lattice.ts";
import { countAtLeast } from "../src/attribute/monte-carlo.ts";
import { tiltAt } from "../src/attribute/tilt.ts";
import { twins } from "../src/attribute/twins.ts";
import { seeded } from "../src/stats/random.ts";
import { guilty } from "../test/attribute/worlds.ts";

const seconds = (work: () => unknown): number => {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
};
const DRAWS = 100_000;
const random = seeded("speed");

for (const siblings of [3, 5, 16]) {
  const lattice = latticeOf(
    guilty(10_000, () => 0.02, random, { siblings }),
    twins,
  );
  const took = seconds(() => countAtLeast(lattice, observedSum(lattice), DRAWS, random));
  console.log(`${DRAWS} permutations of 10000 items of ${siblings} siblings: ${took.toFixed(2)} s`);
}
for (const items of [100, 1000, 10_000, 20_000]) {
  const lattice = latticeOf(
    guilty(items, () => 0.1, random),
    twins,
  );
  let logP = 0;
  const took = seconds(() => (logP = logExactTail(lattice)));
  const work = exactWork(lattice, tiltAt(lattice, 0)).toExponential(1);
  console.log(
    `exact tail of ${items} pairs: ${took.toFixed(3)} s (ln p = ${logP.toFixed(2)}, ${work} multiply-adds)`,
  );
}
const large = guilty(100_000, (i) => (i % 1000 < 5 ? 1 : 0), random, { accounts: 1000 });
const whole = seconds(() => judge(large, twins, { ...JUDGE_DEFAULTS, random }));
console.log(`judging 100000 pairs of 1000 accounts: ${whole.toFixed(2)} s`);

const pairs = latticeOf(
  guilty(10_000, () => 0.02, random),
  twins,
);
const took = seconds(() => countAtLeast(pairs, observedSum(pairs), DRAWS, random));
console.log(`${DRAWS} permutations over 10000 items: ${took.toFixed(2)} s (aim: 2 s)`);
