// A language-model student of the teacher in the house, in three CPU-minutes and without a network:
//
//     node examples/distil-language-model.ts [--keep] [--answers N]
//
// The teacher (1 M parameters) is asked N questions (default 1,500) about its world; a student of 0.28 M parameters that has read plain text only
// learns from the answers and is examined on questions that neither was asked before.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Report } from "../src/distil/report/report.ts";
import type { Item, Split } from "../src/lm/world/item.ts";
import { tasks } from "../src/lm/world/world.ts";
import { seeded } from "../src/stats/random.ts";
import { json, stillwatch } from "../test/stillwatch.ts";

const { values } = parseArgs({
  options: { keep: { type: "boolean", default: false }, answers: { type: "string", default: "1500" } },
});
const count = Number(values.answers);
/** What the student is for. One that is this small does not learn everything that the teacher knows. */
const FAMILIES = ["classification", "facts"];
const wanted = tasks.filter(({ family }) => FAMILIES.includes(family));

const folder = mkdtempSync(join(tmpdir(), "stillwatch-example-"));
const run = join(folder, "run");
let failed = false;
try {
  mkdirSync(run);
  writeFileSync(join(run, "prompts.jsonl"), questions("taught", count, "prompts"));
  writeFileSync(join(run, "test.jsonl"), questions("held-out", 200, "test"));
  writeFileSync(
    join(run, "distil.yaml"),
    `name: house-specialist
purpose: specialist
distribution: none
teacher: { embedded: true, maxOutputTokens: 64, temperature: 0, topLogprobs: 5 }
prompts: { from: [{ file: prompts.jsonl }], nearDuplicates: keep }
student: { trainer: language-model }
filters: { near-duplicate: false }
evaluation: { test: test.jsonl, reference: answer, overlap: same }
cascade: { epsilon: 0.2, delta: 0.05 }
`,
  );
  await stillwatch("distil", "run", run, "--quiet");
  const report = await json<Report & Record<string, never>>("distil", "report", run);
  const percent = (scored: Report["agreement"] | null): string =>
    scored === null ? "not known" : `${(100 * scored.value).toFixed(1)} %`;
  const { teacher, student, agreement, cost } = report;
  say(
    `teacher ${percent(teacher.quality)}, student ${percent(student.quality)}, before ${percent(student.undistilled)}, agreement ${percent(agreement)}`,
  );
  say(
    `${report.rows.kept} rows, ${student.parameters?.toLocaleString("en")} parameters, ${cost.trainCpuSeconds.toFixed(0)} CPU-seconds of training`,
  );
  say(
    `cascade: ${report.cascade?.threshold === null ? "the teacher answers everything" : `the student serves ${(100 * (report.cascade?.serves ?? 0)).toFixed(0)} %`}`,
  );
  check(
    "the student learned from the teacher",
    report.quality.against.find(({ what }) => what === "undistilled student")?.comparison === "beats",
  );
  check("it agrees with the teacher on most", agreement.value > 0.5);
  const answer = await stillwatch(
    "model",
    "ask",
    "--model",
    join(run, "student"),
    "Is this statement positive or negative: I love this soup.",
  );
  say(`the student by itself: ${answer.trim()}`);
  if (values.keep) say(`kept: ${run}`);
} finally {
  if (!values.keep) rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;

/** Questions of the world's tasks, one a line, with the right answer for those that are examined. */
function questions(split: Split, many: number, seed: string): string {
  const random = seeded(`example ${seed}`);
  const found = new Map<string, Item>();
  for (let i = 0; found.size < many && i < many * 20; i++) {
    const item = (wanted[i % wanted.length] as (typeof wanted)[number]).generate(random, split);
    found.set(JSON.stringify(item.turns), item);
  }
  return [...found.values()]
    .map(({ turns, answer }) => ({
      messages: turns.map(({ role, text }) => ({ role, content: text })),
      ...(split === "held-out" ? { answer } : {}),
    }))
    .map((row) => `${JSON.stringify(row)}\n`)
    .join("");
}

function check(what: string, held: boolean): void {
  say(`${held ? "ok  " : "FAIL"} ${what}`);
  failed ||= !held;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
