import type { Random } from "../../src/stats/random.ts";
import { type Actor, type Archetype, chat, single } from "./actor.ts";
import { around, fill, prose, say } from "./text.ts";
import type { Language } from "./words.ts";

/** How people open: about themselves, in questions, half-sentences and orders. Several kinds, mixed differently by every person. */
const openings: Readonly<
  Record<Language, Readonly<Record<"self" | "question" | "order" | "scrap", readonly string[]>>>
> = {
  en: {
    self: [
      "I have a {quality} {thing} and {happening}. What should I do?",
      "i want to {act} my {thing} but i dont know how",
      "my {thing} is {quality}, {happening} {time}, any idea?",
      "I'm writing a story where {name} moves to {place}. Help me with the opening",
      "We are planning a trip to {place} {time}, what can we see in {number} days",
      "I get an error in my {code} code when the {structure} is empty",
      "My landlord says {happening}. Is that legal in {place}?",
      "i need an excuse for my boss, {happening}",
    ],
    question: [
      "How do I {act} a {thing}?",
      "what's the difference between a {quality} {thing} and a {quality} one",
      "Why is a {thing} {quality}?",
      "is {field} hard to learn?",
      "Who was important in {field}?",
      "can a {thing} be {quality}??",
      "how many {thing}s fit in a {thing}",
      "What happens when {happening}",
      "Can you tell me about {field}?",
      "which {thing} would you buy",
    ],
    order: [
      "Write a poem about a {quality} {thing}",
      "write me an email to {name}, {happening}, say we {act} it {time}",
      "Explain {field} like I'm five",
      "give me {number} ideas for a {thing} party",
      "Make it shorter",
      "Translate this: {happening}",
      "Fix this {code}: for x in {structure}: print(x{number})",
      "Tell me a joke about {field}",
      "Create a workout plan for {number} weeks",
      "Summarize this for me",
      "List the best {thing}s in {place}",
    ],
    scrap: [
      "{thing} {place} cheap",
      "{name}?",
      "more",
      "ok and {field}?",
      "{number} * {number} - {number}",
      "same but {quality}",
      "hello",
      "continue",
    ],
  },
  de: {
    self: [
      "Ich will mein {thing} {act}, aber {happening}",
      "mein {thing} ist {quality}, was tun",
      "Wir fahren {time} nach {place}, was lohnt sich?",
    ],
    question: [
      "Wie kann man ein {thing} {act}?",
      "was ist besser, {quality} oder {quality}?",
      "Warum {happening}?",
      "Ist {field} schwer?",
    ],
    order: [
      "Schreibe eine Mail an {name}, {happening}",
      "Erkläre mir {field}",
      "Nenne {number} Ideen für {place}",
      "mach es kürzer",
    ],
    scrap: ["{thing} {place} {quality}", "ok danke", "und {field}?", "weiter"],
  },
  es: {
    self: [
      "Quiero {act} mi {thing} pero {happening}",
      "mi {thing} está {quality}, qué hago",
      "Vamos a {place} {time}, ¿qué vemos?",
    ],
    question: [
      "¿Cómo se puede {act} un {thing}?",
      "¿qué es mejor, {quality} o {quality}?",
      "¿Por qué {happening}?",
      "¿es difícil la {field}?",
    ],
    order: [
      "Escribe un correo a {name}, {happening}",
      "Explica {field}",
      "Da {number} ideas para {place}",
      "más corto",
    ],
    scrap: ["{thing} {place} {quality}", "gracias", "¿y {field}?", "sigue"],
  },
  zh: {
    self: [
      "我想{act}我的{thing}，但是{happening}",
      "我的{thing}很{quality}，怎么办",
      "我们{time}去{place}，有什么好玩的",
      "我在学{field}，有点难",
    ],
    question: [
      "怎么{act}{thing}？",
      "{quality}的和{quality}的哪个好",
      "为什么{happening}？",
      "{field}难吗？",
    ],
    order: [
      "帮我写一封邮件给{name}，{happening}",
      "解释一下{field}",
      "给我{number}个关于{place}的建议",
      "短一点",
    ],
    scrap: ["{thing} {place}", "好的谢谢", "那{field}呢", "继续"],
  },
};

/** A person with habits: how much is about themselves, how long they type, how often they paste, whether they go on. */
function person(habits: {
  orders: number;
  self: number;
  paste: number;
  goesOn: number;
  spread: number;
  words: number;
  system?: readonly string[];
}) {
  return (random: Random, language: Language): Actor => {
    const mix = {
      orders: jitter(random, habits.orders),
      self: jitter(random, habits.self),
      paste: jitter(random, habits.paste),
    };
    const kinds = openings[language];
    const turn = (nth: number): string => {
      const u = random.uniform();
      const kind =
        nth > 0 && random.chance(0.4)
          ? "scrap"
          : u < mix.self
            ? "self"
            : u < mix.self + mix.orders
              ? "order"
              : random.chance(0.85)
                ? "question"
                : "scrap";
      let text = say(random, language, kinds[kind]);
      // Detail, sometimes a lot of it; people's lengths have a heavy tail.
      const more = around(random, 0.6, habits.spread) - 1;
      if (more > 0) text += ` ${prose(random, language, Math.min(more, 40))}`;
      if (random.chance(mix.paste)) text += `\n\n${prose(random, language, around(random, 18, 0.9))}`;
      return random.chance(0.2) ? text.toLowerCase() : text;
    };
    const system =
      habits.system && random.chance(0.5) ? fill(random, language, random.pick(habits.system)) : null;
    const talk = chat(
      random,
      system,
      turn,
      () => ({ text: prose(random, language, 3), words: around(random, habits.words, 0.9) }),
      jitter(random, habits.goesOn),
    );
    return () => {
      const { messages, words } = talk();
      return { messages, answerWords: words, parameters: { temperature: 0.7 } };
    };
  };
}

function jitter(random: Random, share: number): number {
  return Math.min(0.95, Math.max(0, share * Math.exp(0.4 * random.normal())));
}

const everywhere: readonly Language[] = ["en", "en", "en", "de", "es", "zh"];

export const people: readonly Archetype[] = [
  {
    name: "chatting person",
    kind: "person",
    weight: 9,
    languages: everywhere,
    actor: person({ orders: 0.25, self: 0.35, paste: 0.08, goesOn: 0.6, spread: 1, words: 160 }),
  },
  {
    name: "asking person",
    kind: "person",
    weight: 7,
    languages: everywhere,
    actor: person({ orders: 0.2, self: 0.2, paste: 0.03, goesOn: 0.15, spread: 0.9, words: 140 }),
  },
  {
    name: "writing person",
    kind: "person",
    weight: 5,
    languages: everywhere,
    actor: person({ orders: 0.6, self: 0.2, paste: 0.3, goesOn: 0.45, spread: 1.1, words: 280 }),
  },
  {
    name: "coding assistant",
    kind: "person",
    weight: 6,
    languages: ["en", "en", "zh"],
    actor: person({
      orders: 0.45,
      self: 0.35,
      paste: 0.5,
      goesOn: 0.7,
      spread: 1.1,
      words: 200,
      system: ["You are a coding assistant inside an editor. Language: {code}."],
    }),
  },
  {
    // Many visitors behind one key, one message each: what a public demo sends.
    name: "public demo",
    kind: "person",
    weight: 3,
    languages: everywhere,
    actor: (random, language) => {
      const visitors = Array.from({ length: 40 }, (_, i) =>
        person({
          orders: 0.2 + 0.3 * random.uniform(),
          self: 0.4 * random.uniform(),
          paste: 0.2 * random.uniform(),
          goesOn: 0,
          spread: 1.2,
          words: 220,
        })(random.fork(`visitor ${i}`), language),
      );
      return () => random.pick(visitors)();
    },
  },
  {
    name: "home assistant",
    kind: "person",
    weight: 2,
    languages: everywhere,
    actor: (random, language) => {
      const orders = {
        en: [
          "Turn the light in the {thing} off",
          "Set an alarm for {number}",
          "what's the weather in {place}",
          "Play something {quality}",
          "Add a {thing} to my list",
        ],
        de: ["Stelle einen Wecker auf {number}", "wie wird das Wetter in {place}"],
        es: ["Pon una alarma a las {number}", "qué tiempo hace en {place}"],
        zh: ["把灯关掉", "{place}天气怎么样", "设一个{number}点的闹钟"],
      }[language];
      return () => ({
        messages: single("You control a home. Answer in one sentence.", say(random, language, orders)),
        answerWords: around(random, 12, 0.5),
      });
    },
  },
];
