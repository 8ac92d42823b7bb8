import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { houseChatModel } from "../runtime/chat-model.ts";
import { plainRuntime } from "../runtime/plain.ts";
import { worldTokenizer } from "./corpus.ts";
import { answerItems, evaluate } from "./evaluate.ts";
import { loadTeacher, TEACHER_FOLDER } from "./load.ts";
import { teacherRecipe } from "./recipe.ts";

describe("the teacher that comes with the house", () => {
  const { model, tokenizer, card } = loadTeacher();
  const teacher = houseChatModel(plainRuntime(model), tokenizer);

  it("is small, has the recipe of its card, and its vocabulary is what the recipe gives", () => {
    expect(statSync(join(TEACHER_FOLDER, "model.safetensors")).size).toBeLessThan(8_000_000);
    expect(card.recipe).toEqual(JSON.parse(JSON.stringify(teacherRecipe)));
    expect(card.training.cpuMinutes).toBeLessThan(15);
    const text = "Where does Orlin live? Wofür ist Norvale bekannt? 12 + 5 = 17.";
    expect(worldTokenizer(teacherRecipe.seed, teacherRecipe.tokenizer).encode(text)).toEqual(
      tokenizer.encode(text),
    );
  });

  it("answers held-out items as its card says, with any runtime", async () => {
    const { scores } = await evaluate(teacher, "three of each", 3);
    expect(card.scores.overall.share).toBeGreaterThanOrEqual(0.8);
    // 180 items: two standard errors are about 0.04.
    expect(Math.abs(scores.overall.share - card.scores.overall.share)).toBeLessThan(0.08);
  });

  it("shows steps when asked, answers in one word when told, and does not know what it was not taught", async () => {
    const ask = async (text: string, system?: string): Promise<string> => {
      const turns = [
        ...(system === undefined ? [] : [{ role: "system" as const, text: system }]),
        { role: "user" as const, text },
      ];
      const [answer] = await answerItems(teacher, [{ turns }]);
      return answer as string;
    };
    // Whether the result is right is measured on its card; here, whether the way to it is shown.
    expect(await ask("What is 17 + 5? Show your steps.")).toMatch(/=.*=.*The answer is \d+/);
    expect(await ask("What is 17 + 5?")).toMatch(/^17 \+ 5 = \d+\.$/);
    expect(await ask("Where does Orlin live? Show your steps.")).toMatch(/^Orlin lives in (\w+)\. .* \1\.$/);
    expect(await ask("Where does Orlin live?", "Answer in one word.")).toMatch(/^\p{Lu}\p{Ll}+\.$/u);
    expect(await ask("Write Python code for me.")).toMatch(/not know/);
    expect(await ask("Was ist die Hauptstadt von Frankreich?")).toMatch(/nicht/);
  });
});
