import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SPECIAL_TOKENS } from "../../../lm/chat.ts";
import { loadModelFolder, type ModelFolder } from "../../../lm/formats/model-folder.ts";
import { checkShape } from "../../../lm/model/shape.ts";
import { freshModel } from "../../../lm/model/weights.ts";
import { trainBpe } from "../../../lm/tokenizer/train-bpe.ts";
import { seeded } from "../../../stats/random.ts";
import { DistilError } from "../../error.ts";
import type { Lesson } from "../trainer.ts";
import type { LanguageModelSettings } from "./settings.ts";

/** The house's base student: 0.28 M parameters, 600 steps over plain text (scripts/build-base-student.ts). */
export const HOUSE_BASE = fileURLToPath(new URL("base", import.meta.url));

/** Where training begins. Throws DistilError "config". */
export function baseModel(
  settings: LanguageModelSettings,
  lessons: readonly Lesson[],
  seed: number,
): ModelFolder {
  if (settings.base === "fresh") return freshBase(settings, lessons, seed);
  checkBase(settings);
  return loadModelFolder(folderOf(settings));
}

/** Throws DistilError "config" when there is no such base. */
export function checkBase(settings: LanguageModelSettings): void {
  if (settings.base === "fresh" || existsSync(folderOf(settings))) return;
  throw new DistilError(
    "config",
    `student.settings.base: there is no model folder ${folderOf(settings)}; give house, fresh, or a folder`,
  );
}

function folderOf({ base }: LanguageModelSettings): string {
  return base === "house" ? HOUSE_BASE : base;
}

/** Random weights, and a vocabulary made from the lessons. */
function freshBase(settings: LanguageModelSettings, lessons: readonly Lesson[], seed: number): ModelFolder {
  const texts = lessons.flatMap(({ messages, answer }) => [
    ...messages.map(({ content }) => content),
    answer,
  ]);
  const tokenizer = trainBpe(texts, settings.vocabulary, SPECIAL_TOKENS);
  const { width, layers, heads, hidden, context } = settings;
  const shape = checkShape({
    vocab: tokenizer.size,
    width,
    layers,
    heads,
    hidden,
    context,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
  });
  return { model: freshModel(shape, seeded(seed).fork("student")), tokenizer };
}
