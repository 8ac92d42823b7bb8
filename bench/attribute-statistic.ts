// Which statistic finds most: the mean z of 300 worlds of 400 pairs whose differences have a given shape, for the tests that twins may use and for
// other places of the clip. docs/attribution.md cites it. Last line: the figure.
//
//   node bench/attribute-statistic.ts
import type { AttributionTest } from "../src/attribute/attribution-test.ts";
import { latticeOf, nullMoments, observedSum } from "../src/attribute/lattice.ts";
import { linear } from "../src/attribute/linear.ts";
import type { ScoredItem } from "../src/attribute/scores.ts";
import { sign } from "../src/attribute/sign.ts";
import { twins } from "../src/attribute/twins.ts";
import { type Random, seeded } from "../src/stats/random.ts";

const [WORLDS, PAIRS] = [300, 400];

const student = (random: Random, degrees: number): number => {
  let squares = 0;
  for (let i = 0; i < degrees; i++) squares += random.normal() ** 2;
  return random.normal() / Math.sqrt(squares / degrees);
};
const shapes: Record<string, (random: Random) => number> = {
  "normal, shift .2": (r) => 0.2 + r.normal(),
  "t with 3 degrees, .2": (r) => 0.2 + student(r, 3),
  "t with 2 degrees, .2": (r) => 0.2 + student(r, 2),
  "Cauchy, .2": (r) => 0.2 + student(r, 1),
  "lognormal scales, shift ~ scale": (r) => Math.exp(r.normal()) * (0.2 + r.normal()),
  "lognormal scales, equal shift": (r) => 0.2 + Math.exp(r.normal()) * r.normal(),
  "lengths, sums of tokens": (r) => {
    const tokens = Math.exp(3 + r.normal());
    return 0.03 * tokens + Math.sqrt(tokens) * r.normal();
  },
  "lengths, means of tokens": (r) => 0.04 + r.normal() / Math.sqrt(Math.exp(3 + r.normal())),
  "1 in 20 learned by 8 sd": (r) => (r.chance(0.05) ? 8 : 0) + r.normal(),
  "1 in 10 learned by 3 sd": (r) => (r.chance(0.1) ? 3 : 0) + r.normal(),
  "1 in 3 learned by 1.3 sd": (r) => (r.chance(1 / 3) ? 1.3 : 0) + r.normal(),
  "all learned by 1.3 sd": (r) => 1.3 + r.normal(),
};
const clippedAt = (clip: number): AttributionTest => ({
  ...linear,
  values: (scores, scale) =>
    linear.values(scores, scale).map((value) => Math.max(-clip, Math.min(clip, value))),
});
const tests: Record<string, AttributionTest> = {
  sign,
  "clip 1": clippedAt(1),
  "clip 2": clippedAt(2),
  twins,
  "clip 6": clippedAt(6),
  linear,
};

const meanZ = (draw: (random: Random) => number, test: AttributionTest): number => {
  const random = seeded("statistic");
  let sum = 0;
  for (let world = 0; world < WORLDS; world++) {
    const items = Array.from({ length: PAIRS }, (_, i): ScoredItem => {
      const served = random.below(2);
      const scores = served === 0 ? [draw(random), 0] : [0, draw(random)];
      return { item: String(i), account: null, served, scores, referenced: false, weight: 1 };
    });
    const lattice = latticeOf(items, test);
    const { mean, variance } = nullMoments(lattice);
    sum += (observedSum(lattice) - mean) / Math.sqrt(variance) / WORLDS;
  }
  return sum;
};

console.log(
  `${"mean z".padEnd(33)}${Object.keys(tests)
    .map((name) => name.padStart(8))
    .join("")}`,
);
let worst = Infinity;
for (const [name, draw] of Object.entries(shapes)) {
  const zs = Object.values(tests).map((test) => meanZ(draw, test));
  worst = Math.min(worst, (zs[3] as number) / Math.max(...zs));
  console.log(`${name.padEnd(33)}${zs.map((z) => z.toFixed(2).padStart(8)).join("")}`);
}
console.log(`twins (clip 4) has at worst ${worst.toFixed(2)} of the z of the best statistic for a shape`);
