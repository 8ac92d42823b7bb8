/**
 * Claim: the Hugging Face export of a model gives the same tokens and the same logits (within 1e-3) in transformers.
 *
 *     python3 -m venv /tmp/hf && /tmp/hf/bin/pip install torch transformers
 *     node bench/lm-transformers.ts --python /tmp/hf/bin/python [--model FOLDER] [--json]
 *
 * Logits are compared at every position of texts in several scripts; greedy answers to dialogues through both chat templates.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { loadModelFolder, saveModelFolder } from "../src/lm/formats/model-folder.ts";
import { houseChatModel } from "../src/lm/runtime/chat-model.ts";
import { plainRuntime } from "../src/lm/runtime/plain.ts";
import { answers } from "../src/lm/sample/generate.ts";
import { loadTeacher } from "../src/lm/teacher/load.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    model: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(
    "node bench/lm-transformers.ts --python PYTHON (with torch and transformers) [--model FOLDER] [--json]",
  );
  process.exit(0);
}

const TEXTS = [
  "The miller lives in the town by the river, and 12 + 30 is 42.",
  "Der Müller wohnt in der Stadt am Fluß; »ja«, sagt er.  Zwei  Leerzeichen.\n\nNeue Zeile",
  "混ざった text with emoji 🙂 and tabs\tand don't we'll it's",
  "<|end|> is no special token when a user writes it? <|user|>",
];
const CHATS = [
  [{ role: "user" as const, text: "Hello! How are you?" }],
  [
    { role: "system" as const, text: "Answer in one word." },
    { role: "user" as const, text: "What is 3 + 4?" },
  ],
];

const folder = mkdtempSync(join(tmpdir(), "lm-hf-"));
try {
  saveModelFolder(folder, values.model === undefined ? loadTeacher() : loadModelFolder(values.model));
  const said = await transformers(folder);
  const { model, tokenizer } = loadModelFolder(folder);
  const house = houseChatModel(plainRuntime(model), tokenizer);

  let worst = 0;
  let positions = 0;
  let sameTokens = 0;
  for (const [i, { ids, back, logits }] of said.texts.entries()) {
    const text = TEXTS[i] as string;
    const own = tokenizer.encode(text);
    if (own.join() === ids.join() && back === text) sameTokens++;
    await house.runtime.read([{ tokens: ids, from: 0 }], (_, position, row) => {
      positions++;
      for (const [token, logit] of row.entries())
        worst = Math.max(worst, Math.abs(logit - (logits[position]?.[token] as number)));
    });
  }
  let sameAnswers = 0;
  for (const [i, { ids, answer }] of said.chats.entries()) {
    const prompt = house.prompt(CHATS[i] ?? []);
    const asking = { prompt, maxTokens: 40, sampling: { seed: 1, temperature: 0, topLogprobs: 0 } };
    for await (const { tokens } of answers(house, [asking])) {
      const own = tokens.map((x) => x.token);
      const theirs = answer.filter((token) => !house.ends.has(token));
      if (prompt.join() === ids.join() && own.join() === theirs.join()) sameAnswers++;
    }
  }
  const found = {
    ...said.versions,
    positions,
    worst,
    sameTokens: `${sameTokens}/${TEXTS.length}`,
    sameAnswers: `${sameAnswers}/${CHATS.length}`,
  };
  console.log(
    values.json
      ? JSON.stringify(found)
      : `transformers ${found.transformers}, torch ${found.torch}: largest difference of a logit ${worst.toExponential(1)} over ${positions} positions; ` +
          `same tokens in ${found.sameTokens} texts; same greedy answers in ${found.sameAnswers} dialogues`,
  );
  process.exitCode = worst <= 1e-3 && sameTokens === TEXTS.length && sameAnswers === CHATS.length ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Said {
  readonly versions: { readonly transformers: string; readonly torch: string };
  readonly texts: readonly { readonly ids: number[]; readonly back: string; readonly logits: number[][] }[];
  readonly chats: readonly { readonly ids: number[]; readonly answer: number[] }[];
}

async function transformers(folder: string): Promise<Said> {
  const script = join(import.meta.dirname, "lm-transformers.py");
  const child = spawn(values.python, [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(
    JSON.stringify({
      texts: TEXTS,
      chats: CHATS.map((turns) => turns.map(({ role, text }) => ({ role, content: text }))),
    }),
  );
  const [out, [code]] = await Promise.all([readAll(child.stdout), once(child, "close")]);
  if (code !== 0)
    throw new Error(`${values.python} ${script} ended with ${String(code)}: install torch and transformers`);
  return JSON.parse(out) as Said;
}
