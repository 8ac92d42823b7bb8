// One session of collecting, as a process that can be killed: `node fire-run.ts DIR BASE_URL PROMPTS BUDGET_TOKENS`.
// It is the product's own run from the recipe to the dataset; what follows (training) has nothing to do with calls.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeDataset } from "../../src/distil/dataset/write.ts";
import { openRun } from "../../src/distil/run/folder.ts";
import { judgedRows } from "../../src/distil/run/lessons.ts";
import { makePlan } from "../../src/distil/run/plan.ts";
import { collectRounds } from "../../src/distil/run/rounds.ts";
import { Workbench } from "../../src/distil/run/workbench.ts";
import { realDisk } from "../../src/ledger/disk.ts";

const [folder = "", baseUrl = "", count = "3000", tokens = ""] = process.argv.slice(2);
prepare();
const around = {
  trainers: [
    {
      name: "none",
      train: () => Promise.reject(new Error("not trained here")),
      check: () => {},
      undistilled: () => Promise.resolve(null),
      open: () => Promise.reject(new Error("not trained here")),
    },
  ],
  now: () => Date.now(),
  cpu: () => 0,
  randomBytes,
  sleep: (ms: number) => sleep(ms),
  secret: () => null,
  onProgress: () => {},
  signal: new AbortController().signal,
};
const bench = await Workbench.open(openRun(folder), around);
const plan = await makePlan(bench);
const collected = await collectRounds(bench, plan);
const all = [...plan.test, ...plan.held, ...collected.asked];
const rows = await judgedRows(bench, all, []);
const written = await writeDataset(folder, rows);
const spend = await bench.writeSpend();
const unaccounted = all.filter(({ id }) => {
  const { answer, refused } = bench.log.of(id);
  return answer === null && refused === null && !collected.failed.has(id);
}).length;
const empty = all.reduce((sum, { id }) => sum + bench.log.of(id).bad.length, 0);
const result = {
  ...written,
  spend,
  unaccounted,
  failed: collected.failed.size,
  stopped: collected.stopped,
  empty,
};
await realDisk.replace(join(folder, "result.json"), Buffer.from(JSON.stringify(result)));
await bench.close();

function prepare(): void {
  if (existsSync(join(folder, "distil.yaml"))) return;
  mkdirSync(folder, { recursive: true });
  const prompts = Array.from(
    { length: Number(count) },
    (_, i) => `Question ${i}: what comes after ${i * 7919}?`,
  );
  writeFileSync(join(folder, "prompts.txt"), `${prompts.slice(10).join("\n")}\n`);
  writeFileSync(
    join(folder, "test.jsonl"),
    prompts
      .slice(0, 10)
      .map((text) => `${JSON.stringify({ text, reference: "?" })}\n`)
      .join(""),
  );
  writeFileSync(
    join(folder, "distil.yaml"),
    `name: fire
purpose: classifier
teacher:
  baseUrl: ${baseUrl}
  model: chaos-1
  prices: { input: 1, output: 2 }
  maxOutputTokens: 40
  timeoutMs: 700
  concurrency: 64
  terms: own-model
prompts: { from: [{ file: prompts.txt }], nearDuplicates: keep }
budget: { tokens: ${tokens === "" ? 10_000_000 : tokens} }
student: { trainer: none }
evaluation: { test: test.jsonl, metric: contains }
`,
  );
}
