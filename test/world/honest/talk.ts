import { type Archetype, chat, endUsers } from "../actor.ts";
import { anywhere, worded, type Wordings } from "../templated.ts";
import { answerOf, around, type Voice, voiceOf } from "../text.ts";
import { OPENERS, LATER, PUPILS } from "./sayings.ts";

interface Conversation {
  readonly systems: Wordings;
  readonly openers: (voice: Voice) => string;
  readonly later: (voice: Voice) => string;
  readonly words: number;
  readonly goesOn: readonly [number, number];
  readonly users: number;
  readonly many: number;
}

/** An application that talks with its visitors. */
function conversation(about: Conversation): Archetype["actor"] {
  return (random, language, { template }) => {
    const voice = voiceOf(random, language, 2);
    const system = voiceOf(template, language === "en" || template.chance(0.3) ? "en" : language, 1);
    const [low, high] = about.goesOn;
    const users = random.chance(about.users)
      ? endUsers(random.fork("users"), 10 + random.below(about.many))
      : null;
    const talk = chat(
      random,
      `${system.say(worded(about.systems, system.language))}${template.chance(0.5) ? `\n${system.prose(2 + template.below(10))}` : ""}`,
      (nth) => (nth === 0 ? about.openers(voice) : about.later(voice)),
      () => {
        const words = around(random, about.words, 0.5);
        return { text: answerOf(random, language, words), words };
      },
      low + (high - low) * random.uniform(),
    );
    let user = "";
    return () => {
      const { messages, words, answer, fresh } = talk();
      if (users && (fresh || user === "")) user = users();
      return { messages, answerWords: words, answer, ...(users && { user }) };
    };
  };
}

/** Conversations: support, booking, tutors, companions inside products. */
export const talk: readonly Archetype[] = [
  {
    name: "support chat",
    kind: "application",
    weight: 8,
    languages: anywhere,
    actor: conversation({
      systems: {
        en: [
          "You are the support assistant of a {thing} company. Ask for what is missing, be {style}.",
          "You help guests of a hotel in {place}. Answer in their language.",
          "Customer service, {code7}. [Never promise refunds.|Hand over to a person when asked.]",
        ],
        de: ["Du hilfst Kunden einer Firma für {thing}. Sei {style}."],
        es: ["Ayudas a clientes de una tienda. Tono {style}."],
        zh: ["你是{thing}公司的客服，语气{style}。"],
      },
      openers: (v) => v.say(OPENERS[v.language]),
      later: (v) => v.say(LATER[v.language]),
      words: 35,
      goesOn: [0.5, 0.9],
      users: 0.5,
      many: 500,
    }),
  },
  {
    name: "order taking",
    kind: "application",
    weight: 2,
    languages: ["en", "es", "zh", "pt"],
    actor: conversation({
      systems: {
        en: [
          "You take [pizza|coffee|film ticket|taxi] orders. Confirm before you book.",
          "Phone assistant of a restaurant in {place}. Short sentences.",
        ],
      },
      openers: (v) =>
        v.say(
          v.language === "en"
            ? [
                "[can i get|I'd like|give me] {digit} [large |small |][lattes|pizzas|tickets|burgers]",
                "a taxi to {place} at {hour}",
                "table for {digit} {time}",
              ]
            : ["{digit} {thing}", "{place} {hour}", "{digit}, {time}"],
        ),
      later: (v) =>
        v.say(
          v.language === "en"
            ? [
                "yes",
                "no, {digit}",
                "with extra [cheese|foam|sauce]",
                "the name is {name}",
                "at {hour}",
                "that's all",
              ]
            : ["{digit}", "{hour}", "{name}", "ok"],
        ),
      words: 18,
      goesOn: [0.6, 0.85],
      users: 0.3,
      many: 300,
    }),
  },
  {
    name: "tutor",
    kind: "application",
    weight: 3,
    languages: anywhere,
    actor: conversation({
      systems: {
        en: [
          "You are a patient tutor. Explain step by step and end with a question for the pupil.",
          "Help pupils with their exercises. Show your reasoning step by step, never only the result.",
          "You teach {field} to {audience}. Think step by step[, then give a hint|].",
          "Socratic tutor for {field}: show each step of the solution and why it is needed.",
        ],
        de: ["Du bist ein geduldiger Nachhilfelehrer. Erkläre Schritt für Schritt."],
        es: ["Eres un tutor paciente. Explica paso a paso."],
        fr: ["Tu es un tuteur patient. Explique étape par étape."],
        zh: ["你是耐心的老师，请一步一步讲解。"],
      },
      openers: (v) => v.say(PUPILS[v.language]),
      later: (v) => v.say([...LATER[v.language].slice(0, 3), ...PUPILS[v.language]]),
      words: 140,
      goesOn: [0, 0.8],
      users: 0.8,
      many: 200,
    }),
  },
  {
    name: "agent",
    kind: "application",
    weight: 3,
    languages: ["en", "en", "zh"],
    actor: conversation({
      systems: {
        en: [
          "You are an agent with tools. Think in a scratchpad before you act, then call one tool.",
          "Plan, call a tool, observe, repeat until the goal is met.",
          "Use the browser to reach the goal. Reply with the next action as JSON.",
          "Thought, Action, Observation. Tools: search, calculator, calendar.",
        ],
      },
      openers: (v) =>
        v.say(
          v.language === "en"
            ? [
                "Find a {quality} {thing} in {place} under {price}",
                "Book a ticket for {name} {time}",
                "Check why {happening}",
                "Compare {digit} offers for a {thing} and mail them to {email}",
              ]
            : ["在{place}找一个{quality}的{thing}", "查一下为什么{happening}"],
        ),
      later: (v) => `Observation: ${v.prose(1 + v.random.below(12))}`,
      words: 45,
      goesOn: [0.85, 0.93],
      users: 0.2,
      many: 100,
    }),
  },
  {
    name: "interview coach",
    kind: "application",
    weight: 1,
    languages: ["en", "de", "es", "zh"],
    actor: conversation({
      systems: {
        en: [
          "You play an interviewer for a job in {field}. One question at a time, then feedback.",
          "Language practice partner for {audience}. Correct mistakes gently.",
        ],
        zh: ["你扮演面试官，每次问一个问题，然后给出反馈。"],
      },
      openers: (v) =>
        v.say(
          v.language === "en"
            ? ["start", "hi I'm {name}, applying for {field}", "ready when you are"]
            : ["{name}, {field}", "{field}"],
        ),
      later: (v) => v.prose(1 + v.random.below(4)),
      words: 60,
      goesOn: [0.8, 0.92],
      users: 0.8,
      many: 300,
    }),
  },
  {
    name: "companion",
    kind: "application",
    weight: 3,
    languages: anywhere,
    actor: conversation({
      systems: {
        en: [
          "You are {name}, a {feeling} {animal} who lives in {place}. Stay in character. Use *actions*.",
          "Roleplay as {person}, an expert in {field}, warm and {style}. Never say that you are a model.",
          "Character card: {name}. Likes {thing}s, hates when {happening}. Speaks in a {style} way.",
        ],
        zh: ["你是{name}，住在{place}的一只{animal}，请一直扮演这个角色。"],
        ja: ["あなたは{place}に住む{name}です。役になりきってください。"],
      },
      openers: (v) =>
        v.say(
          v.language === "en"
            ? [
                "hey {name} :)",
                "*walks in* what are you doing?",
                "i had a bad day, {happening}",
                "tell me about {place}",
              ]
            : ["{name}!", "{happening}...", "{place}?"],
        ),
      later: (v) =>
        v.say(
          v.language === "en"
            ? [
                "*{act}s the {thing}*",
                "really?",
                "haha and then",
                "i'm {feeling} today",
                "do you like {thing}s?",
                "*sits down* {happening}",
              ]
            : ["{feeling}", "{happening}", "{thing}?"],
        ),
      words: 90,
      goesOn: [0.85, 0.95],
      users: 0.8,
      many: 900,
    }),
  },
  {
    name: "home assistant",
    kind: "person",
    weight: 2,
    languages: anywhere,
    actor: conversation({
      systems: {
        en: [
          "You control a home. Answer in one sentence.",
          "Voice assistant of {name}'s [flat|house]. Devices: {thing}, {thing}, lights.",
        ],
      },
      openers: (v) =>
        v.say(
          {
            en: [
              "Turn the light in the {thing} off",
              "Set [an alarm|a timer] for {number}",
              "what's the weather in {place}",
              "Play something {quality}",
              "Add a {thing} to my list",
              "remind me to {act} the {thing} {time}",
            ],
            de: ["Stelle einen Wecker auf {number}", "wie wird das Wetter in {place}", "Licht aus"],
            es: ["Pon una alarma a las {number}", "qué tiempo hace en {place}"],
            fr: ["Mets une alarme à {number}", "quel temps à {place}"],
            pt: ["Põe um alarme às {number}", "como está o tempo em {place}"],
            zh: ["把灯关掉", "{place}天气怎么样", "设一个{number}点的闹钟"],
            ja: ["電気を消して", "{place}の天気は", "{number}分のタイマー"],
          }[v.language],
        ),
      later: (v) => v.say(LATER[v.language]),
      words: 12,
      goesOn: [0, 0.3],
      users: 0.1,
      many: 5,
    }),
  },
];
