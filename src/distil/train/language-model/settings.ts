import * as z from "zod";
import { DistilError } from "../../error.ts";

const schema = z.strictObject({
  /** `house`: a small model that has read plain text and knows nothing else; `fresh`: random weights; or a model folder. */
  base: z.string().min(1).default("house"),
  /** Passes over the lessons, or steps; `auto` by the number of lessons. */
  epochs: z.number().positive().max(1000).optional(),
  steps: z.number().int().positive().max(1_000_000).optional(),
  rows: z.number().int().min(1).max(256).default(8),
  length: z.number().int().min(16).max(4096).default(128),
  learningRate: z.number().positive().max(0.1).default(8e-3),
  /** How much a token of the prompt counts beside one of the answer. */
  promptWeight: z.number().min(0).max(1).default(0),
  /** Learn from the teacher's log-probabilities where the answers bring them: `auto`, or `off`. */
  soft: z.enum(["auto", "off"]).default("auto"),
  /** Share of the loss that is left to the token that was drawn, where there are soft targets. */
  hardShare: z.number().min(0).max(1).default(0.3),
  /** Tokens of an answer at most. */
  maxTokens: z.number().int().min(1).max(4096).default(128),
  /** Of a `fresh` model. */
  width: z.number().int().min(8).max(1024).default(64),
  layers: z.number().int().min(1).max(24).default(4),
  heads: z.number().int().min(1).max(64).default(8),
  hidden: z.number().int().min(8).max(4096).default(192),
  context: z.number().int().min(32).max(4096).default(256),
  vocabulary: z.number().int().min(300).max(32_768).default(1024),
});

export type LanguageModelSettings = z.output<typeof schema>;

/** Throws DistilError "config" naming every setting that is wrong. */
export function readSettings(given: Readonly<Record<string, unknown>>): LanguageModelSettings {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `student.settings.${path.join(".")}: ${message}`,
  );
  throw new DistilError("config", `${wrong.join("; ")}. There are: ${Object.keys(schema.shape).join(", ")}`);
}
