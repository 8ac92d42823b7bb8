import * as z from "zod";
import { DistilError } from "../../error.ts";

const schema = z.strictObject({
  /** Visits of every text. */
  epochs: z.number().int().min(1).max(200).default(8),
  /** Step size of the first step, for texts of length 4; it falls to 0. */
  rate: z.number().gt(0).max(2).default(0.4),
  /** Share of a text's n-grams that each visit leaves out. */
  dropout: z.number().min(0).max(0.9).default(0.3),
  /** Texts that an n-gram must occur in; by default 2, and 1 for fewer than 200 lessons. */
  minDocuments: z.number().int().min(1).max(1000).optional(),
  /** UTF-16 units of a text that are read. */
  characters: z.number().int().min(16).max(100_000).default(2000),
  /** Write model.onnx beside student.json. */
  onnx: z.boolean().default(true),
});

export type ClassifierSettings = z.output<typeof schema>;

/** Throws DistilError "config" with every mistake at once and what there is. */
export function readSettings(settings: Readonly<Record<string, unknown>>): ClassifierSettings {
  const parsed = schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) =>
      `student.settings${path.length > 0 ? `.${path.join(".")}` : ""}: ${message}${path.length > 0 ? ` (is ${JSON.stringify(settings[path[0] as string])})` : ""}`,
  );
  throw new DistilError(
    "config",
    `${problems.join("; ")}. The trainer "classifier" knows ${Object.keys(schema.shape).join(", ")}`,
  );
}
