import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { personNames, RIVERS, townNames } from "./atlas.ts";
import { baseDocuments } from "./base.ts";
import { sideOf } from "./item.ts";
import { mentions, wordsOf } from "./reading.ts";
import { examination, instructions, scoreAnswers, tasks, teacherDocuments } from "./world.ts";

const textOf = (document: ReturnType<typeof teacherDocuments>[number]): string =>
  typeof document === "string" ? document : document.map((x) => `${x.role}: ${x.text}`).join("\n");

describe("the world", () => {
  it("is the same for the same seed, and another for another", () => {
    const asked = (seed: number): string[] =>
      instructions(seed, 200, "taught").map((x) => JSON.stringify([x.turns, x.answer]));
    expect(asked(1)).toEqual(asked(1));
    expect(asked(2)).not.toEqual(asked(1));
    expect(baseDocuments(1, 100)).toEqual(baseDocuments(1, 100));
    expect(teacherDocuments(1, 100)).toEqual(teacherDocuments(1, 100));
    expect(instructions(3, 50, "taught").map((x) => x.answer)).toEqual(
      instructions(3, 90, "taught")
        .slice(0, 50)
        .map((x) => x.answer),
    );
  });

  it.each(tasks)("$name: its own answers pass, and the answers to other prompts do not", (task) => {
    const random = seeded(`own answers/${task.name}`);
    const items = Array.from({ length: 120 }, (_, i) =>
      task.generate(random, i % 2 === 0 ? "taught" : "held-out"),
    );
    for (const item of items) {
      expect(item.check(item.answer), `${JSON.stringify(item.turns)} -> ${item.answer}`).toBe(true);
      expect(item.check(item.answer.toLowerCase()) || /capitals|story|description/.test(task.name)).toBe(
        true,
      );
      expect(item.check("")).toBe(false);
      expect(
        item.check(`${item.answer} xyzzy ${item.answer}`) && /story|description|order/.test(task.name),
      ).toBe(false);
    }
    let tried = 0;
    let passed = 0;
    for (const [i, item] of items.entries()) {
      const other = items[(i + 7) % items.length] as (typeof items)[number];
      if (other.answer === item.answer) continue;
      tried++;
      if (item.check(other.answer)) passed++;
    }
    // Tasks of few different answers (yes/no, "I do not know") are right by luck; elsewhere one in ten is already much.
    const luck = /elsewhere|stranger|small-talk/.test(task.name) ? 1 : 0.1;
    expect(passed / Math.max(1, tried)).toBeLessThanOrEqual(luck);
  });

  it("answers that belong to another task are wrong", () => {
    const items = examination("other tasks", 10);
    const random = seeded("other tasks");
    const given = items.map((item) => {
      let other = random.pick(items);
      while (other.task.split(".")[0] === item.task.split(".")[0]) other = random.pick(items);
      return other.answer;
    });
    // Measured: 0 of 600 (at most 0.006 with 95 % confidence).
    expect(scoreAnswers(items, given).overall.share).toBeLessThan(0.03);
  });

  it("holds out one key in five, in every task, and teaches none of them", () => {
    for (const task of tasks) {
      const random = seeded(`sides/${task.name}`);
      for (let i = 0; i < 100; i++) {
        expect(sideOf(task.generate(random, "held-out").key)).toBe("held-out");
        expect(sideOf(task.generate(random, "taught").key)).toBe("taught");
      }
    }
    // Each turn of the assistant is taught, so what stands before it is a prompt too.
    const taught = new Set(
      teacherDocuments(5, 40_000).flatMap((x) =>
        typeof x === "string"
          ? []
          : x.flatMap(({ role }, i) => (role === "assistant" ? [JSON.stringify(x.slice(0, i))] : [])),
      ),
    );
    const asked = examination(5, 300);
    expect(asked.filter((x) => taught.has(JSON.stringify(x.turns))).map((x) => x.turns)).toEqual([]);
  });

  it("has enough to ask: distinct prompts of each task, taught and held out", () => {
    const few: string[] = [];
    for (const task of tasks) {
      const random = seeded(`sizes/${task.name}`);
      const prompts = new Set(
        Array.from({ length: 1500 }, () => JSON.stringify(task.generate(random, "held-out").turns)),
      );
      if (prompts.size < 15) few.push(`${task.name}: ${prompts.size}`);
    }
    expect(few).toEqual([]);
    const asked = new Set(instructions(9, 20_000, "taught").map((x) => JSON.stringify(x.turns)));
    expect(asked.size).toBeGreaterThan(11_000);
  });

  it("keeps the base corpus free of the teacher's people, towns, rivers, sums and held-out sentences", () => {
    const base = baseDocuments(11, 20_000);
    const names = [...personNames, ...townNames, ...RIVERS];
    const all = ` ${wordsOf(base.join(" ")).join(" ")} `;
    expect(names.filter((x) => all.includes(` ${x.toLowerCase()} `))).toEqual([]);
    expect(base.filter((x) => /[=+]|\?.*\?\s*$|Answer|Antwort/.test(x))).toEqual([]);
    const said = new Set(base.flatMap((x) => x.split(/(?<=[.?!]) /)));
    const held = examination(11, 40).filter((x) => /past-tense|negate|make-question|replace/.test(x.task));
    expect(held.filter((x) => said.has(x.answer)).map((x) => x.answer)).toEqual([]);
    const prompts = held.map((x) => /: ([^:]+)$/.exec(x.turns[0]?.text ?? "")?.[1]);
    expect(prompts.filter((x) => x !== undefined && said.has(x))).toEqual([]);
  });

  it("says nothing of the real world: its countries and cities are only asked about", () => {
    const real = "France Germany Berlin London Paris Deutschland Frankreich America Python".split(" ");
    const texts = teacherDocuments(13, 10_000);
    const claims = texts.flatMap((x) =>
      typeof x === "string" ? [x] : x.filter((turn) => turn.role === "assistant").map((turn) => turn.text),
    );
    expect(claims.filter((text) => real.some((name) => mentions(text, name)))).toEqual([]);
  });

  it("is short: half of the documents have at most 20 words, none more than 90", () => {
    const lengths = teacherDocuments(17, 5000)
      .map((x) => wordsOf(textOf(x)).length)
      .sort((a, b) => a - b);
    expect(lengths[2500]).toBeLessThanOrEqual(20);
    expect(lengths.at(-1)).toBeLessThan(90);
  });

  it("tells stories that differ", () => {
    const stories = instructions(19, 8000, "taught").filter((x) => x.task.startsWith("story"));
    expect(new Set(stories.map((x) => x.answer)).size / stories.length).toBeGreaterThan(0.99);
    const words = stories.map((x) => wordsOf(x.answer).length).sort((a, b) => a - b);
    expect(words[0]).toBeGreaterThan(15);
    expect(words.at(-1)).toBeLessThan(50);
  });
});

describe("scoreAnswers", () => {
  it("counts by task and family with exact intervals", () => {
    const items = examination(1, 5);
    const all = scoreAnswers(
      items,
      items.map((x) => x.answer),
    );
    expect(all.overall.share).toBe(1);
    expect(all.overall.interval.low).toBeGreaterThan(0.98);
    const none = scoreAnswers(
      items,
      items.map(() => "glorp"),
    );
    expect(none.overall.right).toBe(0);
    expect(Object.keys(none.tasks)).toHaveLength(tasks.length);
    expect(() => scoreAnswers(items, [])).toThrow(/one for each/);
  });
});
