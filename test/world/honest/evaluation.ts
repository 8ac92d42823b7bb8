import type { Random } from "../../../src/stats/random.ts";
import { type Actor, type Archetype, single } from "../actor.ts";
import { anyTask, choice, codeTask, question, sum } from "../tasks/tasks.ts";
import { around, type Voice, voiceOf } from "../text.ts";

/** A fixed set, sent from some place on and then again. The set is the scene's: those who run the same benchmark send the same. */
function benchmark(
  random: Random,
  items: Random,
  size: number,
  item: (items: Random) => string,
  ask: (q: string) => ReturnType<typeof single>,
  rest: { words: number; answer?: (r: Random) => string; parameters?: Record<string, number> },
  repeats = 1,
): Actor {
  const set = Array.from({ length: size }, () => item(items));
  let at = random.below(set.length) * repeats;
  return () => ({
    messages: ask(set[Math.floor(at++ / repeats) % set.length] as string),
    answerWords: around(random, rest.words, 0.4),
    ...(rest.answer && { answer: rest.answer(random) }),
    parameters: rest.parameters ?? { temperature: 0 },
  });
}

const letter = (r: Random): string => r.pick(["A", "B", "C", "D"]);

/** Benchmarks: fixed sets, often at temperature 0, often run again. */
export const evaluation: readonly Archetype[] = [
  {
    name: "exam letters",
    kind: "evaluator",
    weight: 2.5,
    languages: ["en", "en", "zh", "es", "fr"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(template, language);
      const shots = Array.from(
        { length: template.below(6) },
        () => `${choice(voice)}\nAnswer: ${letter(template)}`,
      );
      const head =
        voice.language === "zh"
          ? "请做下面的选择题，只写选项字母。"
          : voice
              .by(template)
              .say(
                "[Exam|Test] questions [with four options each|from {field}]. [Give the letter.|Choose one.]",
              );
      const tail = language === "zh" ? "答案：" : "Answer:";
      return benchmark(
        random,
        template.fork("set"),
        200 + random.below(1200),
        (items) => choice(voice.by(items)),
        (q) => single(null, [head, ...shots, `${q}\n${tail}`].join("\n\n")),
        { words: 1, answer: letter, parameters: { temperature: 0, max_tokens: 1 } },
      );
    },
  },
  {
    name: "benchmark run",
    kind: "evaluator",
    weight: 2.5,
    languages: ["en", "en", "zh", "de"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(template, language);
      const ask = template.pick([
        (q: string) => `Question: ${q}\nAnswer:`,
        (q: string) => `${q}\nLet's think step by step.`,
        (q: string) => `Q: ${q}\nA: Let's think step by step, then write the final answer after ####.`,
        (q: string) => q,
      ]);
      const item = template.pick([sum, question, sum]);
      return benchmark(
        random,
        template.fork("set"),
        150 + random.below(1300),
        (items) => item(voice.by(items)),
        (q) => single(null, ask(q)),
        { words: template.pick([40, 90, 150]) },
      );
    },
  },
  {
    name: "reasoning as json",
    kind: "evaluator",
    weight: 1.5,
    languages: ["en"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(template, language);
      const head = voice.say([
        '[Please solve|Solve] the problem. Put your reasoning and the answer into JSON: {"reasoning": "...", "answer": "..."}',
        '## Task\nThink about the task below, then reply with one JSON object that holds both how you got there and the result:\n{ "reasoning": "___", "answer": "___" }',
      ]);
      return benchmark(
        random,
        template.fork("set"),
        200 + random.below(1000),
        (items) => (items.chance(0.5) ? sum : codeTask)(voice.by(items)),
        (q) => single(null, `${head}\n\n${q}`),
        { words: 110 },
      );
    },
  },
  {
    name: "repeated sampling",
    kind: "evaluator",
    weight: 2,
    languages: ["en"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(template, language);
      const k = template.pick([5, 10, 20, 50]);
      const system = template.pick([
        "Complete the function. Return only code.",
        null,
        "Solve the task in Python.",
      ]);
      return benchmark(
        random,
        template.fork("set"),
        20 + random.below(150),
        (items) => codeTask(voice.by(items)),
        (q) => single(system, q),
        { words: 60, parameters: { temperature: template.pick([0.2, 0.6, 0.8]) } },
        k,
      );
    },
  },
  {
    // The same prompts to several models, answers laid side by side for people to vote on.
    name: "arena",
    kind: "evaluator",
    weight: 1,
    languages: ["en", "en", "zh"],
    rhythm: "traffic",
    actor: (random, language) => {
      const voice = voiceOf(random, language);
      const set = Array.from({ length: 80 + random.below(400) }, () =>
        random.chance(0.5) ? anyTask(voice) : `${question(voice)} ${voice.prose(random.below(6))}`,
      );
      let at = 0;
      return () => ({
        messages: single(null, set[Math.floor(at++ / 2) % set.length] as string),
        answerWords: around(random, 230, 0.6),
        model: at % 2 === 0 ? "m-large" : "m-small",
        parameters: { temperature: 0.7, max_tokens: 2048 },
      });
    },
  },
  {
    // Zero-shot translation, reading and trivia in one run of a harness.
    name: "mixed harness",
    kind: "evaluator",
    weight: 1,
    languages: ["en", "zh"],
    actor: (random, language, { template }) => {
      const voice = voiceOf(template, language);
      const item = (items: Random): string => {
        const v: Voice = voice.by(items);
        return items.pick([
          () => `${v.prose(4)}\nQuestion: ${question(v)}\nAnswer:`,
          () => `Translate to French: ${v.prose(1)}`,
          () => `Q: ${question(v)}\nA:`,
          () => `${v.prose(2)}\nTL;DR:`,
        ])();
      };
      return benchmark(random, template.fork("set"), 300 + random.below(1500), item, (q) => single(null, q), {
        words: 25,
        parameters: { temperature: 0, max_tokens: 64 },
      });
    },
  },
];
