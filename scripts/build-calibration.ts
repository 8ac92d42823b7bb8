// Builds src/detect/builtin-calibration.json from honest accounts of the project's own world. Deterministic.
// Usage: node scripts/build-calibration.ts [accounts, default 1000] && oxfmt src/detect/builtin-calibration.json
import { readFileSync, writeFileSync } from "node:fs";
import { makeCalibration } from "../src/detect/calibration.ts";
import { Reader } from "../src/detect/reading.ts";
import { HORIZON, Trajectory } from "../src/detect/trajectory.ts";
import { conversation } from "../src/exchange/conversation.ts";
import { generateWorld } from "../test/world/world.ts";

const SEED = "built-in calibration 1";
const accounts = Number(process.argv[2] ?? 1000);
const version = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
const target = new URL("../src/detect/builtin-calibration.json", import.meta.url);

const reader = new Reader();
const started = performance.now();
const trajectories = generateWorld({ seed: SEED, accounts, exchangesPerAccount: HORIZON }).citizens.map(
  (citizen) => {
    const trajectory = new Trajectory();
    // Every account goes all the way: the statistic of a shorter one would be too small.
    for (const x of citizen.exchanges(HORIZON)) trajectory.observe(reader.read(conversation(x)), x.id);
    return { citizen, trajectory };
  },
);
const file = makeCalibration(
  trajectories.map((t) => t.trajectory),
  { source: `simulated world, seed "${SEED}", honest accounts only`, codeVersion: version, builtIn: true },
);
writeFileSync(target, `${JSON.stringify(file)}\n`);

const top = trajectories
  .sort((a, b) => b.trajectory.highest - a.trajectory.highest)
  .slice(0, Math.ceil(accounts / 25));
for (const { citizen, trajectory } of top) {
  console.error(trajectory.highest.toFixed(4), citizen.archetype.name, citizen.language);
}
console.log(`${accounts} accounts in ${((performance.now() - started) / 1000).toFixed(0)} s, ${file.hash}`);
