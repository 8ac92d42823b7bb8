// A classifier from real text: teacher -> dataset -> student -> comparison -> cascade, killed half-way and resumed.
//
//     node examples/distil-classifier.ts [--keep]
//
// The messages are real (examples/banking). The teacher is an OpenAI-compatible server in this process that gives the recorded label, and a
// wrong one for every eighth message, as a large model would. Everything else is the product, from the command line. Nothing leaves the machine.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../src/distil/report/report.ts";
import { hashText } from "../src/stats/hash.ts";
import { json } from "../test/stillwatch.ts";

interface Message {
  readonly text: string;
  readonly label: string;
}

const BIN = join(import.meta.dirname, "../bin/stillwatch");
const messages = readFileSync(join(import.meta.dirname, "banking/messages.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Message);
const labels = [...new Set(messages.map(({ label }) => label))].sort();
const folder = mkdtempSync(join(tmpdir(), "stillwatch-example-"));
const run = join(folder, "run");
const teacher = await startTeacher();
let failed = false;

try {
  writeRun();
  say(`${messages.length} real messages of ${labels.length} intents; the teacher is wrong on every eighth`);
  await killedHalfWay();
  const billedBefore = teacher.calls();
  say(`killed (-9) after ${billedBefore} calls; resuming`);
  const report = await json<Report & Record<string, never>>("distil", "resume", run, "--quiet");
  tell(report);
  check(
    "every prompt answered",
    report.rows.answered === report.rows.prompts || report.spend.upperBound <= 0.02,
  );
  check(
    "the bill is within its bound and the budget",
    teacher.dollars() <= report.spend.upperBound && report.spend.upperBound <= 1,
  );
  check(
    "no more calls than prompts and unknown outcomes",
    teacher.calls() <= report.rows.answered + report.spend.unknown,
  );
  check("the student beats the most frequent answer", report.quality.against.at(-1)?.comparison === "beats");
  check("the student is no worse than its noisy teacher", report.quality.comparison !== "worse");
  check("the cascade has a threshold", report.cascade !== null && report.cascade.threshold !== null);
  await served(report);
  say(`report: ${join(run, "report.html")}`);
} finally {
  await teacher.close();
  if (process.argv.includes("--keep")) say(`kept: ${folder}`);
  else rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;

function writeRun(): void {
  mkdirSync(run);
  const cut = Math.floor(messages.length * 0.75);
  const lines = (of: readonly object[]): string => of.map((row) => `${JSON.stringify(row)}\n`).join("");
  // What the teacher is asked has no labels in it; the test set has those that people gave.
  writeFileSync(join(run, "messages.jsonl"), lines(messages.slice(0, cut).map(({ text }) => ({ text }))));
  writeFileSync(join(run, "test.jsonl"), lines(messages.slice(cut)));
  writeFileSync(
    join(run, "distil.yaml"),
    `name: bank-routing
purpose: classifier
distribution: internal
teacher:
  baseUrl: ${teacher.url}
  model: recorded-labels
  prices: { input: 2.50, output: 10.00 }
  maxOutputTokens: 16
  temperature: 0
  terms: own-model
prompts:
  from: [{ file: messages.jsonl }]
  system: Reply with exactly one label and nothing else.
  template: "Labels: ${labels.join(", ")}\\nMessage: {{input}}"
budget: { dollars: 1 }
filters: { label-noise: true }
student: { trainer: classifier }
evaluation: { test: test.jsonl, reference: label }
cascade: { epsilon: 0.3, delta: 0.05 }
`,
  );
}

async function killedHalfWay(): Promise<void> {
  const child = spawn(BIN, ["distil", "run", run, "--quiet"], { stdio: "ignore" });
  const ended = once(child, "exit");
  while (teacher.calls() < messages.length / 2 && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill("SIGKILL");
  await ended;
}

async function served(report: Report): Promise<void> {
  const child = spawn(BIN, ["distil", "serve", run, "--port", "0"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  try {
    const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const before = teacher.calls();
    const asked = messages.slice(-100);
    let right = 0;
    let agrees = 0;
    for (const { text, label } of asked) {
      const answer = await ask(line.trim(), text);
      if (answer === label) right++;
      if (answer === labelOf(text)) agrees++;
    }
    const calls = teacher.calls() - before;
    say(
      `served 100 test messages: ${right} right, ${agrees} as the teacher, ${calls} of them by the teacher (calibrated: ${((1 - (report.cascade?.serves ?? 0)) * 100).toFixed(0)} %)`,
    );
    const disagreed = (100 - calls - (agrees - calls)) / Math.max(1, 100 - calls);
    check(
      "where the student served, it disagreed no more than it may (and what chance allows)",
      disagreed <= 0.3 + 0.1,
    );
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function ask(url: string, text: string): Promise<string> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "bank-routing",
      messages: [
        { role: "system", content: "Reply with exactly one label and nothing else." },
        { role: "user", content: `Labels: ${labels.join(", ")}\nMessage: ${text}` },
      ],
    }),
  });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}

/** What the teacher says: the recorded label, and another one for every eighth message. */
function labelOf(text: string): string {
  const hash = hashText(text);
  if (hash % 8 === 0) return labels[(hash >>> 8) % labels.length] ?? "";
  return messages.find((message) => message.text === text)?.label ?? "";
}

async function startTeacher() {
  let calls = 0;
  let dollars = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as { messages: { content: string }[] };
      const content = labelOf(body.messages.at(-1)?.content.split("\nMessage: ")[1] ?? "");
      const usage = { prompt_tokens: 120, completion_tokens: 4, total_tokens: 124 };
      calls++;
      dollars += (usage.prompt_tokens * 2.5 + usage.completion_tokens * 10) / 1e6;
      const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
      // As slow as a fast API, so that there is something to kill.
      setTimeout(
        () =>
          response
            .setHeader("content-type", "application/json")
            .end(JSON.stringify({ model: "recorded-labels", choices, usage })),
        20,
      );
    });
    request.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    calls: () => calls,
    dollars: () => dollars,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function tell({
  teacher: { quality },
  student,
  baseline,
  agreement,
  quality: { comparison },
  spend,
  rows,
}: Report): void {
  const percent = (scored: Report["agreement"] | null): string =>
    scored === null ? "not known" : `${(100 * scored.value).toFixed(1)} %`;
  say(
    `teacher ${percent(quality)}, student ${percent(student.quality)}, undistilled ${percent(student.undistilled)}, most frequent answer ${percent(baseline.quality)}`,
  );
  say(
    `student against teacher: ${comparison}; agreement ${percent(agreement)}; ${rows.kept} rows kept, dropped ${JSON.stringify(rows.dropped)}`,
  );
  say(
    `spent $${spend.spent.toFixed(4)}, at most $${spend.upperBound.toFixed(4)}, ${spend.unknown} calls of unknown outcome; the teacher billed $${teacher.dollars().toFixed(4)}`,
  );
}

function check(what: string, held: boolean): void {
  say(`${held ? "ok  " : "FAIL"} ${what}`);
  failed ||= !held;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
