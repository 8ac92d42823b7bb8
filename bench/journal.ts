/**
 * Claims: at least 8,000 recorded, encrypted and committed 3 KB exchanges per CPU-second at batch 100; at most 1.8 KB on disk for
 * 3 KB of text after sealing; 1,000,000 leaves verified in at most 60 s.
 *
 *     node bench/journal.ts [--exchanges N] [--corpora DIR] [--leaves N] [--data DIR]
 *
 * CPU is user + system of the whole process (all threads), best of the rounds; nothing else is running in it. Text comes from
 * --corpora (the project's own shared corpora) or, without, from our simulated world.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { createHash, createSecretKey, hash, randomBytes } from "node:crypto";
import { Ledger } from "../src/ledger/ledger.ts";
import { loadMasterKeys } from "../src/ledger/keyring.ts";
import { sealSegment } from "../src/ledger/seal.ts";
import { listSegments } from "../src/ledger/segment.ts";
import { readVkeys } from "../src/ledger/signers.ts";
import { verify } from "../src/ledger/verify.ts";
import { commit } from "../src/ledger/entry.ts";
import { deriveSecret, seal, wrapKey } from "../src/ledger/secret.ts";
import type { Intent, Result } from "../src/ledger/recorder.ts";

const { values } = parseArgs({
  options: {
    exchanges: { type: "string", default: "20000" },
    leaves: { type: "string", default: "1000000" },
    corpora: { type: "string" },
    data: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(
    "node bench/journal.ts [--exchanges N] [--leaves N (0 = skip verification)] [--corpora DIR] [--data DIR]",
  );
  process.exit(0);
}
const root = values.data ?? mkdtempSync(join(tmpdir(), "sw-bench-"));
const texts = bodies(values.corpora);
const mean =
  texts.reduce((sum, { request, response }) => sum + request.length + response.length, 0) / texts.length;
console.log(`${texts.length} texts, ${Math.round(mean)} bytes of request and response on average`);

parts();
const perSecond: number[] = [];
for (const slow of [false, true]) {
  for (let round = 0; round < 3; round++)
    perSecond.push(await record(join(root, `r${Number(slow)}${round}`), slow));
}
const stored = await sealed(join(root, "r02"));
const leaves = Number(values.leaves);
const verified = leaves > 0 ? await verifyMany(leaves) : null;
rmSync(root, { recursive: true, force: true });
console.log(
  `${Math.round(Math.max(...perSecond.slice(0, 3)))} exchanges recorded per CPU-second in one frame (${Math.round(Math.max(...perSecond.slice(3)))} as INTENT and RESULT); ` +
    `${Math.round(stored.after)} bytes on disk per exchange of ${Math.round(mean)} bytes after sealing (${Math.round(stored.before)} before)` +
    (verified
      ? `; ${leaves} leaves verified in ${verified.seconds.toFixed(1)} s (${verified.contents})`
      : ""),
);

/** Bodies of about 3 KB, so that figures are comparable: real texts, some joined until they are long enough. */
function bodies(corpora: string | undefined): { request: Buffer; response: Buffer }[] {
  const pairs = corpora ? corpusPairs(corpora) : ownPairs();
  const out: { request: Buffer; response: Buffer }[] = [];
  let prompt = "";
  let answer = "";
  for (const [p, a] of pairs) {
    prompt += `${prompt && "\n"}${p}`;
    answer += `${answer && "\n"}${a}`;
    if (prompt.length + answer.length < 1900) continue;
    if (prompt.length + answer.length < 3300)
      out.push({
        request: Buffer.from(
          JSON.stringify({
            model: "m-large",
            messages: [{ role: "user", content: prompt }],
            temperature: 0.7,
            max_tokens: 1024,
          }),
        ),
        response: Buffer.from(
          JSON.stringify({
            id: `chatcmpl-${randomBytes(12).toString("hex")}`,
            object: "chat.completion",
            created: 1_772_366_400,
            model: "m-large",
            choices: [
              {
                index: 0,
                message: { role: "assistant", content: answer, refusal: null },
                logprobs: null,
                finish_reason: "stop",
              },
            ],
            usage: { prompt_tokens: 512, completion_tokens: 340, total_tokens: 852 },
          }),
        ),
      });
    prompt = answer = "";
  }
  return out.slice(0, 4000);
}

function* corpusPairs(folder: string): Generator<[string, string]> {
  for (const kind of ["benign_user", "harvest", "benign_app"]) {
    for (const name of readdirSync(join(folder, kind))) {
      const rows = gunzipSync(readFileSync(join(folder, kind, name)))
        .toString("utf8")
        .trim()
        .split("\n")
        .slice(0, 400);
      for (const row of rows) {
        const { messages, response } = JSON.parse(row) as {
          messages: { content: string }[];
          response?: string;
        };
        if (response) yield [messages.map((m) => m.content).join("\n"), response];
      }
    }
  }
}

/** Pseudo-text with the entropy of words: compresses about as well as English does. */
function* ownPairs(): Generator<[string, string]> {
  const words = Array.from(
    { length: 4000 },
    (_, i) =>
      createHash("md5")
        .update(`w${i}`)
        .digest("base64")
        .replace(/[^a-z]/g, "")
        .slice(0, 2 + (i % 8)) || "a",
  );
  let state = 12_345;
  const next = (): string => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return words[Math.floor((state / 2_147_483_648) ** 3 * words.length)]!;
  };
  for (let i = 0; i < 4000; i++)
    yield [Array.from({ length: 200 }, next).join(" "), Array.from({ length: 300 }, next).join(" ")];
}

function parts(): void {
  const secret = randomBytes(32);
  const month = createSecretKey(randomBytes(32));
  const derived = deriveSecret(secret);
  const kb = Buffer.alloc(1500, 120);
  const context = Buffer.alloc(9);
  const steps: [string, () => unknown][] = [
    ["derive key and salts", () => deriveSecret(secret)],
    ["wrap the record key", () => wrapKey(month, secret)],
    [
      "5 commitments over 3 KB",
      () =>
        [0, 1, 2]
          .map(() => commit(derived.salts[0]!, 0, context))
          .concat(commit(derived.salts[0]!, 3, kb), commit(derived.salts[0]!, 4, kb)),
    ],
    ["encrypt 3 KB", () => seal(derived, context, Buffer.concat([kb, kb]))],
    ["leaf hash", () => hash("sha256", kb.subarray(0, 163), "buffer")],
  ];
  for (const [name, step] of steps) {
    let best = Infinity;
    for (let round = 0; round < 5; round++) {
      const from = process.hrtime.bigint();
      for (let i = 0; i < 2000; i++) step();
      best = Math.min(best, Number(process.hrtime.bigint() - from) / 2e6);
    }
    console.log(`  ${name.padEnd(28)} ${best.toFixed(1)} us`);
  }
}

async function record(dataDir: string, slow: boolean): Promise<number> {
  const ledger = await Ledger.open({ dataDir, now: () => Date.now() });
  const count = Number(values.exchanges);
  const before = process.cpuUsage();
  const wall = performance.now();
  for (let i = 0; i < count; i += 100) {
    const recordings = Array.from({ length: 100 }, (_, j) => ledger.begin(intentOf(i + j)));
    // Answers of a real model come later than the INTENT is written; those of a cache or a mock before.
    if (slow) await new Promise((resolve) => setTimeout(resolve, 25));
    await Promise.all(recordings.map((recording, j) => recording.finish(resultOf(i + j))));
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const perCpuSecond = count / seconds;
  console.log(
    `  batch 100, ${slow ? "INTENT and RESULT" : "one frame"}: ${Math.round(perCpuSecond)} exchanges per CPU-second (${(1e6 / perCpuSecond).toFixed(1)} us each), ${Math.round((count / (performance.now() - wall)) * 1000)}/s wall`,
  );
  await ledger.stop();
  return perCpuSecond;
}

function intentOf(i: number): Intent {
  return {
    id: `ex_${String(i).padStart(26, "0")}`,
    account: `acc_${i % 50}`,
    key: `key_${i % 50}`,
    receivedAt: Date.now(),
    client: { ip: "203.0.113.7", userAgent: "OpenAI/Python 2.1" },
    endpoint: "/v1/chat/completions",
    model: "m-large",
    permit: null,
    upstream: "bench",
    request: texts[i % texts.length]!.request,
  };
}

function resultOf(i: number): Result {
  return {
    status: 200,
    outcome: "complete",
    contentType: "application/json",
    response: [texts[i % texts.length]!.response],
    usage: { input: 512, output: 340 },
    firstByteMs: 3,
  };
}

async function sealed(dataDir: string): Promise<{ before: number; after: number }> {
  const masters = await loadMasterKeys(dataDir, {});
  const [first] = listSegments(dataDir);
  const cpu = process.cpuUsage();
  const report = (await sealSegment(dataDir, first!, masters))!;
  const { user, system } = process.cpuUsage(cpu);
  const exchanges = report.records - 60;
  console.log(
    `  sealing: ${((user + system) / exchanges).toFixed(0)} us CPU per exchange, in its own process of low priority`,
  );
  const log = sizeOf(join(dataDir, "log")) / Number(values.exchanges);
  return { before: report.before / exchanges + log, after: report.after / exchanges + log };
}

async function verifyMany(count: number): Promise<{ seconds: number; contents: string }> {
  const dataDir = join(root, "many");
  const ledger = await Ledger.open({ dataDir, now: () => Date.now(), checkpointMs: 5000 });
  const small = Buffer.from('{"model":"m","messages":[{"role":"user","content":"short"}]}');
  for (let i = 0; i < count; i += 1000) {
    await Promise.all(
      Array.from({ length: 1000 }, (_, j) =>
        ledger
          .begin({ ...intentOf(i + j), request: small })
          .finish({ ...resultOf(i + j), response: [small] }),
      ),
    );
    if (i % 100_000 === 0) process.stderr.write(`\r  writing ${i} of ${count} leaves`);
  }
  await ledger.stop();
  process.stderr.write("\n");
  const from = performance.now();
  const report = await verify({
    dataDir,
    masters: await loadMasterKeys(dataDir, {}),
    verifiers: readVkeys(dataDir),
    against: null,
  });
  const seconds = (performance.now() - from) / 1000;
  if (!report.holds || report.leaves !== count)
    throw new Error(`verification failed: ${JSON.stringify(report.problems[0])}`);
  const quick = performance.now();
  await verify({ dataDir, masters: null, verifiers: readVkeys(dataDir), against: null });
  return {
    seconds,
    contents: `every content opened and compared; ${((performance.now() - quick) / 1000).toFixed(1)} s without contents`,
  };
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    const stat = statSync(join(folder, name));
    return sum + (stat.isFile() ? stat.size : 0);
  }, 0);
}
