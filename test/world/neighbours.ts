import type { Random } from "../../src/stats/random.ts";
import { type Actor, type Archetype, single } from "./actor.ts";
import { onePrompt } from "./applications.ts";
import { tasks } from "./tasks.ts";
import { around, fill, prose, say } from "./text.ts";
import type { Language } from "./words.ts";

const all: readonly Language[] = ["en", "en", "en", "de", "es", "zh"];

/** Honest accounts that look like a harvest in one respect or another. */
export const neighbours: readonly Archetype[] = [
  {
    name: "copywriting",
    kind: "application",
    weight: 3,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "Write a lively product description from the keywords.",
          "Write a blog post of 400 words for our {thing} shop from these notes.",
        ],
        de: ["Schreibe eine Produktbeschreibung aus den Stichworten."],
        es: ["Escribe una descripción del producto con estas palabras."],
        zh: ["根据关键词写一段产品介绍。"],
      },
      input: (r, l) =>
        Array.from({ length: 3 + r.below(5) }, () => fill(r, l, "{quality} {thing}")).join(", "),
      words: 190,
      spread: 0.4,
      temperature: 0.9,
    }),
  },
  {
    name: "report writer",
    kind: "application",
    weight: 3,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "Turn the figures into a readable weekly report with a recommendation.",
          "Write a letter to the customer that explains the decision below.",
        ],
        zh: ["把下面的数据写成一份周报。"],
      },
      input: (r, l) =>
        Array.from({ length: 4 + r.below(8) }, () => fill(r, l, "{thing}: {number}")).join("\n"),
      words: 260,
      spread: 0.3,
    }),
  },
  {
    name: "judge of own product",
    kind: "application",
    weight: 3,
    languages: ["en", "zh"],
    actor: onePrompt({
      prompts: {
        en: [
          "Rate the answer of our bot from 1 to 5 with this rubric: correct, polite, short. Reply with the number.",
          "Which response is better, A or B? Answer with one letter.",
        ],
        zh: ["给客服的回答评分，1到5分，只写数字。"],
      },
      input: (r, l) => `Question: ${prose(r, l, 1)}\nA: ${prose(r, l, 2)}\nB: ${prose(r, l, 2)}`,
      words: 4,
      temperature: 0,
    }),
  },
  {
    name: "quiz maker",
    kind: "application",
    weight: 1.5,
    languages: all,
    actor: (random, language) => {
      const wording = random.pick([
        "Write {number} different multiple choice questions about the chapter.",
        "Make a quiz from the text. Four answers each.",
        "Create practice problems of varied difficulty for the lesson below.",
      ]);
      const prompt = fill(random, language, wording);
      // Teachers work from chapters; some ask other things in between.
      const share = 0.3 + 0.7 * random.uniform();
      return () => ({
        messages: random.chance(share)
          ? single(null, `${prompt}\n\n${prose(random, language, 8 + random.below(20))}`)
          : single(
              null,
              say(random, language, [
                "How long should a lesson on {field} be?",
                "Explain {field} to my class",
                "is {number} a good mark",
              ]),
            ),
        answerWords: around(random, 180, 0.4),
      });
    },
  },
  {
    name: "test data",
    kind: "application",
    weight: 1,
    languages: ["en", "de"],
    actor: (random, language) => {
      const prompt = fill(
        random,
        language,
        random.pick([
          "Generate {number} realistic sample records for our {thing} database as JSON.",
          "Generate varied example messages that customers could send about a {thing}.",
        ]),
      );
      return () => ({
        messages: single(
          null,
          `${prompt} Region: ${fill(random, language, "{place}")}. Topic: ${fill(random, language, "{quality} {thing}")}.`,
        ),
        answerWords: around(random, 240, 0.3),
        parameters: { temperature: 1 },
      });
    },
  },
  {
    name: "prompt workshop",
    kind: "person",
    weight: 1,
    languages: ["en", "zh"],
    actor: (random, language) => () => ({
      messages: single(
        null,
        say(
          random,
          language,
          {
            en: [
              "Improve this prompt for our {thing} bot: you answer questions about {field}",
              "I need a system prompt for a {quality} assistant",
              "why does my prompt give {quality} answers? {happening}",
              "Act as {name}, an expert in {field}. " + prose(random, language, 2),
            ],
            zh: ["帮我改一下这个提示词：你是{field}专家", "我的提示词为什么不好用"],
            de: [],
            es: [],
          }[language],
        ),
      ),
      answerWords: around(random, 200, 0.6),
    }),
  },
  {
    // A page of ready-made prompts that visitors press: task after task, with other things in between.
    name: "prompt gallery",
    kind: "application",
    weight: 1,
    languages: all,
    actor: (random, language) => {
      const gallery = Array.from({ length: 60 + random.below(200) }, () => tasks(random, language));
      const pressed = 0.3 + 0.5 * random.uniform();
      return () => ({
        messages: single(
          null,
          random.chance(pressed)
            ? random.pick(gallery)
            : `${say(random, language, { en: ["I need help, {happening}", "my {thing} again"], de: ["ich brauche Hilfe, {happening}"], es: ["necesito ayuda, {happening}"], zh: ["我需要帮助，{happening}"] }[language])} ${prose(random, language, around(random, 2, 1))}`,
        ),
        answerWords: around(random, 120, 0.7),
      });
    },
  },
  {
    // People paid to think up requests for a product's own acceptance test: tidy, impersonal, mixed with questions.
    name: "request writers",
    kind: "person",
    weight: 1,
    languages: all,
    actor: (random, language) => {
      const orders = 0.15 + 0.5 * random.uniform();
      const spread = 0.6 + 0.6 * random.uniform();
      const asks = {
        en: [
          "Who was the first to {act} a {thing}?",
          "What is {field}?",
          "Which {thing} is {quality}?",
          "Why do people {act} a {thing}",
          "Is a {thing} {quality} or {quality}?",
          "When did {place} get its first {thing}?",
          "I wonder how to {act} a {thing}.",
        ],
        de: ["Was ist {field}?", "Warum {happening}?", "Wer erfand {thing}?"],
        es: ["¿Qué es la {field}?", "¿Por qué {happening}?"],
        zh: ["什么是{field}？", "为什么{happening}？", "谁发明了{thing}？"],
      }[language];
      return () => {
        const more = around(random, 0.7, spread) - 1;
        const text = random.chance(orders) ? tasks(random, language) : say(random, language, asks);
        return {
          messages: single(null, more > 0 ? `${text} ${prose(random, language, Math.min(30, more))}` : text),
          answerWords: around(random, 90, 0.9),
        };
      };
    },
  },
  {
    // A small office that sends its notes to be worked on: orders, but uneven ones and about its own matters.
    name: "office assistant",
    kind: "person",
    weight: 3,
    languages: all,
    actor: (random, language) => () => ({
      messages: single(
        random.chance(0.3) ? null : "You are the assistant of a small office.",
        `${say(random, language, { en: ["Draft a reply to {name}:", "Summarise for our meeting:", "Make a table of this:", "Check my text:", "What do we owe {name}?", "Plan our {thing} order {time}"], de: ["Antworte {name} für mich:", "Fasse für unser Treffen zusammen:"], es: ["Responde a {name} por mí:", "Resume para nuestra reunión:"], zh: ["帮我回复{name}：", "为我们的会议总结："] }[language])} ${prose(random, language, around(random, 4, 1))}`,
      ),
      answerWords: around(random, 90, 0.8),
    }),
  },
];

/** Benchmarks and experiments: fixed sets, often at temperature 0, often run again. */
export const evaluators: readonly Archetype[] = [
  {
    name: "benchmark run",
    kind: "evaluator",
    weight: 4,
    languages: ["en", "en", "zh"],
    actor: (random, language) => {
      const template = random.pick([
        (q: string) => `Question: ${q}\nAnswer:`,
        (q: string) => `The following are exam questions. Choose A, B, C or D.\n\n${q}\nAnswer:`,
        (q: string) => `${q}\nLet's think step by step.`,
        (q: string) =>
          `Solve the problem. Put your reasoning and the answer into JSON: {"reasoning": "...", "answer": "..."}\n\n${q}`,
      ]);
      const words = random.pick([1, 2, 70, 130, 190]);
      return benchmark(random, language, template, words, 0);
    },
  },
  {
    name: "repeated sampling",
    kind: "evaluator",
    weight: 2,
    languages: ["en"],
    actor: (random, language) => {
      const set = Array.from({ length: 10 + random.below(40) }, () => examQuestion(random, language));
      let at = 0;
      return () => ({
        messages: single(
          "Complete the function. Return only code.",
          set[Math.floor(at++ / 20) % set.length] as string,
        ),
        answerWords: around(random, 40, 0.4),
        parameters: { temperature: 0.8, n: 1 },
      });
    },
  },
];

function benchmark(
  random: Random,
  language: Language,
  template: (q: string) => string,
  words: number,
  temperature: number,
): Actor {
  const set = Array.from({ length: 150 + random.below(800) }, () => examQuestion(random, language));
  let at = random.below(set.length);
  return () => ({
    messages: single(null, template(set[at++ % set.length] as string)),
    answerWords: around(random, words, 0.4),
    parameters: { temperature },
  });
}

function examQuestion(random: Random, language: Language): string {
  const forms = {
    en: [
      "{name} has {number} {thing}s and buys {number} more. {happening}. How many are left after {number} days?",
      "A {quality} {thing} in {place} weighs {number} kg. What is the weight of {number} of them?",
      "In {field}, which statement about the {thing} is true? (A) it is {quality} (B) it is {quality} (C) neither",
      "{prose} Which conclusion follows?",
      "Which of these belongs to {field}?",
    ],
    zh: [
      "{name}有{number}个{thing}，又买了{number}个。还剩多少？",
      "在{field}中，下列哪项正确？ A {quality} B {quality}",
    ],
    de: ["Wie viele {thing} bleiben nach {number} Tagen?"],
    es: ["¿Cuántos quedan después de {number} días?"],
  }[language];
  return say(random, language, forms).replace("{prose}", prose(random, language, 3));
}
