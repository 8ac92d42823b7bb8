// Builds src/detect/builtin-weights.json: the trained combination and the honest tails, from the project's own world. Deterministic.
// Usage: node scripts/build-weights.ts [honest accounts, default 1500] && oxfmt src/detect/builtin-weights.json
// The world of the built-in calibration has another seed: no account is in both.
import { readFileSync, writeFileSync } from "node:fs";
import { CourseRecorder } from "../src/detect/course.ts";
import { judged } from "../src/detect/detector.ts";
import { Reader } from "../src/detect/reading.ts";
import type { Values } from "../src/detect/score.ts";
import { type Example, train, untrained } from "../src/detect/train.ts";
import { conversation } from "../src/exchange/conversation.ts";
import { seeded } from "../src/stats/random.ts";
import { around } from "../test/world/text.ts";
import { type Citizen, generateWorld } from "../test/world/world.ts";

const SEED = "built-in weights 1";
const accounts = Number(process.argv[2] ?? 1500);
const target = new URL("../src/detect/builtin-weights.json", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const started = performance.now();
const honest = generateWorld({ seed: SEED, accounts, exchangesPerAccount: 1 }).citizens;
const harvest = [0, 1].flatMap((evasion) =>
  generateWorld({
    seed: `${SEED} harvest ${evasion}`,
    accounts: accounts / 5,
    exchangesPerAccount: 1,
    harvest: 1,
    evasion: evasion as 0 | 1,
  }).citizens.slice(),
);
const reader = new Reader();
const examples = [...honest, ...harvest].map(exampleOf);
const weights = train(examples, {
  source: `simulated world, seed "${SEED}"`,
  codeVersion: version,
  // Who customers are, when they work and how they set parameters is made up in a simulation: texts may be learned from, this may not.
  leaveOut: ["identity", "rhythm", "change", "best of n"],
});
writeFileSync(target, `${JSON.stringify(weights)}\n`);
console.error(weights.trained);
console.log(
  `${examples.length} accounts in ${((performance.now() - started) / 1000).toFixed(0)} s, ${weights.hash}`,
);

function exampleOf(citizen: Citizen, i: number): Example {
  const looks: { whole: Values; parts: Values[] }[] = [];
  const course = new CourseRecorder(untrained, citizen.account, ({ whole, parts }) =>
    looks.push({ whole, parts: parts.map(({ values }) => values) }),
  );
  // Lengths as accounts have them: most are short.
  const length = Math.min(1600, around(seeded(`${SEED} length ${i}`), 250, 0.9));
  for (const x of citizen.exchanges(Math.max(30, length)))
    if (judged(x)) course.observe(course.trajectory.read(reader, conversation(x)), x);
  return { harvests: citizen.harvests, kind: citizen.archetype.name, looks };
}
