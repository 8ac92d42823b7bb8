import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { citizen, honest } from "../../../test/world/world.ts";
import { harvesters } from "../../../test/world/harvesters.ts";
import { conversation } from "../../exchange/conversation.ts";
import { seeded } from "../../stats/random.ts";
import { readIndex } from "../corpus/corpus-index.ts";
import { gather } from "../corpus/gather.ts";
import { Reader } from "../reading.ts";
import { weighted } from "../score.ts";
import { untrained } from "../train.ts";
import { Trajectory } from "../trajectory.ts";
import { signals } from "./signals.ts";

// Every archetype of the world once, as traffic comes: with answers, with sizes only, without responses.
// What two of them ask is published: a harvest's list of tasks to train on, a benchmark run's questions as a test split.
const dir = mkdtempSync(join(tmpdir(), "stillwatch-conformance-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const out = join(dir, "corpora.index");
for (const [name, role] of [
  ["answers", "train"],
  ["benchmark run", "test"],
] as const) {
  const archetype = [...honest, ...harvesters].find((each) => each.name === name);
  const asked = archetype ? [...citizen(seeded(name), "acc", archetype).exchanges(160)] : [];
  const file = join(dir, `${role}.jsonl`);
  writeFileSync(file, asked.map(({ request }) => `${JSON.stringify(request)}\n`).join(""));
  await gather({ files: [file], name, role, out, add: role === "test" });
}
const reader = new Reader(0, readIndex(out));
const sketches = [...honest, ...harvesters].flatMap((archetype) =>
  [true, false].map((responses) => {
    const account = citizen(seeded(archetype.name), "acc", archetype);
    const known = new Trajectory(untrained, account.account);
    for (const x of account.exchanges(160)) {
      const reading = reader.read(conversation(responses ? x : { ...x, response: null }));
      known.observe(reading, x.id, Date.parse(x.time));
    }
    return { name: archetype.name, sketch: known.sketch, known };
  }),
);
const blank = new Trajectory(untrained, null);
const nothing = { name: "nothing yet", sketch: blank.sketch, known: blank };

it("has names of their own", () => {
  expect(new Set(signals.map((s) => s.name)).size).toBe(signals.length);
});

for (const signal of signals) {
  describe(`signal ${signal.name}`, () => {
    it("is between 0 and 1 wherever it has a value, and repeatable", () => {
      for (const { name, sketch, known } of [...sketches, nothing]) {
        const value = signal.value(sketch, known);
        expect(signal.value(sketch, known)).toBe(value);
        if (value === null) continue;
        expect(value, name).toBeGreaterThanOrEqual(0);
        expect(value, name).toBeLessThanOrEqual(1);
      }
    });

    it("differs between accounts: it measures something", () => {
      expect(new Set(sketches.map(({ sketch, known }) => signal.value(sketch, known))).size).toBeGreaterThan(
        1,
      );
    });

    it("says why in one sentence with numbers, with and without a percentile", () => {
      for (const { sketch, known } of sketches) {
        const value = signal.value(sketch, known);
        if (value === null) continue;
        for (const percentile of [null, 0, 97.25, 100]) {
          const because = signal.because(sketch, value, percentile, known);
          expect(because).toMatch(/\d/);
          expect(because).not.toMatch(/NaN|undefined|Infinity|\n/);
        }
      }
    });

    it("shows exchanges of the account as evidence wherever it adds to the score", () => {
      for (const { sketch, known } of sketches) {
        const value = signal.value(sketch, known) ?? 0;
        const shown = sketch.evidence(signal.evidence);
        if (weighted(signal.name, value) > 0) expect(shown.length).toBeGreaterThan(0);
        for (const id of shown) expect(id).toMatch(/^ex_acc_\d+$/);
      }
    });

    it("has a weight and a benign reading", () => {
      expect(weighted(signal.name, 1)).toBeGreaterThan(0);
      expect(signal.benignReading.length).toBeGreaterThan(20);
    });
  });
}
