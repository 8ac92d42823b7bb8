import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { LmError } from "../error.ts";
import { loadModelFolder, saveModelFolder, type ModelFolder } from "../formats/model-folder.ts";
import type { Scores } from "../world/world.ts";
import type { Recipe } from "./recipe.ts";

/** What a teacher is, where it came from, and how well it does. */
export interface TeacherCard {
  readonly name: string;
  readonly parameters: number;
  readonly recipe: Recipe;
  readonly corpus: {
    readonly documents: number;
    /** Of the texts, one JSON value a line. */
    readonly sha256: string;
    /** Documents that were longer than a row and were cut. */
    readonly cut: number;
  };
  readonly training: {
    readonly steps: number;
    readonly loss: number | null;
    readonly engine: string;
    readonly node: string;
    /** All of it: corpus, vocabulary, training, examination. */
    readonly cpuMinutes: number;
  };
  /** On held-out items, greedy. */
  readonly scores: Scores;
  /** Of model.safetensors and tokenizer.json. */
  readonly sha256: { readonly weights: string; readonly tokenizer: string };
}

export interface Teacher extends ModelFolder {
  readonly card: TeacherCard;
}

/** The teacher that comes with the house. */
export const TEACHER_FOLDER = fileURLToPath(new URL("weights", import.meta.url));

const FILES = { weights: "model.safetensors", tokenizer: "tokenizer.json" } as const;
const CARD = "card.json";

/** The card is ours; only what loading depends on is checked. */
const cardFile = z.looseObject({
  name: z.string(),
  sha256: z.object({ weights: z.string(), tokenizer: z.string() }),
});

/** Throws LmError: "not_found", "format" (a file is not the one that its card describes), and what `loadModelFolder` throws. */
export function loadTeacher(folder: string = TEACHER_FOLDER): Teacher {
  const card = teacherCard(folder);
  for (const [part, name] of Object.entries(FILES) as [keyof typeof FILES, string][]) {
    const path = join(folder, name);
    if (existsSync(path) && hashOf(path) !== card.sha256[part])
      throw new LmError(
        "format",
        `${path} is not the file that ${CARD} describes (its SHA-256 differs); take both from one training`,
      );
  }
  return { ...loadModelFolder(folder), card };
}

/** Saves in half precision, with the card beside it. */
export function saveTeacher(
  folder: string,
  files: ModelFolder,
  described: Omit<TeacherCard, "sha256">,
): TeacherCard {
  saveModelFolder(folder, files, "F16");
  const card: TeacherCard = {
    ...described,
    sha256: {
      weights: hashOf(join(folder, FILES.weights)),
      tokenizer: hashOf(join(folder, FILES.tokenizer)),
    },
  };
  writeFileSync(join(folder, CARD), `${JSON.stringify(card, null, 2)}\n`);
  return card;
}

export function teacherCard(folder: string = TEACHER_FOLDER): TeacherCard {
  const path = join(folder, CARD);
  if (!existsSync(path))
    throw new LmError("not_found", `there is no ${path}; \`npm run teacher\` makes a teacher`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new LmError("format", `${path} is not JSON; the file is damaged`, { cause: error });
  }
  const parsed = cardFile.safeParse(json);
  if (!parsed.success)
    throw new LmError("format", `${path}: ${parsed.error.issues[0]?.path.join(".")} is missing or wrong`);
  return json as TeacherCard;
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
