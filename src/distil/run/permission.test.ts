import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { builtIn } from "../../policy/built-in-terms.ts";
import { termsHash, type Terms } from "../../policy/terms.ts";
import { restrictionsUnder, termsFile } from "./permission.ts";
import { readRecipe } from "./recipe.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("restrictionsUnder", () => {
  const recipe = (purpose: string, distribution: string) =>
    readRecipe(
      `purpose: ${purpose}
distribution: ${distribution}
teacher: { embedded: true }
prompts: { from: [{ file: a }] }
student: { trainer: classifier }
evaluation: { test: b }
`,
      "distil.yaml",
    );

  function collectedUnder(name: string): { folder: string; terms: string } {
    const folder = mkdtempSync(join(tmpdir(), "stillwatch-permission-"));
    folders.push(folder);
    const terms = builtIn(name) as Terms;
    mkdirSync(join(folder, "terms"));
    writeFileSync(join(folder, termsFile(termsHash(terms))), JSON.stringify(terms));
    return { folder, terms: termsHash(terms) };
  }

  it("keeps to the terms that answers were collected under, whatever distil.yaml says now", () => {
    const { folder, terms } = collectedUnder("openai");
    // Now the recipe names the model in the house, whose terms allow everything.
    expect(() => restrictionsUnder(recipe("general", "public"), folder, { terms, permit: null })).toThrow(
      /collected under openai, which do not allow purpose general, distribution public/,
    );
    const carried = restrictionsUnder(recipe("classifier", "internal"), folder, { terms, permit: null });
    expect(carried.map(({ kind }) => kind)).toContain("no-competing-models");
  });

  it("says so when the terms are gone", () => {
    const { folder } = collectedUnder("openai");
    const under = { terms: "0".repeat(64), permit: null };
    expect(() => restrictionsUnder(recipe("classifier", "none"), folder, under)).toThrow(
      /is gone or damaged/,
    );
  });
});
