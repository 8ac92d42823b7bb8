import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/exchange/exchange.ts";
import { conversation } from "../../src/exchange/conversation.ts";
import { seeded } from "../../src/stats/random.ts";
import type { Archetype } from "./actor.ts";
import { harvesters } from "./harvesters.ts";
import { parsed } from "./pattern.ts";
import { prose, say } from "./text.ts";
import { citizen, honest } from "./world.ts";
import { type Language, stock } from "./words.ts";

const all: readonly Archetype[] = [...honest, ...harvesters];
/** A slot, a choice or a mark that nobody filled. */
const UNFILLED = /\{[a-z]+\d?\}|\bundefined\b|\bNaN\b|\[[^\]\n"]*\|[^\]\n"]*\]|\bENTITY\b|\bTARGET\b/;
const promptsOf = (archetype: Archetype, language: Language, seed: number): string =>
  [...citizen(seeded(`${archetype.name} ${seed}`), "acc", archetype, { language }).exchanges(12)]
    .flatMap((x) => conversation(x).turns.map(({ text }) => text))
    .join("\n");

describe("patterns", () => {
  it("choose a branch, also of branches within, and leave other brackets alone", () => {
    const said = new Set(
      Array.from({ length: 200 }, (_, i) => say(seeded(i), "en", '[a|b[1|2]|] [x] {"k": 1}')),
    );
    expect([...said].sort()).toEqual([
      ' [x] {"k": 1}',
      'a [x] {"k": 1}',
      'b1 [x] {"k": 1}',
      'b2 [x] {"k": 1}',
    ]);
    expect(parsed("[n]")).toEqual(["[n]"]);
  });

  it("name only words of the stock", () => {
    expect(() => say(seeded(1), "en", "{nonesuch}")).toThrow("{nonesuch}");
    for (const language of Object.keys(stock) as Language[])
      expect(prose(seeded(2), language, 300)).not.toMatch(/[{}[\]|]/);
  });
});

describe("archetypes", () => {
  it("are many, under names of their own", () => {
    expect(honest.length).toBeGreaterThanOrEqual(45);
    expect(harvesters.length).toBeGreaterThanOrEqual(14);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(harvesters.every(({ kind }) => kind === "harvest")).toBe(true);
    expect(honest.some(({ kind }) => kind === "harvest")).toBe(false);
  });

  for (const archetype of all) {
    it(`"${archetype.name}" fills every slot in each of its languages`, () => {
      for (const language of new Set(archetype.languages)) {
        for (const seed of [1, 2, 3]) {
          const prompts = promptsOf(archetype, language, seed);
          expect(prompts.match(UNFILLED)?.[0], `${language} ${seed}`).toBeUndefined();
        }
      }
    });
  }

  it("word their prompts differently from account to account", () => {
    const samewords = new Set(["health check", "live captions"]);
    for (const archetype of all.filter(({ name }) => !samewords.has(name))) {
      const language = archetype.languages[0] as Language;
      const heads = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
        promptsOf(archetype, language, seed).slice(0, 400),
      );
      expect(new Set(heads).size, archetype.name).toBeGreaterThanOrEqual(6);
    }
  });

  it("vary the sizes of answers and the parameters between accounts", () => {
    const labelling = honest.find(({ name }) => name === "summary") as Archetype;
    const bodies = Array.from({ length: 30 }, (_, i) => {
      const [first] = citizen(seeded(`size ${i}`), "acc", labelling).exchanges(1);
      return first?.request as JsonObject;
    });
    expect(
      new Set(bodies.map((body) => JSON.stringify([body["temperature"], body["max_tokens"], "user" in body])))
        .size,
    ).toBeGreaterThan(4);
  });
});

describe("the world's code", () => {
  const filesOf = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(folder, file));
  const root = new URL("../../", import.meta.url).pathname;

  it("knows nothing of the detector", () => {
    for (const file of filesOf(join(root, "test/world"))) {
      expect(readFileSync(file, "utf8").match(/from "[^"]*\/detect\/[^"]*"/)?.[0], file).toBeUndefined();
    }
  });

  it("is used by no part of the product but its tests", () => {
    for (const file of filesOf(join(root, "src")).filter((name) => !name.endsWith(".test.ts"))) {
      expect(readFileSync(file, "utf8").match(/from "[^"]*test\/world[^"]*"/)?.[0], file).toBeUndefined();
    }
  });
});
