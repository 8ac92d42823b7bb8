import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../ledger/disk.ts";
import { DistilError } from "../error.ts";
import { readRecipe, type Recipe } from "./recipe.ts";

export const RECIPE = "distil.yaml";
export const JOURNAL = "journal";
export const STUDENT = "student";

/** A run: a folder with `distil.yaml` and everything made from it. */
export interface RunFolder {
  readonly path: string;
  readonly recipe: Recipe;
  /** SHA-256 of distil.yaml, hexadecimal. */
  readonly recipeHash: string;
}

/** Throws DistilError "config". */
export function openRun(path: string): RunFolder {
  const file = join(path, RECIPE);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory() || !existsSync(file))
    throw new DistilError(
      "config",
      `${file} does not exist; \`stillwatch distil init ${path}\` writes one to start from`,
    );
  const text = readFileSync(file, "utf8");
  return {
    path,
    recipe: readRecipe(text, file),
    recipeHash: createHash("sha256").update(text).digest("hex"),
  };
}

/** Replaces a file of the run whole, as JSON for people. */
export async function writeJson(run: RunFolder, name: string, value: unknown): Promise<void> {
  await realDisk.replace(join(run.path, name), Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
}

/** Null when it is not there (yet). Throws DistilError "folder" when it is damaged. */
export function readJson(run: RunFolder, name: string): unknown {
  const file = join(run.path, name);
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch (error) {
    throw new DistilError(
      "folder",
      `${file} is damaged: ${(error as Error).message}. Delete it; \`stillwatch distil resume\` makes it again`,
      {
        cause: error,
      },
    );
  }
}
