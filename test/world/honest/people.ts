import type { Random } from "../../../src/stats/random.ts";
import { type Actor, type Archetype, chat } from "../actor.ts";
import { anyTask, question } from "../tasks/tasks.ts";
import { anywhere, worded, type Wordings } from "../templated.ts";
import { answerOf, around, voiceOf } from "../text.ts";
import { type Language, unspaced } from "../words.ts";
import { openings } from "./openings.ts";

interface Habits {
  /** Shares of what they type: orders, about themselves, tidy tasks (homework, found prompts); the rest are questions and scraps. */
  readonly orders: number;
  readonly self: number;
  readonly tidy?: number;
  readonly paste: number;
  readonly goesOn: number;
  /** Log spread of the length of what they type, and median sentences of detail. */
  readonly spread: number;
  readonly detail?: number;
  readonly words: number;
  readonly subjects?: number;
  readonly system?: Wordings;
}

/** A person with habits: how much is about themselves, how long they type, how often they paste, whether they go on. */
export function person(habits: Habits): (random: Random, language: Language) => Actor {
  return (random, language) => {
    const voice = voiceOf(random, language, habits.subjects ?? 2 + random.below(5));
    const mix = {
      orders: jitter(random, habits.orders),
      self: jitter(random, habits.self),
      tidy: jitter(random, habits.tidy ?? 0.03),
      paste: jitter(random, habits.paste),
    };
    const hand = handwriting(random, language);
    const kinds = openings[language];
    const turn = (nth: number): string => {
      if (nth > 0 && random.chance(0.4)) return hand(voice.say(kinds.scrap));
      const u = random.uniform();
      let text =
        u < mix.self
          ? voice.say(kinds.self)
          : u < mix.self + mix.orders
            ? voice.say(kinds.order)
            : u < mix.self + mix.orders + mix.tidy
              ? random.chance(0.6)
                ? anyTask(voice)
                : question(voice)
              : voice.say(random.chance(0.85) ? kinds.question : kinds.scrap);
      // Detail, sometimes a lot of it; people's lengths have a heavy tail.
      const more = around(random, habits.detail ?? 0.6, habits.spread) - 1;
      if (more > 0) text += ` ${voice.prose(Math.min(more, 40))}`;
      text = hand(text);
      return random.chance(mix.paste) ? `${text}\n\n${voice.prose(around(random, 14, 0.9))}` : text;
    };
    const system = habits.system && random.chance(0.5) ? voice.say(worded(habits.system, language)) : null;
    const talk = chat(
      random,
      system,
      turn,
      () => {
        const words = around(random, habits.words, 0.9);
        return { text: answerOf(random, language, words), words };
      },
      jitter(random, habits.goesOn),
    );
    const temperature = random.pick([undefined, 0.7, 1]);
    return () => {
      const { messages, words, answer } = talk();
      return {
        messages,
        answerWords: words,
        answer,
        ...(temperature !== undefined && { parameters: { temperature } }),
      };
    };
  };
}

/** How somebody types: case, full stops, slips, a word they like. */
function handwriting(random: Random, language: Language): (text: string) => string {
  const lower = random.pick([0, 0.2, 0.2, 0.9]);
  const bare = random.pick([0.1, 0.4, 0.8]);
  const slips = random.pick([0, 0, 0.01, 0.03]);
  const tic = random.chance(0.3)
    ? random.pick(
        {
          en: ["pls", "lol", "thx", "btw"],
          de: ["bitte", "lg"],
          es: ["porfa", "jaja"],
          fr: ["svp", "mdr"],
          pt: ["pfv", "kkk"],
          zh: ["谢谢", "哈哈"],
          ja: ["お願いします", "笑"],
        }[language],
      )
    : null;
  return (text) => {
    let typed = random.chance(lower) ? text.toLowerCase() : text;
    if (random.chance(bare)) typed = typed.replace(/[.?!。？！]$/, "");
    if (slips > 0 && !unspaced(language)) typed = slipped(random, typed, slips);
    return tic !== null && random.chance(0.25) ? `${typed} ${tic}` : typed;
  };
}

/** Neighbouring letters change places, letters fall out or double. */
function slipped(random: Random, text: string, rate: number): string {
  const many = Math.round(text.length * rate * 2 * random.uniform());
  let typed = text;
  for (let i = 0; i < many; i++) {
    const at = random.below(Math.max(1, typed.length - 1));
    const [a, b] = [typed[at] ?? "", typed[at + 1] ?? ""];
    typed = typed.slice(0, at) + random.pick([b + a, b, a + a + b]) + typed.slice(at + 2);
  }
  return typed;
}

function jitter(random: Random, share: number): number {
  return Math.min(0.95, Math.max(0, share * Math.exp(0.4 * random.normal())));
}

const one = (name: string, weight: number, habits: Habits, languages = anywhere): Archetype => ({
  name,
  kind: "person",
  weight,
  languages,
  actor: person(habits),
});

export const people: readonly Archetype[] = [
  one("chatting person", 9, { orders: 0.25, self: 0.35, paste: 0.08, goesOn: 0.6, spread: 1, words: 160 }),
  one("asking person", 7, { orders: 0.2, self: 0.2, paste: 0.03, goesOn: 0.15, spread: 0.9, words: 140 }),
  one("writing person", 4, { orders: 0.6, self: 0.2, paste: 0.3, goesOn: 0.45, spread: 1.1, words: 280 }),
  one(
    "coding assistant",
    5,
    {
      orders: 0.45,
      self: 0.35,
      paste: 0.5,
      goesOn: 0.7,
      spread: 1.1,
      words: 200,
      subjects: 2,
      system: { en: ["You are a coding assistant inside an editor. Language: {code}."] },
    },
    ["en", "en", "zh", "de"],
  ),
  one("student", 4, {
    orders: 0.25,
    self: 0.2,
    tidy: 0.35,
    paste: 0.2,
    goesOn: 0.4,
    spread: 0.9,
    words: 190,
    subjects: 4,
  }),
  one("power user", 3, {
    orders: 0.5,
    self: 0.2,
    tidy: 0.1,
    paste: 0.35,
    goesOn: 0.75,
    spread: 1.2,
    detail: 1.2,
    words: 320,
    subjects: 6,
    system: {
      en: [
        "[I am|You talk to] a {field} professional in {place}. [Skip the basics.|Be concise.]",
        "Answer in the language I use. No lists unless asked.",
      ],
    },
  }),
  one("forum asker", 2, {
    orders: 0.05,
    self: 0.75,
    paste: 0.25,
    goesOn: 0.05,
    spread: 0.5,
    detail: 5,
    words: 300,
    subjects: 3,
  }),
  one("creative writer", 2, {
    orders: 0.7,
    self: 0.1,
    tidy: 0.1,
    paste: 0.25,
    goesOn: 0.8,
    spread: 1.1,
    words: 450,
    subjects: 3,
    system: { en: ["You are a co-author of a {style} novel set in {place}."] },
  }),
  one("job seeker", 1.5, {
    orders: 0.5,
    self: 0.4,
    paste: 0.5,
    goesOn: 0.5,
    spread: 0.9,
    words: 260,
    subjects: 2,
  }),
  one("trivia player", 1.5, {
    orders: 0.05,
    self: 0.02,
    tidy: 0.6,
    paste: 0,
    goesOn: 0.05,
    spread: 0.4,
    words: 60,
    subjects: 20,
  }),
  {
    // Switches between two languages.
    name: "bilingual person",
    kind: "person",
    weight: 2.5,
    languages: ["de", "es", "zh", "fr", "pt", "ja"],
    actor: (random, language) => {
      const habits: Habits = { orders: 0.3, self: 0.3, paste: 0.15, goesOn: 0.5, spread: 1, words: 170 };
      const [own, other] = [
        person(habits)(random.fork("own"), language),
        person(habits)(random.fork("other"), "en"),
      ];
      return () => (random.chance(0.6) ? own() : other());
    },
  },
  {
    // Plays: one long story with a character, turn after turn.
    name: "role player",
    kind: "person",
    weight: 2,
    languages: anywhere,
    actor: (random, language) => {
      const voice = voiceOf(random, language, 2);
      const system = voice.say(
        language === "zh"
          ? ["你扮演{name}，{place}的{field}学者。", "我们来玩角色扮演，你是{animal}。"]
          : [
              "You are {name}, [captain|healer|innkeeper] of {place}. [I play {name}.|Describe what I see.]",
              "Game master for a story about a {quality} {thing}. Ask what I do.",
            ],
      );
      const talk = chat(
        random,
        system,
        () =>
          voice.say(
            language === "en"
              ? [
                  "I {act} the {thing} and look around",
                  '"{happening}!" I say, {feeling}',
                  "*takes the {thing}*",
                  "go to {place}",
                  "what does {name} do?",
                ]
              : ["{happening}!", "{act} {thing}", "{name}?", "{place}"],
          ),
        () => ({ text: answerOf(random, language, around(random, 130, 0.5)), words: 130 }),
        0.93,
      );
      return () => {
        const { messages, words, answer } = talk();
        return { messages, answerWords: words, answer, parameters: { temperature: 1 } };
      };
    },
  },
];
