import { isAbsolute, resolve } from "node:path";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { DistilError } from "../error.ts";
import { distributions, purposes } from "../../policy/permit.ts";
import { OWN_FIELDS } from "../collect/request.ts";

// distil.yaml: what a run does. Paths are relative to the run's folder.

const path = z.string().min(1);
const share = z.number().gt(0).lt(1);
const dollars = z.number().min(0);

const teacher = z.strictObject({
  /** The language model in the house, or a model folder or .gguf file of your own; costs nothing. */
  embedded: z.union([z.literal(true), path]).optional(),
  /** An OpenAI-compatible API, up to and with /v1. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  model: z.string().min(1).optional(),
  /** Environment variable that holds the API key. */
  apiKeyEnv: z.string().min(1).optional(),
  /** US dollars a million tokens, and a call. */
  prices: z.strictObject({ input: dollars, output: dollars, call: dollars.default(0) }).optional(),
  /** Tokens of one answer at most; the budget rests on it. */
  maxOutputTokens: z.number().int().min(1).max(1_000_000).default(256),
  capField: z.enum(["max_tokens", "max_completion_tokens"]).default("max_tokens"),
  temperature: z.number().min(0).max(2).nullable().default(null),
  /** Answers to one prompt. */
  samples: z.number().int().min(1).max(64).default(1),
  topLogprobs: z.number().int().min(0).max(20).nullable().default(null),
  /** Further fields of each request. */
  extra: z
    .record(z.string(), z.json())
    .default({})
    .refine(
      (extra) => OWN_FIELDS.every((name) => !Object.hasOwn(extra, name)),
      `may not hold ${OWN_FIELDS.join(", ")}`,
    ),
  /** The names under which it may answer; by default the first that it uses. */
  models: z.array(z.string()).min(1).optional(),
  timeoutMs: z.number().int().positive().default(120_000),
  /** Calls at a time, at most. */
  concurrency: z.number().int().min(1).max(1024).default(32),
  /** It bills requests with the same idempotency-key once. */
  idempotent: z.boolean().default(false),
  /** Use its batch API (half the price at most providers; answers within a day). */
  batch: z.boolean().default(false),
  /** Its terms: a name of `stillwatch terms list`, or a terms file. */
  terms: z.string().min(1).optional(),
});

const source = z.union([
  z.strictObject({
    /** JSONL with `messages`, `prompt`, `text`, `input` or `question`; or plain text, a prompt a line. */
    file: path,
    /** The field that holds the input, where it is another. */
    field: z.string().optional(),
    /** The field that holds the right answer, where there is one: only for evaluation. */
    reference: z.string().optional(),
  }),
  z.strictObject({
    /** A data folder of Stillwatch: prompts that were really asked. */
    journal: path,
    account: z.string().optional(),
    model: z.string().optional(),
    since: z.iso.datetime().optional(),
    until: z.iso.datetime().optional(),
  }),
  z.strictObject({
    /** Seeds, as a file of prompts: the teacher writes more like them. Paid, within the budget. */
    seeds: path,
    method: z.enum(["self-instruct", "evolve"]).default("self-instruct"),
    count: z.number().int().min(1).max(1_000_000),
  }),
]);

const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, . _ -, at most 64")
    .default("run"),
  /** What the student is for, and who gets it: what a permit and terms are compared with. */
  purpose: z.enum(purposes),
  distribution: z.enum(distributions).default("none"),
  teacher,
  permit: path.optional(),
  /** The key that the permit's holder signs requests with, from `stillwatch permits holder-key`. */
  holderKey: path.optional(),
  /** The issuer's `log.vkey`, obtained from the issuer. */
  issuer: path.optional(),
  prompts: z.strictObject({
    from: z.array(source).min(1),
    system: z.string().optional(),
    /** `{{input}}` stands for what each prompt brings. */
    template: z
      .string()
      .refine((text) => text.includes("{{input}}"), "must contain {{input}}")
      .optional(),
    limit: z.number().int().min(1).optional(),
    /** Nearly the same prompt is asked once. */
    nearDuplicates: z.enum(["drop", "keep"]).default("drop"),
    /** `uncertain`: first those on which the student so far is least sure. */
    select: z.enum(["all", "uncertain"]).default("all"),
    /** Prompts of one round: after each, the gain of the next is predicted. */
    round: z.number().int().min(10).optional(),
  }),
  budget: z
    .strictObject({
      dollars: dollars.optional(),
      tokens: z.number().int().min(0).optional(),
      calls: z.number().int().min(0).optional(),
    })
    .default({}),
  filters: z.record(z.string(), z.union([z.boolean(), z.record(z.string(), z.json())])).default({}),
  student: z.strictObject({
    trainer: z.string().min(1),
    settings: z.record(z.string(), z.json()).default({}),
  }),
  evaluation: z.strictObject({
    /** Rows with a right answer, never trained on. */
    test: path,
    field: z.string().optional(),
    reference: z.string().default("reference"),
    metric: z.enum(["exact", "contains", "number", "judge"]).default("exact"),
    /** Differences smaller than this count as equal. */
    margin: share.default(0.02),
    limit: z.number().int().min(1).optional(),
    /** What of the prompts is left out because of the test set: the nearly same, or the same only (questions made by a grammar are all alike). */
    overlap: z.enum(["near", "same"]).default("near"),
  }),
  /** Student in front, teacher when it is unsure. */
  cascade: z.strictObject({ epsilon: share.default(0.1), delta: share.default(0.05) }).optional(),
  /** Stop collecting when the next round is not worth it. */
  stop: z
    .strictObject({
      /** US dollars that one point of quality (0.01) is worth. */
      dollarsPerPoint: z.number().positive().optional(),
      /** Or: the least gain that a round must promise. */
      leastGain: share.optional(),
    })
    .optional(),
  seed: z.number().int().min(0).default(1),
});

export type Recipe = z.output<typeof schema>;
export type PromptSource = Recipe["prompts"]["from"][number];

/** Throws DistilError "config" with every mistake at once: field, value, and what it should be. */
export function readRecipe(text: string, file: string): Recipe {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new DistilError("config", `${file} is no YAML: ${(error as Error).message}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  const problems = parsed.success
    ? wrongTogether(parsed.data)
    : parsed.error.issues.map(
        ({ path: at, message }) => `${at.join(".") || "(top)"}: ${message}${shownAt(value, at)}`,
      );
  if (problems.length > 0 || !parsed.success)
    throw new DistilError("config", `${file}:\n  ${problems.join("\n  ")}`);
  return parsed.data;
}

/** What only shows when fields are seen together. */
function wrongTogether({
  teacher,
  budget,
  permit,
  holderKey,
  issuer,
  student,
  stop,
  prompts,
}: Recipe): string[] {
  const problems: string[] = [];
  const remote = teacher.baseUrl !== undefined;
  if (remote === (teacher.embedded !== undefined))
    problems.push("teacher: give either baseUrl (an API) or embedded: true");
  if (remote && teacher.model === undefined)
    problems.push("teacher.model: is missing; the name that the API knows it by");
  if (remote && teacher.prices === undefined)
    problems.push(
      "teacher.prices: are missing; without them no budget can be kept. US dollars a million tokens, e.g. {input: 0.15, output: 0.60}; {input: 0, output: 0} where it is free",
    );
  if (remote && budget.dollars === undefined && budget.tokens === undefined && budget.calls === undefined)
    problems.push("budget: set dollars, tokens or calls: the run will not pass it");
  if (teacher.batch && !remote) problems.push("teacher.batch: is for an API; an embedded teacher has none");
  if (permit !== undefined && holderKey === undefined)
    problems.push(
      "holderKey: is missing; a permit is used with the key of its holder (`stillwatch permits holder-key`)",
    );
  if (
    student.trainer === "openai" &&
    (stop !== undefined || prompts.round !== undefined || prompts.select === "uncertain")
  )
    problems.push(
      "student.trainer: openai charges for each training, and rounds train after each; leave out stop, prompts.round and prompts.select: uncertain",
    );
  if (permit !== undefined && teacher.batch)
    problems.push("teacher.batch: cannot go with a permit, whose proofs are for single requests");
  if (permit !== undefined && issuer === undefined)
    problems.push(
      "issuer: is missing; the log.vkey of who issued the permit, obtained from there and not along with the permit",
    );
  return problems;
}

function shownAt(value: unknown, at: readonly PropertyKey[]): string {
  let here: unknown = value;
  for (const key of at) here = (here as Record<PropertyKey, unknown> | null | undefined)?.[key];
  if (here === undefined) return "";
  const text = JSON.stringify(here);
  return ` (it is ${text.length > 80 ? `${text.slice(0, 79)}…` : text})`;
}

/** A path of the recipe as seen from the run's folder. */
export function fromFolder(folder: string, file: string): string {
  return isAbsolute(file) ? file : resolve(folder, file);
}
