// Builds src/detect/builtin-calibration.json from honest accounts of the project's own world. Deterministic.
// Usage: node scripts/build-calibration.ts [accounts, default 1000] && oxfmt src/detect/builtin-calibration.json
import { readFileSync, writeFileSync } from "node:fs";
import { CourseRecorder } from "../src/detect/course.ts";
import { judged } from "../src/detect/detector.ts";
import { makeCalibration } from "../src/detect/make-calibration.ts";
import { Reader } from "../src/detect/reading.ts";
import { builtInWeights } from "../src/detect/weights.ts";
import { conversation } from "../src/exchange/conversation.ts";
import { generateWorld } from "../test/world/world.ts";

// Every account goes all the way, so that an account can be judged up to here: the first 800 and what comes after as two stages.
const EXCHANGES = 3200;
const SEED = "built-in calibration 1";
const accounts = Number(process.argv[2] ?? 1000);
const version = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
const target = new URL("../src/detect/builtin-calibration.json", import.meta.url);

const weights = builtInWeights();
const reader = new Reader();
const started = performance.now();
const courses = generateWorld({ seed: SEED, accounts, exchangesPerAccount: EXCHANGES }).citizens.map(
  (citizen) => {
    const course = new CourseRecorder(weights, citizen.account);
    for (const x of citizen.exchanges(EXCHANGES))
      if (judged(x)) course.observe(course.trajectory.read(reader, conversation(x)), x);
    return { citizen, course, highest: Math.max(...course.scores) };
  },
);
const file = makeCalibration(
  courses.map(({ course }) => course),
  {
    source: `simulated world, seed "${SEED}", honest accounts only`,
    codeVersion: version,
    builtIn: true,
    weights,
    samplingKey: 0,
  },
);
writeFileSync(target, `${JSON.stringify(file)}\n`);

const top = courses.sort((a, b) => b.highest - a.highest).slice(0, Math.ceil(accounts / 25));
for (const { citizen, highest } of top) {
  console.error(highest.toFixed(4), citizen.archetype.name, citizen.language);
}
console.log(`${accounts} accounts in ${((performance.now() - started) / 1000).toFixed(0)} s, ${file.hash}`);
