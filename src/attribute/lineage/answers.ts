import { AttributionError } from "../error.ts";
import { fault, NAME, nameOf, readRecords } from "../records.ts";

/** What one model said: prompt to its answers. */
export interface Answers {
  readonly model: string;
  readonly answers: ReadonlyMap<string, readonly string[]>;
}

const BOUNDS = { maxLineBytes: 4 * 1024 * 1024, maxRecords: 500_000 };
/** Of one answer; what follows says nothing new about who wrote it. */
const MAX_CHARACTERS = 20_000;
/** Of one model to one prompt; further ones are passed over. */
const MAX_SAMPLES = 8;

/**
 * The models of files of answers, one answer a line, several models to a file and several files to a model:
 *
 *     {"prompt":"Why is the sky blue?","answer":"Because…","model":"m-large"}
 *
 * Throws AttributionError.
 */
export async function readAnswers(paths: readonly string[]): Promise<Answers[]> {
  const models = new Map<string, Map<string, string[]>>();
  for (const path of paths) {
    for await (const { prompt, answer, model } of readRecords(path, BOUNDS, (line) => {
      const [prompt, answer, model] = [line["prompt"], line["answer"], nameOf(line["model"])];
      if (typeof prompt !== "string") return fault("prompt", prompt, "a string");
      if (typeof answer !== "string") return fault("answer", answer, "a string");
      if (model === null) return fault("model", line["model"], NAME);
      return { prompt, answer: answer.slice(0, MAX_CHARACTERS), model };
    })) {
      const own = models.get(model) ?? new Map<string, string[]>();
      models.set(model, own);
      const samples = own.get(prompt) ?? [];
      own.set(prompt, samples);
      if (samples.length < MAX_SAMPLES) samples.push(answer);
    }
  }
  return [...models].map(([model, answers]) => ({ model, answers }));
}

/** The one model of a file. Throws AttributionError when there is none or more than one. */
export async function readOneModel(path: string): Promise<Answers> {
  const found = await readAnswers([path]);
  const [only, second] = found;
  if (only && !second) return only;
  throw new AttributionError(
    "malformed",
    only
      ? `${path}: answers of ${found.length} models (${only.model}, ${second?.model}…); it must hold those of one`
      : `${path}: no answers`,
  );
}
