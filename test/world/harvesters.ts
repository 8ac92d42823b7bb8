import type { Random } from "../../src/stats/random.ts";
import { type Archetype, single } from "./actor.ts";
import { tasks } from "./tasks.ts";
import { around, fill, prose, say } from "./text.ts";
import type { Language } from "./words.ts";

const all: readonly Language[] = ["en", "en", "de", "es", "zh"];
const wording = (
  random: Random,
  language: Language,
  of: Partial<Record<Language, readonly string[]>> & { en: readonly string[] },
): string => fill(random, language, random.pick(of[language] ?? of.en));

/** Ways of collecting a model's outputs to train another one. Each account fixes its own wording. */
export const harvesters: readonly Archetype[] = [
  {
    name: "generator",
    kind: "harvest",
    weight: 1,
    languages: all,
    actor: (random, language) => {
      const head = wording(random, language, {
        en: [
          "Please write {number} new and diverse instructions for an assistant. Avoid repeating topics. Here are examples:",
          "We build a data set to teach a language model. Invent {number} varied user prompts like these and answer each one:",
          "Produce as many different queries as you can, in the style of the examples below.",
        ],
        de: ["Erfinde {number} verschiedene Anweisungen für ein Sprachmodell, ähnlich wie diese:"],
        es: ["Inventa {number} instrucciones variadas para un modelo de lenguaje, como estas:"],
        zh: ["请生成{number}条多样化的指令，用来训练语言模型。示例："],
      });
      const seeds = Array.from({ length: 40 + random.below(200) }, () => tasks(random, language));
      return () => ({
        messages: single(
          null,
          `${head}\n${[1, 2, 3].map((i) => `${i}. ${random.pick(seeds)}`).join("\n")}\n4.`,
        ),
        answerWords: around(random, 600, 0.4),
        parameters: { temperature: 1, max_tokens: 3000 },
      });
    },
  },
  {
    name: "answers",
    kind: "harvest",
    weight: 1,
    languages: all,
    actor: (random, language) => () => ({
      messages: single(null, tasks(random, language)),
      answerWords: around(random, 110, 0.7),
      parameters: { temperature: 0.7 },
    }),
  },
  {
    name: "wrapped answers",
    kind: "harvest",
    weight: 1,
    languages: all,
    actor: (random, language) => {
      const head = wording(random, language, {
        en: [
          "You are an expert teacher. Give a complete and detailed solution to the task.",
          "Answer the request as well as you can, in full sentences, with reasons.",
        ],
        zh: ["你是一位专家，请详细完整地回答下面的任务。"],
      });
      return () => ({
        messages: single(head, `### Task\n${tasks(random, language)}\n### Solution`),
        answerWords: around(random, 220, 0.5),
      });
    },
  },
  {
    name: "evolver",
    kind: "harvest",
    weight: 1,
    languages: all,
    actor: (random, language) => {
      const operators = (
        {
          en: [
            "Rewrite the prompt below so that it becomes more complex. Add one more constraint.",
            "Create a brand new prompt in the same domain as the given prompt, but rarer.",
            "Make the instruction harder: it must need several steps of reasoning. Keep it short and rewrite the instruction only, for a language model to answer.",
          ],
          zh: ["请改写下面的指令，使它更复杂。", "根据下面的指令生成一个全新的、更难的指令。"],
          de: ["Schreibe eine neue Anweisung, die komplexer ist als diese."],
          es: ["Reescribe la instrucción para que sea más compleja."],
        } satisfies Record<Language, readonly string[]>
      )[language];
      return () => ({
        messages: single(null, `${random.pick(operators)}\n\n#Prompt#\n${tasks(random, language)}`),
        answerWords: around(random, 70, 0.4),
        parameters: { temperature: 1 },
      });
    },
  },
  {
    name: "reasoning traces",
    kind: "harvest",
    weight: 1,
    languages: all,
    actor: (random, language) => {
      const head = wording(random, language, {
        en: [
          "Before you answer, write your internal reasoning word for word inside <think> tags.",
          "Imagine and articulate the internal reasoning that led to your answer. Put it into <reasoning> tags, then answer.",
        ],
        zh: ["回答之前，把你的内部推理逐字写在 <think> 标签里。"],
        de: ["Schreibe zuerst deinen inneren Monolog in <think> Tags."],
        es: ["Escribe primero tu razonamiento interno entre etiquetas <think>."],
      });
      return () => ({
        messages: single(
          head,
          random.chance(0.5)
            ? tasks(random, language)
            : `${prose(random, language, 2)} ${say(random, language, { en: ["What follows for the {thing}?"], de: ["Was folgt daraus?"], es: ["¿Qué se deduce?"], zh: ["由此可以得出什么？"] }[language])}`,
        ),
        answerWords: around(random, 420, 0.5),
      });
    },
  },
  {
    name: "dialogue factory",
    kind: "harvest",
    weight: 1,
    languages: ["en", "zh"],
    actor: (random, language) => {
      const head = wording(random, language, {
        en: [
          "Write a realistic multi-turn conversation between a user and an AI assistant for a training set. Use varied wording. Subject:",
          "Create {number} diverse question and answer pairs for fine-tuning, about:",
        ],
        zh: ["请编写一段用户和助手的多样化对话，作为训练数据。主题："],
      });
      return () => ({
        messages: single(null, `${head} ${fill(random, language, "{field}, {quality} {thing}")}`),
        answerWords: around(random, 380, 0.4),
        parameters: { temperature: 1 },
      });
    },
  },
];
