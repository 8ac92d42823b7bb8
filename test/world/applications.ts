import type { Random } from "../../src/stats/random.ts";
import { type Actor, type Archetype, chat, endUsers, single } from "./actor.ts";
import { around, fill, prose, say } from "./text.ts";
import type { Language } from "./words.ts";

type Wordings = Partial<Record<Language, readonly string[]>> & { readonly en: readonly string[] };
const worded = (wordings: Wordings, language: Language): readonly string[] =>
  wordings[language] ?? wordings.en;

/** An application with one fixed prompt (in the system turn, or around the input) and outputs of one size. */
function onePrompt(about: {
  prompts: Wordings;
  input(random: Random, language: Language): string;
  /** Median words of an answer and its log spread. */
  words: number;
  spread?: number;
  temperature?: number;
  users?: boolean;
}): (random: Random, language: Language) => Actor {
  return (random, language) => {
    // The account's own wording: one of the patterns, with its own details fixed for good.
    const extra = random.chance(0.5) ? ` ${prose(random, language, 1 + random.below(4))}` : "";
    const prompt = say(random, language, worded(about.prompts, language)) + extra;
    const inSystem = random.chance(0.55);
    const users =
      about.users && random.chance(0.6) ? endUsers(random.fork("users"), 20 + random.below(400)) : null;
    const scale = Math.exp(0.4 * random.normal());
    return () => {
      const input = about.input(random, language);
      return {
        messages: inSystem ? single(prompt, input) : single(null, `${prompt}\n\n${input}`),
        answerWords: around(random, about.words * scale, about.spread ?? 0.4),
        ...(users && { user: users() }),
        ...(about.temperature !== undefined && { parameters: { temperature: about.temperature } }),
      };
    };
  };
}

const all: readonly Language[] = ["en", "en", "en", "de", "es", "zh"];

/** Labels, extraction, moderation, translation, summaries, retrieval: the everyday one-template applications. */
const plain: readonly Archetype[] = [
  {
    name: "labelling",
    kind: "application",
    weight: 8,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "Classify the customer message into one of: billing, delivery, damage, praise, other. Answer with the label only.",
          "You label support tickets about a {thing}. Labels: urgent, normal, spam. Output one word.",
        ],
        de: [
          "Ordne die Nachricht einer Kategorie zu: Rechnung, Lieferung, Schaden, Lob. Antworte nur mit dem Wort.",
        ],
        es: [
          "Clasifica el mensaje en una de estas categorías: factura, entrega, daño, elogio. Responde solo con la etiqueta.",
        ],
        zh: ["请判断下面的客户留言属于哪一类：账单、配送、损坏、表扬。只回答类别。"],
      },
      input: (r, l) => prose(r, l, 1 + r.below(3)),
      words: 2,
      spread: 0.3,
      temperature: 0,
    }),
  },
  {
    name: "moderation",
    kind: "application",
    weight: 4,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          'Does the comment break our house rules? Reply with JSON {"break": bool, "rule": string}.',
          "Rate the toxicity of the post from 0 to 5 and name the reason in three words.",
        ],
        zh: ["判断这条评论是否违规，用一个词回答。"],
      },
      input: (r, l) => prose(r, l, 1 + r.below(2)),
      words: 9,
      temperature: 0,
      users: true,
    }),
  },
  {
    name: "extraction",
    kind: "application",
    weight: 7,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "Extract name, place, date and amount from the document as JSON. Use null where a field is missing.",
          "Return every {thing} mentioned in the text as a JSON array with price and quantity.",
        ],
        de: ["Extrahiere Name, Ort, Datum und Betrag als JSON."],
        es: ["Extrae nombre, lugar, fecha e importe en formato JSON."],
        zh: ["从下文提取姓名、地点、日期和金额，用 JSON 返回。"],
      },
      input: (r, l) => prose(r, l, 3 + r.below(25)),
      words: 35,
      temperature: 0,
    }),
  },
  {
    name: "translation",
    kind: "application",
    weight: 6,
    languages: all,
    actor: (random, language) => {
      const target = random.pick(["Portuguese", "Finnish", "Korean", "Italian", "Swahili"]);
      const prompt = random.pick([
        `Translate into ${target}:`,
        `You are a translation service. Translate everything into ${target}, keep the markup.`,
        `Translate the following product text into ${target}. Do not add anything.\n\nText:`,
      ]);
      const sentences = 1 + random.below(6);
      return () => {
        const input = prose(random, language, Math.max(1, around(random, sentences, 0.4)));
        return {
          messages: single(null, `${prompt} ${input}`),
          answerWords: input.split(/\s+/).length,
          parameters: { temperature: 0.2 },
        };
      };
    },
  },
  {
    name: "summary",
    kind: "application",
    weight: 6,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "Summarise the report for a busy reader in three bullet points.",
          "Write a short summary of this call between an agent and {name}. Mention open points.",
        ],
        de: ["Fasse den Bericht in drei Stichpunkten zusammen."],
        es: ["Resume el informe en tres puntos."],
        zh: ["请用三句话总结下面的报告。"],
      },
      input: (r, l) => prose(r, l, around(r, 30, 0.6)),
      words: 70,
    }),
  },
  {
    name: "retrieval",
    kind: "application",
    weight: 10,
    languages: all,
    actor: (random, language) => {
      const system = random.pick([
        "Answer only from the passages. Say that you do not know when they do not tell.",
        "You are the help page of our shop. Use the context to answer; cite the passage number.",
        "Use the retrieved documents to answer the question of the employee.",
      ]);
      const passages = Array.from({ length: 30 + random.below(120) }, () =>
        prose(random, language, 4 + random.below(6)),
      );
      const users = random.chance(0.7) ? endUsers(random.fork("users"), 50 + random.below(800)) : null;
      const questions = {
        en: [
          "What is said about the {thing} in {place}?",
          "when can i {act} my {thing}",
          "How much is a {quality} {thing}?",
          "who do I ask about the {thing}, {happening}",
        ],
        de: ["Was steht dort über {thing}?", "wann kann ich das {act}"],
        es: ["¿Qué dice sobre {thing}?", "cuándo puedo {act} mi pedido"],
        zh: ["关于{thing}怎么说？", "我什么时候可以{act}？"],
      };
      return () => ({
        messages: single(
          system,
          `Context:\n[1] ${random.pick(passages)}\n[2] ${random.pick(passages)}\n\nQuestion: ${say(random, language, questions[language])}`,
        ),
        answerWords: around(random, 40, 0.6),
        ...(users && { user: users() }),
        parameters: { temperature: 0.1 },
      });
    },
  },
  {
    name: "search box",
    kind: "application",
    weight: 4,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "You are the answer box of a search page. One sentence.",
          "Answer the search query briefly and give one source.",
        ],
        zh: ["你是搜索页的回答框，用一句话回答。"],
      },
      input: (r, l) =>
        say(
          r,
          l,
          {
            en: [
              "{quality} {thing} {place}",
              "who invented the {thing}",
              "how many {thing}s in {place}",
              "when did {place} {act} the {thing}",
              "{field} {thing} meaning",
            ],
            de: ["{thing} {place} {quality}", "wer erfand {thing}"],
            es: ["{thing} {quality} {place}", "quién inventó {thing}"],
            zh: ["{place}{quality}的{thing}", "{thing}是谁发明的"],
          }[l],
        ),
      words: 22,
      users: true,
    }),
  },
  {
    name: "rewriting",
    kind: "application",
    weight: 4,
    languages: all,
    actor: onePrompt({
      prompts: {
        en: [
          "Correct spelling and grammar. Return the corrected text only.",
          "Make the e-mail more polite and keep its length.",
        ],
        de: ["Korrigiere Rechtschreibung und Grammatik. Gib nur den Text zurück."],
        es: ["Corrige la ortografía. Devuelve solo el texto."],
        zh: ["修改下面文字的错别字，只返回结果。"],
      },
      input: (r, l) =>
        `${say(r, l, { en: ["I want to {act} my {thing} because {happening}.", "Dear {name}, we are sorry that {happening}."], de: ["Ich möchte das {act}, weil {happening}."], es: ["Quiero {act} porque {happening}."], zh: ["我想{act}{thing}，因为{happening}。"] }[l])} ${prose(r, l, around(r, 2, 0.6))}`,
      words: 45,
      users: true,
    }),
  },
  {
    name: "code review",
    kind: "application",
    weight: 3,
    languages: ["en"],
    actor: onePrompt({
      prompts: {
        en: [
          "Review the change. List bugs first, then style. Be brief.",
          "You review pull requests for a {thing} shop. Point out risks.",
        ],
      },
      input: (r, l) =>
        `diff --git a/src/${r.pick(["cart", "login", "report"])}.ts\n${Array.from({ length: around(r, 25, 0.8) }, () => fill(r, l, r.pick(["+  const {structure} = load({number})", "-  return {structure}.length > {number}", "   // {happening}", "+  if ({structure} === null) throw new Error('{quality}')"]))).join("\n")}`,
      words: 130,
      temperature: 0.2,
    }),
  },
];

/** Conversations: support, booking, companions inside products. */
const talking: readonly Archetype[] = [
  {
    name: "support chat",
    kind: "application",
    weight: 9,
    languages: all,
    actor: (random, language) => {
      const system = fill(
        random,
        language,
        random.pick([
          "You are the support assistant of a {thing} company. Ask for what is missing, be friendly.",
          "You help guests of a hotel in {place}. Answer in their language.",
        ]),
      );
      const openers = {
        en: [
          "hi, {happening}, what now?",
          "I need to {act} my {thing}",
          "my {thing} is {quality} and i want my money back",
          "Hello, I am {name}. Can you {act} the {thing} {time}?",
        ],
        de: ["hallo, {happening}", "ich will mein {thing} {act}"],
        es: ["hola, {happening}", "quiero {act} mi {thing}"],
        zh: ["你好，{happening}", "我想{act}我的{thing}"],
      }[language];
      const later = {
        en: [
          "yes",
          "no, the {quality} one",
          "ok thanks",
          "it was {time}",
          "order {number}{number}",
          "{name}, {place}",
          "and how much is that?",
        ],
        de: ["ja", "nein", "danke", "das war {time}"],
        es: ["sí", "no", "gracias", "fue {time}"],
        zh: ["是的", "不是", "谢谢", "是{time}"],
      }[language];
      const users = random.chance(0.5) ? endUsers(random.fork("users"), 30 + random.below(500)) : null;
      const talk = chat(
        random,
        system,
        (nth) => say(random, language, nth === 0 ? openers : later),
        () => ({ text: prose(random, language, 2), words: around(random, 35, 0.5) }),
        0.55 + 0.35 * random.uniform(),
      );
      let user = "";
      return () => {
        const { messages, words, fresh } = talk();
        if (users && (fresh || user === "")) user = users();
        return { messages, answerWords: words, ...(users && { user }) };
      };
    },
  },
  {
    name: "tutor",
    kind: "application",
    weight: 3,
    languages: all,
    actor: (random, language) => {
      const system = random.pick([
        "You are a patient tutor. Explain step by step and end with a question for the pupil.",
        "Help pupils with their exercises. Show your reasoning step by step, never only the result.",
        "You teach {field} to beginners. Think step by step.",
      ]);
      const asks = {
        en: [
          "I don't get exercise {number}: {name} has {number} {thing}s and sells {number}. How many are left?",
          "why is the answer {number}?",
          "can you explain {field} to me again",
          "what is {number} times {number} minus {number}",
        ],
        de: ["Ich verstehe Aufgabe {number} nicht", "Warum ist das {number}?"],
        es: ["no entiendo el ejercicio {number}", "¿por qué da {number}?"],
        zh: ["我不懂第{number}题", "为什么答案是{number}？"],
      }[language];
      const users = random.chance(0.8) ? endUsers(random.fork("users"), 15 + random.below(200)) : null;
      const talk = chat(
        random,
        fill(random, language, system),
        () => say(random, language, asks),
        () => ({ text: prose(random, language, 4), words: around(random, 140, 0.5) }),
        random.uniform() * 0.8,
      );
      return () => {
        const { messages, words } = talk();
        return { messages, answerWords: words, ...(users && { user: users() }) };
      };
    },
  },
  {
    name: "agent",
    kind: "application",
    weight: 3,
    languages: ["en"],
    actor: (random, language) => {
      const system = random.pick([
        "You are an agent with tools. Think in a scratchpad before you act, then call one tool.",
        "Plan, call a tool, observe, repeat until the goal is met.",
        "Use the browser to reach the goal. Reply with the next action as JSON.",
      ]);
      const goal = [
        "Find a {quality} {thing} in {place} under {number} euros",
        "Book a ticket for {name} {time}",
        "Check why {happening}",
      ];
      const talk = chat(
        random,
        system,
        (nth) =>
          nth === 0
            ? say(random, language, goal)
            : `Observation: ${prose(random, language, 1 + random.below(12))}`,
        () => ({ text: prose(random, language, 1), words: around(random, 45, 0.5) }),
        0.9,
      );
      return () => {
        const { messages, words } = talk();
        return { messages, answerWords: words };
      };
    },
  },
];

export const applications: readonly Archetype[] = [...plain, ...talking];
/** Prompt of an application around changing inputs, for the archetypes beside this file. */
export { onePrompt };
