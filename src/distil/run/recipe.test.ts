import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { DistilError } from "../error.ts";
import { fromFolder, readRecipe } from "./recipe.ts";
import { starter, STARTERS } from "./starter.ts";

const REMOTE = {
  purpose: "classifier",
  teacher: { baseUrl: "https://api.example.com/v1", model: "m", prices: { input: 1, output: 2 } },
  prompts: { from: [{ file: "prompts.jsonl" }] },
  budget: { dollars: 5 },
  student: { trainer: "classifier" },
  evaluation: { test: "test.jsonl" },
};

type Change = Readonly<Record<string, unknown>>;
const recipe = (change: Change = {}): string => stringify({ ...REMOTE, ...change });
const teacher = (change: Change): Change => ({ teacher: { ...REMOTE.teacher, ...change } });
const { teacher: T } = REMOTE;

function mistakes(text: string): string {
  try {
    readRecipe(text, "distil.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(DistilError);
    expect((error as DistilError).code).toBe("config");
    return (error as DistilError).message;
  }
  return expect.fail("it was taken");
}

describe("readRecipe", () => {
  it("fills in what is not said", () => {
    const found = readRecipe(recipe(), "distil.yaml");
    expect(found).toMatchObject({ name: "run", distribution: "none", seed: 1, filters: {} });
    expect(found.teacher).toMatchObject({ maxOutputTokens: 256, samples: 1, idempotent: false });
    expect(found.teacher.prices).toEqual({ input: 1, output: 2, call: 0 });
  });

  it.each(STARTERS)("takes what `distil init --teacher %s` writes", (kind) => {
    expect(() => readRecipe(starter(kind), "distil.yaml")).not.toThrow();
  });

  it.each<[string, Change, RegExp]>([
    ["neither an API nor an embedded teacher", { teacher: {} }, /teacher: give either baseUrl/],
    ["both of them", teacher({ embedded: true }), /teacher: give either baseUrl/],
    ["an API without a model", teacher({ model: undefined }), /teacher\.model: is missing/],
    ["an API without prices", teacher({ prices: undefined }), /teacher\.prices: are missing/],
    ["an API without a budget", { budget: {} }, /budget: set dollars, tokens or calls/],
    ["a permit without its key", { permit: "p.json", issuer: "i" }, /holderKey: is missing/],
    ["a permit without its issuer", { permit: "p.json", holderKey: "k" }, /issuer: is missing/],
    [
      "a permit with batches",
      { permit: "p.json", holderKey: "k", issuer: "i", ...teacher({ batch: true }) },
      /teacher\.batch: cannot go with a permit/,
    ],
    ["batches of an embedded teacher", { teacher: { embedded: true, batch: true } }, /teacher\.batch/],
    ["a negative price", teacher({ prices: { input: -1, output: 2 } }), /teacher\.prices\.input.*-1/],
    ["a price that is no number", teacher({ prices: { input: "1$", output: 2 } }), /prices\.input.*1\$/],
    ["an infinite price", teacher({ prices: { input: Infinity, output: 2 } }), /teacher\.prices\.input/],
    ["half of the prices", teacher({ prices: { input: 1 } }), /teacher\.prices\.output/],
    ["another protocol", teacher({ baseUrl: "file:///etc/passwd" }), /teacher\.baseUrl/],
    ["a field of ours in extra", teacher({ extra: { n: 3 } }), /teacher\.extra: may not hold/],
    ["a field that is not known", { bugdet: { dollars: 1 } }, /bugdet/],
    ["an unknown purpose", { purpose: "fun" }, /purpose.*fun/],
    ["no source", { prompts: { from: [] } }, /prompts\.from/],
    ["a source of no kind", { prompts: { from: [{ path: "x" }] } }, /prompts\.from\.0/],
    [
      "a template without its input",
      { prompts: { ...REMOTE.prompts, template: "x" } },
      /must contain \{\{input\}\}/,
    ],
    ["a name with a path in it", { name: "../x" }, /name: .*\.\.\/x/],
    ["a share that is none", { cascade: { epsilon: 1.5 } }, /cascade\.epsilon.*1\.5/],
  ])("refuses %s", (_, change, says) => {
    expect(mistakes(recipe(change))).toMatch(says);
  });

  it("says every mistake at once, each with its field", () => {
    const wrong = mistakes(
      recipe({ purpose: "fun", budget: { dollars: -5 }, ...teacher({ samples: 0, temperature: 9 }) }),
    );
    for (const field of ["purpose", "budget.dollars", "teacher.samples", "teacher.temperature"])
      expect(wrong).toContain(`\n  ${field}: `);
    const together = mistakes(recipe({ budget: {}, permit: "p", teacher: { baseUrl: T.baseUrl } }));
    for (const field of ["teacher.model", "teacher.prices", "budget", "holderKey", "issuer"])
      expect(together).toContain(`\n  ${field}: `);
  });

  it.each([
    ["no YAML", "a: [1\nb"],
    ["nothing", ""],
    ["a list", "- 1\n- 2"],
    ["an alias bomb", bomb()],
  ])("refuses %s, and names the file", (_, text) => {
    expect(mistakes(text)).toContain("distil.yaml");
  });

  it("does not show what is long in full", () => {
    expect(mistakes(recipe({ purpose: "x".repeat(100_000) })).length).toBeLessThan(2000);
  });
});

/** Ten aliases of ten aliases, nine deep. */
function bomb(): string {
  const names = Array.from({ length: 10 }, (_, i) => `a${i}`);
  return names
    .map(
      (name, i) =>
        `${name}: &${name} [${
          i === 0
            ? "x"
            : Array(10)
                .fill(`*${names[i - 1]}`)
                .join(",")
        }]`,
    )
    .join("\n");
}

describe("fromFolder", () => {
  it("reads paths from the run's folder, and leaves absolute ones alone", () => {
    expect(fromFolder("/runs/a", "./prompts.jsonl")).toBe("/runs/a/prompts.jsonl");
    expect(fromFolder("/runs/a", "../b.jsonl")).toBe("/runs/b.jsonl");
    expect(fromFolder("/runs/a", "/data/b.jsonl")).toBe("/data/b.jsonl");
  });
});
