import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { serveJobs } from "../../jobs/serve-jobs.ts";
import { trainerConformance, type Exam } from "../conformance.ts";
import type { Lesson, Trainer, TrainingJob } from "../trainer.ts";
import { trainers } from "../trainers.ts";
import { commandTrainer } from "./command.ts";
import { openaiTrainer } from "./openai.ts";
import { childrenCpu } from "./program.ts";
import { trlTrainer } from "./trl.ts";

const base = mkdtempSync(join(tmpdir(), "stillwatch-outside-"));
const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
  rmSync(base, { recursive: true });
});

const TOPICS: Readonly<Record<string, readonly string[]>> = {
  billing: ["invoice", "charge", "refund", "payment"],
  delivery: ["parcel", "courier", "late", "address"],
};

function lessons(from: number, count: number): Lesson[] {
  return Array.from({ length: count }, (_, n) => {
    const i = from + n;
    const [label, words] = Object.entries(TOPICS)[i % 2] as [string, string[]];
    const input = `about my ${words[i % 4]} number ${i}, and the ${words[(i + 1) % 4]}`;
    return {
      id: i.toString(16).padStart(8, "0"),
      messages: [{ role: "user", content: input }],
      input,
      answer: label,
    };
  });
}

const exam = (trainer: Trainer, settings: Exam["settings"]): Exam => ({
  trainer,
  lessons: lessons(0, 80),
  validation: lessons(200, 10),
  questions: lessons(300, 20),
  settings,
  wrongSettings: [[{ ...settings, nonsense: 1 }, /nonsense/]],
});

/** A trainer and a student as programs in another language's clothes: it remembers which words come with which answer. */
const TRAIN = `const fs=require("fs");const [file,folder]=process.argv.slice(2);const words={};
for(const line of fs.readFileSync(file,"utf8").trim().split("\\n")){const m=JSON.parse(line).messages;
for(const w of m.at(-2).content.match(/[a-z]+/g)){(words[w]??={})[m.at(-1).content]=1}}
fs.writeFileSync(folder+"/words.json",JSON.stringify(words));console.log("trained")`;
const ANSWER = `const fs=require("fs");const words=JSON.parse(fs.readFileSync(process.argv[2]+"/words.json","utf8"));
for(const line of fs.readFileSync(0,"utf8").trim().split("\\n")){const votes={};
for(const w of JSON.parse(line).messages.at(-1).content.match(/[a-z]+/g)){const a=Object.keys(words[w]??{});if(a.length===1)votes[a[0]]=(votes[a[0]]??0)+1}
const best=Object.entries(votes).sort((a,b)=>b[1]-a[1])[0]??["?",0];console.log(JSON.stringify({text:best[0],confidence:best[1]/10}))}`;
writeFileSync(join(base, "train.cjs"), TRAIN);
writeFileSync(join(base, "answer.cjs"), ANSWER);
const COMMAND = {
  command: [process.execPath, join(base, "train.cjs"), "{{train}}", "{{folder}}"],
  answer: [process.execPath, join(base, "answer.cjs"), "{{folder}}"],
};

trainerConformance(
  "command",
  () =>
    exam(
      commandTrainer(() => null),
      COMMAND,
    ),
  { stoppable: false },
);

trainerConformance(
  "openai",
  async () => {
    const server = serveJobs({
      folder: mkdtempSync(join(base, "jobs-")),
      host: "127.0.0.1",
      port: 0,
      key: "secret",
      trainers: trainers({ secret: () => null }),
      now: () => Date.now(),
      randomBytes,
    });
    const url = await server.start();
    ends.push(() => server.stop());
    const settings = { baseUrl: `${url}/v1`, apiKeyEnv: "KEY", model: "stillwatch-classifier", pollMs: 30 };
    return exam(
      openaiTrainer(() => "secret"),
      settings,
    );
  },
  { stoppable: false },
);

describe("commandTrainer", () => {
  const job = (settings: Record<string, unknown>): TrainingJob => ({
    lessons: lessons(0, 20),
    validation: [],
    folder: mkdtempSync(join(base, "student-")),
    settings,
    seed: 1,
  });

  it("says how a program failed, with the end of its log", async () => {
    const command = [process.execPath, "-e", "console.error('out of memory');process.exit(3)"];
    await expect(commandTrainer(() => null).train(job({ ...COMMAND, command }), {})).rejects.toThrow(
      /ended with 3.*out of memory/s,
    );
    await expect(
      commandTrainer(() => null).train(job({ ...COMMAND, command: ["/no/such"] }), {}),
    ).rejects.toThrow(/cannot be started/);
  });

  it("says what processor time the program used", async () => {
    const before = childrenCpu();
    const { cpuSeconds } = await commandTrainer(() => null).train(job(COMMAND), {});
    // A Node alone takes some hundredths of a second to start. Where there is no /proc nothing is known, and 0 said.
    expect(cpuSeconds > 0.02).toBe(existsSync("/proc/self/stat"));
    expect(childrenCpu()).toBeGreaterThanOrEqual(before + cpuSeconds);
  });

  it("stops the program and all that it started", async () => {
    const stop = new AbortController();
    const command = [process.execPath, "-e", "setInterval(()=>{},1000);console.log('up')"];
    const training = commandTrainer(() => null).train(job({ ...COMMAND, command }), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(training).rejects.toThrow(/was stopped/);
  });

  it("takes no answers that do not fit the questions", async () => {
    const trainer = commandTrainer(() => null);
    const one = job({ ...COMMAND, answer: [process.execPath, "-e", "console.log('{}')"] });
    await trainer.train(one, {});
    const student = await trainer.open(one.folder);
    await expect(student.answer(lessons(0, 1))).rejects.toThrow(/has no text/);
    await expect(student.answer(lessons(0, 2))).rejects.toThrow(/1 lines for 2 questions/);
  });
});

describe("trlTrainer", () => {
  it("hands over a configuration and the lessons as TRL reads them", async () => {
    const trl = join(base, "trl");
    const bars = [
      "Loading weights: 100%|####| 3/3",
      " 45%|####      | 9/20",
      "{'loss': '3.25', 'epoch': '0.4'}",
      "Writing model shards:   0%|  | 0/1",
    ];
    const said = bars.map((bar) => `printf '%s\\r' "${bar}"`).join("\n");
    writeFileSync(trl, `#!/bin/sh\necho "$@" > called\nmkdir -p model\n${said}\n`);
    chmodSync(trl, 0o755);
    const folder = mkdtempSync(join(base, "trl-"));
    const settings = {
      model: "HuggingFaceTB/SmolLM2-135M-Instruct",
      trl,
      epochs: 2,
      learningRate: 1e-7,
      config: { use_peft: true },
    };
    const seen: [number, number | null][] = [];
    await trlTrainer.train(
      { lessons: lessons(0, 20), validation: [], folder, settings, seed: 5 },
      { onProgress: ({ done, loss }) => seen.push([done, loss]) },
    );
    expect(readFileSync(join(folder, "called"), "utf8").trim()).toBe("sft --config sft.yaml");
    const config = readFileSync(join(folder, "sft.yaml"), "utf8");
    for (const line of [
      "model_name_or_path: HuggingFaceTB/SmolLM2-135M-Instruct",
      "num_train_epochs: 2",
      "seed: 5",
      "use_peft: true",
      "path: json",
      // YAML 1.1, which PyYAML reads, takes a plain no for false and 1e-7 for a text.
      'save_strategy: "no"',
      "learning_rate: 1.0e-7",
    ])
      expect(config).toContain(line);
    const [first] = readFileSync(join(folder, "train.jsonl"), "utf8").split("\n");
    expect(JSON.parse(first ?? "")).toEqual({
      prompt: lessons(0, 1)[0]?.messages,
      completion: [{ role: "assistant", content: "billing" }],
    });
    expect(seen).toEqual([
      [0, null],
      [0.45, null],
      [0.45, 3.25],
      [0.45, 3.25],
    ]);
  });
});
