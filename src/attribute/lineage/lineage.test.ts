import { describe, expect, it } from "vitest";
import { seeded, type Random } from "../../stats/random.ts";
import type { Answers } from "./answers.ts";
import { gramsOf } from "./grams.ts";
import { lineageOf } from "./lineage.ts";

const COMMON =
  "the of and to in a is that for it as was with be by on not he this are at from his but an".split(" ");

/** A model that says what its voice makes it say: commonplaces, words of the prompt, and words of its own liking. */
function model(name: string, random: Random, from?: Answers): Answers {
  const liking = Array.from({ length: 300 }, () => `w${random.below(3000)}`);
  const answers = new Map<string, string[]>();
  for (let q = 0; q < 40; q++) {
    const prompt = `tell me about topic ${q}`;
    const source = from?.answers.get(prompt)?.[0]?.split(" ");
    const words = Array.from({ length: 60 }, (_, i) => {
      // A student keeps its teacher's word in 30 of 100 places.
      if (source && random.chance(0.3)) return source[i] ?? "end";
      if (random.chance(0.6)) return random.pick(COMMON);
      return random.chance(0.4) ? `topic${q}part${random.below(12)}` : random.pick(liking);
    });
    answers.set(prompt, [words.join(" ")]);
  }
  return { model: name, answers };
}

const random = seeded("lineage");
const teacher = model("teacher", random);
const panel = Array.from({ length: 19 }, (_, i) => model(`other-${i}`, random));

describe("lineageOf", () => {
  it("leads from a student to its teacher, with the smallest p that the panel can give", () => {
    const found = lineageOf(model("student", random, teacher), teacher, panel);
    expect(found.nearest.model).toBe("teacher");
    expect(found.p).toBe(1 / 20);
    expect(found.kind).toBe("lead");
    expect(found.lead).toMatch(/^a lead: of 20 models student answers most like the teacher/);
    expect(found.limits.join(" ")).toMatch(/A p below 0\.050 is impossible/);
  });

  it("leads to the panel member that it does descend from", () => {
    const found = lineageOf(model("student", random, panel[4]), teacher, panel);
    expect(found.nearest).toMatchObject({ model: "other-4", p: 1 / 20 });
    expect(found.lead).toMatch(/^no lead to the teacher/);
  });

  it("ranks independent suspects evenly", () => {
    const few = panel.slice(0, 4);
    const ps = Array.from({ length: 20 }, (_, i) => lineageOf(model(`new-${i}`, random), teacher, few).p);
    const smallest = ps.filter((p) => p === 1 / 5).length;
    // Given one panel the share is not exactly 1/5 (test/attribute/null.slow.test.ts draws fresh ones); crowding the front would be wrong all the same.
    expect(smallest).toBeLessThan(13);
    expect(ps.every((p) => p >= 1 / 5 && p <= 1)).toBe(true);
  });

  it("does not count commonplaces: models that share only what all say are not near", () => {
    const say = (name: string, own: string): Answers => ({
      model: name,
      answers: new Map([["q", [`as an assistant I am happy to help with that ${own}`]]]),
    });
    const found = lineageOf(say("s", "alpha beta"), say("t", "gamma delta"), [
      say("p", "alpha beta"),
      say("r", "x"),
    ]);
    expect(found.teacher.similarity).toBe(0);
    expect(found.nearest).toMatchObject({ model: "p", nearestAt: 1 });
  });

  it("refuses what cannot be compared", () => {
    expect(() => lineageOf(teacher, teacher, panel)).toThrow(/both called teacher/);
    expect(() => lineageOf(model("s", random), teacher, [teacher])).toThrow(/the panel has no model/);
    const silent = { model: "x", answers: new Map([["other", ["?"]]]) };
    expect(() => lineageOf(model("s", random), teacher, [silent])).toThrow(
      /no prompt that all 3 models answered/,
    );
  });
});

describe("gramsOf", () => {
  it("takes words, and characters where there are no spaces", () => {
    expect(gramsOf("One two  THREE").size).toBe(6);
    expect(gramsOf("one two three")).toEqual(gramsOf("ONE\ntwo three"));
    expect(gramsOf("東京都").size).toBe(6);
    expect(gramsOf("").size).toBe(0);
  });
});
