import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { END } from "../chat.ts";
import { decode } from "../tokenizer/tokenizer.ts";
import { tasks } from "../world/world.ts";
import { trainingDocument, worldTokenizer } from "./corpus.ts";
import { loadTeacher } from "./load.ts";
import { teacherRecipe, type Recipe } from "./recipe.ts";
import { trainTeacher } from "./train-teacher.ts";

const folder = mkdtempSync(join(tmpdir(), "stillwatch-teacher-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny: Recipe = {
  ...teacherRecipe,
  name: "tiny",
  shape: { ...teacherRecipe.shape, width: 16, layers: 1, heads: 2, hidden: 16 },
  tokenizer: { size: 400, documents: 200, base: 50 },
  pretraining: {
    documents: 50,
    settings: { steps: 2, rows: 2, length: 128, learningRate: 1e-3, warmup: 1, seed: 1 },
  },
  teaching: {
    documents: 300,
    settings: { steps: 4, rows: 2, length: 128, learningRate: 1e-3, warmup: 2, seed: 2 },
  },
  examination: { seed: "tiny", each: 1 },
};
const cpu = (): number => 0;

describe("trainTeacher", () => {
  it("saves a teacher that loads as it was scored, and goes on where it was stopped", async () => {
    const whole = await trainTeacher({ recipe: tiny, folder: fresh("whole"), cpu });
    expect(whole?.scores.overall.asked).toBe(tasks.length);
    expect(whole?.training.steps).toBe(6);
    const { card, model, tokenizer } = loadTeacher(join(folder, "whole"));
    expect(card).toEqual(JSON.parse(JSON.stringify(whole)));
    expect(model.shape.vocab).toBe(tokenizer.size);

    const stop = new AbortController();
    const part = fresh("part");
    const first = await trainTeacher({
      recipe: tiny,
      folder: part,
      cpu,
      signal: stop.signal,
      onProgress: ({ phase, step }) => phase === "teaching" && step === 2 && stop.abort(),
    });
    expect(first).toBeNull();
    const second = await trainTeacher({ recipe: tiny, folder: part, cpu });
    expect(second?.sha256).toEqual(whole?.sha256);
  });

  it("refuses files that its card does not describe", async () => {
    await trainTeacher({ recipe: tiny, folder: fresh("spoilt"), cpu });
    const path = join(folder, "spoilt", "tokenizer.json");
    writeFileSync(path, "{}");
    expect(() => loadTeacher(join(folder, "spoilt"))).toThrow(
      /tokenizer.json is not the file that card.json/,
    );
    writeFileSync(join(folder, "spoilt", "card.json"), '{"name":"x"}');
    expect(() => loadTeacher(join(folder, "spoilt"))).toThrow(/sha256 is missing or wrong/);
    expect(() => loadTeacher(join(folder, "nowhere"))).toThrow(/npm run teacher/);
  });
});

describe("the corpus", () => {
  const tokenizer = worldTokenizer("test", tiny.tokenizer);

  it("weighs what the assistant said, and all of plain text", () => {
    const dialogue = trainingDocument(
      tokenizer,
      [
        { role: "user", text: "Hello" },
        { role: "assistant", text: "Hi!" },
      ],
      0.25,
    );
    const own = Array.from(dialogue.tokens).filter((_, i) => dialogue.weights?.[i] === 1);
    expect(decode(tokenizer, own.slice(0, -1))).toBe("Hi!");
    expect(own.at(-1)).toBe(END);
    expect(new Set(Array.from(dialogue.weights ?? []))).toEqual(new Set([0.25, 1]));
    const plain = trainingDocument(tokenizer, "Anna walks.");
    expect(plain.weights).toBeUndefined();
    expect(Array.from(plain.tokens).at(-1)).toBe(END);
  });

  it("reads numbers digit by digit and gives back any text", () => {
    const random = seeded("numbers");
    for (let i = 0; i < 50; i++) {
      const text = `${random.below(1000)} Äpfel und ${random.below(100)} pears`;
      expect(decode(tokenizer, tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encode("4711").length).toBe(4);
  });
});

function fresh(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}
