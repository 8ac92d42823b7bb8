// A distillation of any OpenAI-compatible API:
//
//     node examples/distil-any-api.ts                                      (our own gateway, with a permit that it issues)
//     TEACHER_API_KEY=… node examples/distil-any-api.ts --base-url https://api.example.com/v1 --model M --input 0.15 --output 0.60 --terms FILE
//
// Without --base-url it starts `stillwatch serve`, whose model is asked with an API key and a distillation permit: the provider's side and the
// distiller's side of one house. Nothing leaves the machine then. The teacher sorts short statements; a classifier learns it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Report } from "../src/distil/report/report.ts";
import { tasks } from "../src/lm/world/world.ts";
import { seeded } from "../src/stats/random.ts";
import { json, run as runCommand, serve, stillwatch, type Server } from "../test/stillwatch.ts";

const { values } = parseArgs({
  options: {
    "base-url": { type: "string" },
    model: { type: "string", default: "stillwatch-teacher" },
    input: { type: "string", default: "0.10" },
    output: { type: "string", default: "0.40" },
    terms: { type: "string" },
    dollars: { type: "string", default: "0.05" },
    keep: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "stillwatch-example-"));
const file = (name: string): string => join(folder, name);
const run = file("run");
let server: Server | undefined;
let failed = false;
try {
  mkdirSync(run);
  writeFileSync(join(run, "statements.jsonl"), statements(500, "taught", false));
  writeFileSync(join(run, "test.jsonl"), statements(120, "held-out", true));
  const way = values["base-url"] === undefined ? await ownGateway() : theirApi(values["base-url"]);
  writeFileSync(
    join(run, "distil.yaml"),
    `name: feelings
purpose: classifier
distribution: internal
${way.permission}
teacher:
  baseUrl: ${way.baseUrl}
  model: ${values.model}
  apiKeyEnv: TEACHER_API_KEY
  prices: { input: ${values.input}, output: ${values.output} }
  maxOutputTokens: 16
  temperature: 0
${way.terms}
prompts:
  from: [{ file: statements.jsonl }]
  nearDuplicates: keep
budget: { dollars: ${values.dollars} }
filters: { near-duplicate: false }
student: { trainer: classifier }
evaluation: { test: test.jsonl, reference: label, overlap: same }
cascade: { epsilon: 0.1, delta: 0.05 }
`,
  );
  if (server !== undefined) await withoutPermit();
  const { code, out, err } = await runCommand(["distil", "run", run, "--json", "--quiet"], {
    env: { TEACHER_API_KEY: way.key },
  });
  if (code !== 0) throw new Error(`the run ended with ${code}: ${err}`);
  const report = JSON.parse(out) as Report;
  say(
    `teacher ${percent(report.teacher.quality)}, student ${percent(report.student.quality)}, undistilled ${percent(report.student.undistilled)}, baseline ${percent(report.baseline.quality)}`,
  );
  say(
    `spent $${report.spend.spent.toFixed(5)} of at most $${report.spend.upperBound.toFixed(5)}; ${report.terms.allowed}; restrictions: ${report.terms.restrictions.length}`,
  );
  check("the student agrees with its teacher on most", report.agreement.value > 0.6);
  check("within the budget", report.spend.upperBound <= Number(values.dollars));
  if (server !== undefined) await provider(report);
  if (values.keep) say(`kept: ${run}`);
} finally {
  await server?.stop();
  if (!values.keep) rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;

interface Way {
  readonly baseUrl: string;
  readonly key: string;
  readonly permission: string;
  readonly terms: string;
}

function theirApi(baseUrl: string): Way {
  const terms = values.terms === undefined ? "" : `  terms: ${JSON.stringify(resolve(values.terms))}`;
  // The key comes from the environment of whoever starts this, and goes no further than to that API.
  return { baseUrl, key: process.env["TEACHER_API_KEY"] ?? "", permission: "", terms };
}

/** The provider's side: a gateway, an account, its key, and a permit for the lab that wants to distil. */
async function ownGateway(): Promise<Way> {
  const data = file("data");
  server = await serve(data, file("config.json"), {
    upstreams: [{ name: "house", kind: "embedded", models: ["*"] }],
  });
  await stillwatch("accounts", "add", "lab", "--data", data);
  const { secret: key } = await json<{ secret: string }>("keys", "add", "lab", "--data", data);
  writeFileSync(file("lab.pub"), await stillwatch("permits", "holder-key", "--out", file("lab.key")));
  const scope = ["--purpose", "classifier", "--distribution", "internal", "--model", "*"];
  const volume = [
    "--exchanges",
    "2000",
    "--output-tokens",
    "100000",
    "--expires",
    "1d",
    "--note",
    "the example",
  ];
  const files = ["--data", data, "--holder", file("lab.pub"), "--out", file("permit.json")];
  await stillwatch("permits", "issue", "lab", ...files, ...scope, ...volume);
  const permission = `permit: ${file("permit.json")}\nholderKey: ${file("lab.key")}\nissuer: ${join(data, "log.vkey")}`;
  return { baseUrl: `${server.url}/v1`, key, permission, terms: "" };
}

/** The same run without the permit: refused before anything is sent. */
async function withoutPermit(): Promise<void> {
  const other = file("without");
  mkdirSync(other);
  writeFileSync(join(other, "statements.jsonl"), statements(30, "taught", false));
  writeFileSync(join(other, "test.jsonl"), statements(10, "held-out", true));
  writeFileSync(
    join(other, "distil.yaml"),
    `purpose: classifier
teacher: { baseUrl: "${server?.url}/v1", model: m, prices: { input: 1, output: 1 } }
prompts: { from: [{ file: statements.jsonl }] }
budget: { dollars: 1 }
student: { trainer: classifier }
evaluation: { test: test.jsonl, reference: label }
`,
  );
  const { code, err } = await runCommand(["distil", "run", other, "--quiet"]);
  check("without a permit nothing is sent", code === 1 && err.includes("nothing was sent"));
}

/** What the provider sees of it. */
async function provider({ spend, terms }: Report): Promise<void> {
  const permits = await json<{ id: string }[]>("permits", "list", "lab", "--data", file("data"));
  say(`the provider's view: ${JSON.stringify(permits[0]).slice(0, 200)}…`);
  check("the permit was used", terms.permit !== null && spend.known.calls > 100);
}

/** Statements of the house model's own world, so that it knows how to sort them; any other model does as well. */
function statements(count: number, split: "taught" | "held-out", labelled: boolean): string {
  const random = seeded(`any api ${split}`);
  const task = tasks.find(({ name }) => name === "sentiment.en") ?? tasks[0]!;
  const found = new Map<string, string>();
  for (let i = 0; found.size < count && i < 50 * count; i++) {
    const { turns, answer } = task.generate(random, split);
    found.set(turns.at(-1)?.text ?? "", answer);
  }
  return [...found]
    .map(([text, label]) => `${JSON.stringify(labelled ? { text, label } : { text })}\n`)
    .join("");
}

function percent(scored: Report["agreement"] | null): string {
  return scored === null ? "not known" : `${(100 * scored.value).toFixed(1)} %`;
}

function check(what: string, held: boolean): void {
  say(`${held ? "ok  " : "FAIL"} ${what}`);
  failed ||= !held;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
