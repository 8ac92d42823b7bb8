import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../src/exchange/exchange.ts";
import type { Report } from "../src/distil/report/report.ts";
import type { RunStatus } from "../src/distil/run/status.ts";
import type { Permit } from "../src/policy/permit.ts";
import { labelTeacher, type LabelTeacher } from "./distil/label-teacher.ts";
import { json, jsonLines, run, serve, stillwatch } from "./stillwatch.ts";

// A distillation as its users run it: distil.yaml, processes, kills, resumes and bad luck. The messages are real (examples/banking).

const BIN = join(import.meta.dirname, "../bin/stillwatch");
const PRICES = { input: 1, output: 2 };
const base = mkdtempSync(join(tmpdir(), "stillwatch-distil-loop-"));
afterAll(() => rmSync(base, { recursive: true }));

interface Labelled {
  readonly text: string;
  readonly label: string;
}

const messages = jsonLines<Labelled>(
  readFileSync(join(import.meta.dirname, "../examples/banking/messages.jsonl"), "utf8"),
).filter(({ label }) => /card_arrival|exchange_rate|age_limit|top_up_failed|change_pin/.test(label));
const labels = new Map(messages.map(({ text, label }) => [text, label]));
const [learned, tested] = [messages.slice(0, 280), messages.slice(280, 340)];
const HEAD = "Message: ";

let teacher: LabelTeacher;
beforeEach(async () => {
  teacher = await labelTeacher((prompt) => labels.get(prompt.slice(HEAD.length)) ?? "unknown", PRICES);
});
afterEach(() => teacher.close());

/** A run's folder with its recipe, prompts and test set. */
function folderOf(name: string, change: JsonObject = {}, lines: readonly string[] = []): string {
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  const prompts = [...lines, ...learned.map(({ text }) => JSON.stringify({ text }))];
  writeFileSync(join(folder, "messages.jsonl"), prompts.join("\n"));
  writeFileSync(join(folder, "test.jsonl"), tested.map((row) => JSON.stringify(row)).join("\n"));
  recipeOf(folder, change);
  return folder;
}

function recipeOf(folder: string, { teacher: more = {}, ...change }: JsonObject = {}): void {
  const recipe = {
    name: "routing",
    purpose: "classifier",
    distribution: "internal",
    teacher: {
      baseUrl: teacher.baseUrl,
      model: "labels",
      prices: PRICES,
      maxOutputTokens: 16,
      terms: "own-model",
      ...(more as JsonObject),
    },
    prompts: { from: [{ file: "messages.jsonl" }], template: `${HEAD}{{input}}` },
    budget: { dollars: 1 },
    student: { trainer: "classifier", settings: { epochs: 4 } },
    evaluation: { test: "test.jsonl", reference: "label" },
    cascade: { epsilon: 0.3, delta: 0.1 },
    ...change,
  };
  // Null takes a field away.
  const text = JSON.stringify(recipe, (_, value: unknown) => (value === null ? undefined : value));
  writeFileSync(join(folder, "distil.yaml"), text);
}

const readReport = (folder: string): Report =>
  JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as Report;
const dataset = (folder: string): JsonObject[] =>
  jsonLines(readFileSync(join(folder, "dataset.jsonl"), "utf8"));
/** Prompts that were billed more than once. */
const billedAgain = (): number => teacher.billed() - teacher.calls.size;
const promptsOf = ({ rows }: Report): number => rows.prompts;

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly out: () => string;
}

function start(...argv: string[]): Started {
  const child = spawn(BIN, ["distil", ...argv], { stdio: ["ignore", "pipe", "ignore"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  return { child, ended: once(child, "exit"), out: () => out };
}

async function until(holds: () => boolean, { child }: Started): Promise<void> {
  while (!holds() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("stillwatch distil", () => {
  it("is killed, tells how far it is, goes on, reports and serves, and bills nothing twice that it knew", async () => {
    const edited = tested.slice(0, 5).map(({ text }) => JSON.stringify({ text: `${text.toUpperCase()} !` }));
    const broken = ['{"text": "cut', '{"label": 3}', JSON.stringify({ text: tested[9]!.text })];
    const folder = folderOf("killed", { teacher: { concurrency: 8 } }, [...broken, ...edited]);
    teacher.delayMs = 60;
    const first = start("run", folder, "--quiet");
    await until(() => teacher.billed() >= 60, first);
    const status = await json<RunStatus & JsonObject>("distil", "status", folder);
    expect(status).toMatchObject({ name: "routing", stage: "collecting", budget: 1 });
    expect(status.answered).toBeGreaterThan(0);
    expect(status.answered).toBeLessThan(status.prompts);
    // Equal for a moment when nothing is in flight.
    expect(status.upperBound).toBeGreaterThanOrEqual(status.spent);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(existsSync(join(folder, "report.json"))).toBe(false);
    expect(await run(["distil", "report", folder])).toMatchObject({ code: 1 });

    teacher.delayMs = 5;
    const report = await json<Report & JsonObject>("distil", "resume", folder, "--quiet");
    expect(report.rows.answered).toBe(promptsOf(report));
    expect(report.rows.dropped).toMatchObject({ "unusable line": 2 });
    // The six that were put there; real messages are alike as well.
    expect(report.rows.dropped["in the test set, or nearly"]).toBeGreaterThanOrEqual(6);
    // No more than the eight that were in flight.
    expect(report.spend.unknown).toBeLessThanOrEqual(8);
    expect(billedAgain()).toBeLessThanOrEqual(report.spend.unknown);
    expect(report.spend.spent).toBeLessThanOrEqual(teacher.dollars() + 1e-9);
    expect(report.spend.upperBound).toBeGreaterThanOrEqual(teacher.dollars() - 1e-9);
    expect(report.spend.upperBound).toBeLessThanOrEqual(1);
    expect(report.teacher.quality?.value).toBe(1);
    expect(report.quality.against.at(-1)?.comparison).toBe("beats");
    const inTest = new Set(tested.map(({ text }) => text));
    expect(dataset(folder).filter((row) => inTest.has(row["input"] as string))).toEqual([]);

    const billed = teacher.billed();
    const again = await json<Report & JsonObject>("distil", "run", folder, "--quiet");
    expect(teacher.billed()).toBe(billed);
    expect(again.rows.root).toBe(report.rows.root);
    expect(await json("distil", "report", folder)).toEqual(readReport(folder));
    expect(await json("distil", "status", folder)).toMatchObject({
      stage: "done",
      answered: promptsOf(report),
    });
    for (const file of ["report.html", "dataset.parquet", "dataset-card.md", "student/card.md", "spend.json"])
      expect(existsSync(join(folder, file))).toBe(true);

    await served(folder, again);
  });

  it("trains and reports on what it has when the budget ends, and goes on when there is more", async () => {
    const budget = { calls: 220 };
    const folder = folderOf("budget", { budget });
    const short = await json<Report & JsonObject>("distil", "run", folder, "--quiet");
    expect(short.stopped).toContain("budget");
    expect(short.spend.bound.calls).toBe(220);
    expect(teacher.billed()).toBe(220);
    expect(short.rows.answered).toBe(220);
    expect(short.student.quality?.rows).toBe(tested.length);

    recipeOf(folder, { budget: { calls: 1000 } });
    const whole = await json<Report & JsonObject>("distil", "resume", folder, "--quiet");
    expect(whole.rows.answered).toBe(promptsOf(whole));
    expect(whole.rows.kept).toBeGreaterThan(short.rows.kept);
    expect(billedAgain()).toBe(0);
  });

  it("ends with 1 when the budget leaves nothing to train on, and keeps what was answered", async () => {
    const folder = folderOf("poor", { budget: { dollars: 0.003 } });
    const poor = await run(["distil", "run", folder, "--quiet"]);
    expect(poor.code).toBe(1);
    expect(poor.err).toMatch(/budget ended the collecting after \d+ of \d+ prompts.*raise budget/s);
    expect(teacher.dollars()).toBeLessThanOrEqual(0.003);
    expect(teacher.billed()).toBeGreaterThan(0);
    const spend = JSON.parse(readFileSync(join(folder, "spend.json"), "utf8")) as Report["spend"];
    expect(spend.upperBound).toBeLessThanOrEqual(0.003);
    recipeOf(folder);
    await json("distil", "resume", folder, "--quiet");
    expect(billedAgain()).toBe(0);
  });

  it.each<[string, JsonObject, number, RegExp]>([
    ["terms or a permit", { teacher: { terms: null } }, 1, /nothing was sent: .*terms/],
    ["leave for its purpose", { purpose: "competing", teacher: { terms: "openai" } }, 1, /nothing was sent/],
    ["prices", { teacher: { prices: null } }, 2, /teacher\.prices/],
    ["prices above zero", { teacher: { prices: { input: -1, output: 2 } } }, 2, /teacher\.prices\.input/],
    ["a budget", { budget: {} }, 2, /budget: set dollars/],
    ["a test set", { evaluation: { test: "no.jsonl" } }, 2, /no\.jsonl/],
    ["a trainer", { student: { trainer: "wizard" } }, 2, /wizard.*classifier, language-model/],
    ["filters that there are", { filters: { magic: true } }, 2, /there is no magic/],
    [
      "settings that the trainer knows",
      { student: { trainer: "classifier", settings: { epoch: 1 } } },
      2,
      /epoch/,
    ],
  ])("sends nothing without %s", async (name, change, code, says) => {
    const folder = folderOf(`without ${name}`, change);
    const ended = await run(["distil", "run", folder, "--quiet"]);
    expect({ code: ended.code, requests: teacher.requests.length, err: ended.err }).toMatchObject({
      code,
      requests: 0,
    });
    expect(ended.err).toMatch(says);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  it("stops when its permit expires or is used up, and goes on with a new one", async () => {
    const { folder, issue, stop } = await permitted();
    const stopped = async (says: RegExp): Promise<number> => {
      const ended = await run(["distil", "run", folder, "--quiet"]);
      expect({ code: ended.code, err: ended.err }).toMatchObject({
        code: 1,
        err: expect.stringMatching(says) as string,
      });
      expect(teacher.requests).toHaveLength(teacher.billed());
      return teacher.billed();
    };
    try {
      teacher.delayMs = 100;
      await issue(1000, 3000);
      const expired = await stopped(/permit permit_\w+ does not hold \(expired\).*Nothing more is sent/s);
      expect(expired).toBeLessThan(150);

      teacher.delayMs = 2;
      const second = await issue(150, 600_000);
      const usedUp = await stopped(/permit permit_\w+ does not hold \(volume-used\)/);
      expect(usedUp).toBeGreaterThan(expired + 100);
      expect(usedUp).toBeLessThanOrEqual(expired + 150);

      const third = await issue(1000, 600_000);
      const report = await json<Report & JsonObject>("distil", "resume", folder, "--quiet");
      expect(report.rows.answered).toBe(promptsOf(report));
      expect(report.spend.unknown).toBe(0);
      expect(billedAgain()).toBe(0);
      // Each row names the permit under which it was asked, not the last one.
      const permits = new Set(dataset(folder).map((row) => row["permit"]));
      expect([...permits]).toEqual(expect.arrayContaining([second.id, third.id]));
    } finally {
      await stop();
    }
  });

  it("stops when the teacher becomes another model, and keeps its answers out of the dataset", async () => {
    const folder = folderOf("changed", { teacher: { concurrency: 4 } });
    teacher.model = (calls) => (calls > 200 && calls < 250 ? "labels-2" : "labels-1");
    const ended = await run(["distil", "run", folder, "--quiet"]);
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/answered as "labels-2", before it was "labels-1".*teacher\.models/s);
    expect(teacher.billed()).toBeLessThan(210);
    teacher.model = () => "labels-1";
    const report = await json<Report & JsonObject>("distil", "resume", folder, "--quiet");
    expect(billedAgain()).toBe(0);
    expect(new Set(dataset(folder).map((row) => row["teacher"]))).toEqual(new Set(["labels-1"]));
    expect(report.rows.dropped["teacher"]).toBeGreaterThan(0);

    // Both are wanted after all: nothing is asked again for that.
    recipeOf(folder, { teacher: { models: ["labels-1", "labels-2"] } });
    const both = await json<Report & JsonObject>("distil", "resume", folder, "--quiet");
    expect(both.rows.kept).toBe(report.rows.kept + report.rows.dropped["teacher"]!);
    expect(billedAgain()).toBe(0);
  });
});

describe("stillwatch distil on a full disk", () => {
  it("stops asking, says so, and goes on when there is room", async () => {
    const folder = folderOf("full");
    // No file may grow past 100 KiB (EFBIG where a full disk says ENOSPC): the journal comes to its end first.
    const full = spawn("sh", ["-c", `ulimit -f 200; exec "$0" distil run "$1" --quiet`, BIN, folder]);
    let said = "";
    full.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    expect(await once(full, "close")).toEqual([1, null]);
    expect(said).toMatch(/journal cannot be written.*Nothing more is sent; make room and resume/s);
    expect(teacher.billed()).toBeLessThan(learned.length);

    const report = await json<Report & JsonObject>("distil", "resume", folder, "--quiet");
    expect(report.rows.answered).toBe(promptsOf(report));
    expect(billedAgain()).toBeLessThanOrEqual(report.spend.unknown);
    expect(report.spend.upperBound).toBeGreaterThanOrEqual(teacher.dollars() - 1e-9);
  });
});

async function served(folder: string, report: Report): Promise<void> {
  const server = start("serve", folder, "--port", "0");
  try {
    await until(() => server.out().includes("\n"), server);
    const client = new OpenAI({ apiKey: "none", baseURL: server.out().trim(), maxRetries: 0 });
    const before = teacher.billed();
    let byStudent = 0;
    for (const { text, label } of tested.slice(0, 20)) {
      const messages = [{ role: "user" as const, content: `${HEAD}${text}` }];
      const { data, response } = await client.chat.completions
        .create({ model: "routing", messages })
        .withResponse();
      expect(data.model).toBe("routing");
      const by = response.headers.get("x-stillwatch-answered-by");
      if (by === "student") byStudent++;
      else expect(data.choices[0]?.message.content).toBe(label);
    }
    expect(teacher.billed() - before).toBe(20 - byStudent);
    expect(byStudent > 0).toBe(report.cascade?.threshold !== null);
    let streamed = "";
    const messages = [{ role: "user" as const, content: "no such form" }];
    for await (const part of await client.chat.completions.create({
      model: "routing",
      messages,
      stream: true,
    }))
      streamed += part.choices[0]?.delta.content ?? "";
    expect(streamed).toBe("unknown");
  } finally {
    server.child.kill("SIGTERM");
    expect(await server.ended).toEqual([0, null]);
  }
}

/** A gateway in front of the teacher that takes permits, and a run that has one. */
async function permitted() {
  const data = join(base, "gateway");
  const upstreams = [
    { name: "labels", kind: "openai", baseUrl: teacher.baseUrl.replace(/\/v1$/, ""), models: ["*"] },
  ];
  const gateway = await serve(data, join(base, "gateway.json"), { upstreams });
  await stillwatch("accounts", "add", "acme", "--data", data);
  const { secret } = await json<{ secret: string }>("keys", "add", "acme", "--data", data);
  const folder = folderOf("permitted");
  const file = (name: string): string => join(folder, name);
  await stillwatch("permits", "holder-key", "--out", file("holder.key"));
  writeFileSync(file("issuer.vkey"), await stillwatch("ledger", "key", "--data", data));
  const issue = async (exchanges: number, ms: number): Promise<Permit> => {
    const wanted = `--purpose classifier --distribution internal --model labels --exchanges ${exchanges}`;
    const expires = ["--expires", new Date(Date.now() + ms).toISOString()];
    const issued = ["permits", "issue", "acme", "--data", data, "--holder", file("holder.key")];
    return await json<Permit>(...issued, ...wanted.split(" "), ...expires, "--out", file("permit.json"));
  };
  process.env["TEST_DISTIL_KEY"] = secret;
  recipeOf(folder, {
    teacher: {
      baseUrl: `${gateway.url}/v1`,
      terms: null,
      apiKeyEnv: "TEST_DISTIL_KEY",
      concurrency: 4,
    },
    permit: "permit.json",
    holderKey: "holder.key",
    issuer: "issuer.vkey",
  });
  const stop = async (): Promise<void> => {
    delete process.env["TEST_DISTIL_KEY"];
    await gateway.stop();
  };
  return { folder, issue, stop };
}
