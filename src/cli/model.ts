import { existsSync, statSync, writeFileSync } from "node:fs";
import { writeGguf } from "../lm/formats/gguf.ts";
import { loadModelFolder, saveModelFolder, type ModelFolder } from "../lm/formats/model-folder.ts";
import { countParameters } from "../lm/model/shape.ts";
import type { ServedModel } from "../lm/answer/answer.ts";
import { openModel } from "../lm/answer/open-model.ts";
import { answers } from "../lm/sample/generate.ts";
import { likelihoods } from "../lm/sample/score.ts";
import { loadTeacher, teacherCard, type TeacherCard } from "../lm/teacher/load.ts";
import type { Turn } from "../lm/chat.ts";
import {
  dispatch,
  noWords,
  readArguments,
  UsageError,
  type Arguments,
  type Subcommand,
} from "./arguments.ts";
import type { Command } from "./command.ts";

const ABOUT = "a language model in this process: the built-in teacher, a model folder or a GGUF file";
const MODEL = "  --model M         a model folder or a .gguf file; default: the built-in teacher\n";

const show: Subcommand = {
  summary: "sizes, vocabulary, and how well the teacher does its tasks",
  help: `stillwatch model show [--model M] [--json]

${MODEL}
Examples
  stillwatch model show
  stillwatch model show --model ./student --json
`,
  async run(argv, io) {
    const args = readArguments("model show", argv, { model: { type: "string" }, json: { type: "boolean" } });
    noWords("model show", args);
    const path = args.text("model") ?? null;
    const facts = await withModel(path, ({ model: { runtime, tokenizer }, id, fingerprint }) => {
      const sizes = path === null || statSync(path).isDirectory() ? shapeOf(houseModel(path)) : {};
      return {
        id,
        fingerprint,
        runtime: runtime.name,
        context: runtime.context,
        vocabulary: tokenizer.size,
        ...sizes,
      };
    });
    const card = path === null ? teacherCard() : null;
    if (args.flag("json")) io.out(`${JSON.stringify({ ...facts, ...(card && { card }) })}\n`);
    else {
      for (const [name, value] of Object.entries(facts)) io.out(`${name.padEnd(12)}${String(value)}\n`);
      if (card !== null) io.out(`${scoresText(card.scores)}\n`);
    }
    return 0;
  },
};

const ask: Subcommand = {
  summary: "one answer to one question",
  help: `stillwatch model ask [options] QUESTION

${MODEL}  --system TEXT     a system prompt
  --temperature T   0..2, default 0: always the same answer
  --seed N          of the draws, default 1
  --max-tokens N    default: as many as the context has room for
  --json            with the log-probability of each token

Examples
  stillwatch model ask "Where does Orlin live?"
  stillwatch model ask --model SmolLM2-135M-Instruct.gguf --temperature 0.7 "What is a river?"
`,
  async run(argv, io) {
    const args = readArguments("model ask", argv, {
      model: { type: "string" },
      system: { type: "string" },
      temperature: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      "max-tokens": { type: "string" },
      json: { type: "boolean" },
    });
    const question = args.words.join(" ");
    if (question === "") throw new UsageError('ask something: stillwatch model ask "QUESTION"');
    await withModel(args.text("model") ?? null, async ({ model }) => {
      const { runtime, tokenizer } = model;
      const prompt = model.prompt(turnsOf(args, question));
      const asking = {
        prompt,
        maxTokens: args.whole("max-tokens", 1, 1_000_000) ?? runtime.context,
        sampling: {
          seed: args.whole("seed", 0, 2 ** 32 - 1) ?? 1,
          temperature: Number(args.text("temperature")),
          topLogprobs: args.flag("json") ? 0 : null,
        },
      };
      for await (const { text, tokens, finish } of answers(model, [asking])) {
        const scored = tokens.map(({ token, logprob }) => ({
          token: Buffer.from(tokenizer.bytes(token)).toString("utf8"),
          logprob,
        }));
        io.out(args.flag("json") ? `${JSON.stringify({ text, finish, tokens: scored })}\n` : `${text}\n`);
      }
    });
    return 0;
  },
};

const score: Subcommand = {
  summary: "how probable an answer is to a model",
  help: `stillwatch model score [options] --prompt TEXT --answer TEXT

The natural logarithm of the probability that the model answers exactly so, and ends there.

${MODEL}  --system TEXT     a system prompt
  --json            with the log-probability of each token

Example
  stillwatch model score --prompt "Where does Orlin live?" --answer "Orlin lives in Glimmerick."
`,
  async run(argv, io) {
    const args = readArguments("model score", argv, {
      model: { type: "string" },
      system: { type: "string" },
      prompt: { type: "string" },
      answer: { type: "string" },
      json: { type: "boolean" },
    });
    noWords("model score", args);
    const [question, given] = [args.required("prompt"), args.required("answer")];
    const { logprob, tokens } = await withModel(args.text("model") ?? null, async ({ model }) => {
      const { tokenizer, end } = model;
      const answer = [...tokenizer.encode(given), ...(end === null ? [] : [end])];
      const prompt = model.prompt(turnsOf(args, question));
      const [found] = await likelihoods(model.runtime, [{ prompt, tokens: answer }]);
      return {
        logprob: found?.logprob ?? 0,
        tokens: answer.map((token, i) => ({
          token: Buffer.from(tokenizer.bytes(token)).toString("utf8"),
          logprob: found?.tokens[i],
        })),
      };
    });
    io.out(
      args.flag("json")
        ? `${JSON.stringify({ logprob, perToken: logprob / tokens.length, tokens })}\n`
        : `${logprob.toFixed(4)} nats over ${tokens.length} tokens with the end, ${(logprob / tokens.length).toFixed(4)} a token\n`,
    );
    return 0;
  },
};

const FORMATS = ["gguf", "huggingface"];

const exportModel: Subcommand = {
  summary: "as GGUF for llama.cpp, or as a folder for Hugging Face transformers",
  help: `stillwatch model export --format gguf|huggingface --out PATH [--model M] [--json]

  --format F        gguf: one file; huggingface: a folder with safetensors, config and tokenizer
  --out PATH        must not be there yet
  --model M         a model folder; default: the built-in teacher
  --json            the result as JSON

Examples
  stillwatch model export --format gguf --out teacher.gguf
  stillwatch model export --model ./student --format huggingface --out ./student-hf
`,
  run(argv, io) {
    const args = readArguments("model export", argv, {
      format: { type: "string" },
      out: { type: "string" },
      model: { type: "string" },
      json: { type: "boolean" },
    });
    noWords("model export", args);
    const [format, out] = [args.required("format"), args.required("out")];
    if (!FORMATS.includes(format))
      throw new UsageError(`--format ${format} is not one of ${FORMATS.join(", ")}`);
    if (existsSync(out)) throw new UsageError(`${out} is there already; name another --out`);
    const path = args.text("model") ?? null;
    const house = houseModel(path);
    if (format === "gguf")
      writeFileSync(out, writeGguf(house.model, house.tokenizer, path ?? "stillwatch-teacher"), {
        flag: "wx",
      });
    else saveModelFolder(out, house);
    const parameters = countParameters(house.model.shape);
    io.out(
      args.flag("json")
        ? `${JSON.stringify({ format, path: out, parameters })}\n`
        : `${out}: ${parameters} parameters as ${format}\n`,
    );
    return Promise.resolve(0);
  },
};

/** One line a family of tasks. */
function scoresText({ overall, families }: TeacherCard["scores"]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return [
    "held-out items, greedy (95 % interval):",
    ...Object.entries({ overall, ...families }).map(
      ([name, { right, asked, share, interval }]) =>
        `  ${name.padEnd(16)}${percent(share).padStart(8)}  ${right} of ${asked} (${percent(interval.low)} to ${percent(interval.high)})`,
    ),
  ].join("\n");
}

/** Opens the model (null: the teacher) for `use` and gives back its memory and threads, also after a failure. */
async function withModel<T>(path: string | null, use: (served: ServedModel) => T | Promise<T>): Promise<T> {
  const served = await openModel({ path });
  try {
    return await use(served);
  } finally {
    await served.model.runtime.stop();
  }
}

function turnsOf(args: Arguments, question: string): Turn[] {
  const system = args.text("system");
  return [
    ...(system === undefined ? [] : [{ role: "system", text: system } as const]),
    { role: "user", text: question },
  ];
}

function houseModel(path: string | null): ModelFolder {
  return path === null ? loadTeacher() : loadModelFolder(path);
}

function shapeOf({ model: { shape } }: ModelFolder): object {
  const { width, layers, heads, hidden } = shape;
  return { parameters: countParameters(shape), width, layers, heads, hidden };
}

const SUBCOMMANDS = { show, ask, score, export: exportModel };

export const model: Command = {
  name: "model",
  summary: ABOUT,
  help: `stillwatch model <command>: ${ABOUT}

${Object.entries(SUBCOMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`)
  .join("\n")}

\`stillwatch model <command> --help\` shows options and examples.
`,
  run: (argv, io) => dispatch("model", ABOUT, SUBCOMMANDS, argv, io),
};
