import type { Random } from "../../../src/stats/random.ts";
import { type Actor, type Archetype, endUsers, single } from "../actor.ts";
import { anywhere } from "../templated.ts";
import { around, voiceOf } from "../text.ts";
import type { Language } from "../words.ts";
import { people, person } from "./people.ts";
import { talk } from "./talk.ts";
import { texts } from "./texts.ts";
import { writing } from "./writing.ts";

/** One of many people behind an account. */
function someone(random: Random, i: number, language: Language): Actor {
  return person({
    orders: 0.2 + 0.3 * random.uniform(),
    self: 0.4 * random.uniform(),
    tidy: 0.1 * random.uniform(),
    paste: 0.2 * random.uniform(),
    goesOn: 0.6 * random.uniform(),
    spread: 1.1,
    words: 200,
  })(random.fork(`person ${i}`), language);
}

/** Many people, some of whom come often. Each is made when they first come. */
function crowd(
  random: Random,
  language: Language,
  many: number,
  told: "ids" | "none",
  system: string | null,
): Actor {
  const known = new Map<string, Actor>();
  const users = endUsers(random.fork("users"), many);
  return () => {
    const user = users();
    let actor = known.get(user);
    if (!actor) known.set(user, (actor = someone(random, known.size, language)));
    const ask = actor();
    if (ask === null) return null;
    const messages =
      system === null || ask.messages[0]?.role === "system"
        ? ask.messages
        : [{ role: "system" as const, content: system }, ...ask.messages];
    return { ...ask, messages, ...(told === "ids" && { user }) };
  };
}

/** Accounts that carry many people or several applications. */
export const carriers: readonly Archetype[] = [
  {
    name: "chat front-end",
    kind: "application",
    weight: 3,
    languages: anywhere,
    actor: (random, language, { template }) =>
      crowd(
        random,
        language,
        40 + random.below(300),
        "ids",
        template.chance(0.7)
          ? voiceOf(template, "en").say(
              "You are [a helpful assistant|{name}, a friendly assistant|an assistant in the app {code7}].[ Today is {date}.|]",
            )
          : null,
      ),
  },
  {
    name: "reseller",
    kind: "application",
    weight: 1.5,
    languages: anywhere,
    actor: (random, language) => {
      // People beside customers' own applications, nothing said about who they are.
      const crowds = crowd(random, language, 40 + random.below(300), "none", null);
      const scene = (name: string) => {
        const own = random.fork(name);
        return { template: own, wordings: 1, item: () => own };
      };
      const apps = Array.from({ length: 2 + random.below(5) }, (_, i) => {
        const archetype = random.pick([...talk, ...texts, ...writing]);
        return archetype.actor(
          random.fork(`app ${i}`),
          archetype.languages.includes(language) ? language : (archetype.languages[0] as Language),
          scene(`scene ${i}`),
        );
      });
      const share = 0.2 + 0.5 * random.uniform();
      return () => (random.chance(share) ? random.pick(apps)() : crowds());
    },
  },
  {
    // Many visitors behind one key, one message each: what a public demo sends.
    name: "public demo",
    kind: "application",
    weight: 3,
    languages: anywhere,
    actor: (random, language) => {
      const visitors = Array.from({ length: 40 }, (_, i) =>
        person({
          orders: 0.2 + 0.3 * random.uniform(),
          self: 0.4 * random.uniform(),
          tidy: 0.15 * random.uniform(),
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
    // Employees who use one assistant for everything, under the company's prompt.
    name: "workplace assistant",
    kind: "application",
    weight: 3,
    languages: anywhere,
    rhythm: "office",
    actor: (random, language, { template }) =>
      crowd(
        random,
        language,
        20 + random.below(200),
        template.chance(0.6) ? "ids" : "none",
        voiceOf(template, "en").say(
          "You are the internal assistant of {code7}. [Do not share confidential data.|Employees work on {thing}s and {thing}s.] [Be {style}.|Cite the handbook.]",
        ),
      ),
  },
  {
    // An application made with a public framework: its template is everybody's.
    name: "framework app",
    kind: "application",
    weight: 2,
    languages: anywhere,
    actor: (random, language, { template }) => {
      const voice = voiceOf(random, language, 2);
      const frame = template.pick([
        (context: string, q: string) =>
          single(
            null,
            `Below are pieces of our documents and then a question. Answer from them; admit it when they do not help.\n\n${context}\n\nQuestion: ${q}\nAnswer for the reader:`,
          ),
        (context: string, q: string) => single("You are a helpful AI assistant.", `${context}\n\n${q}`),
        (context: string, q: string) =>
          single(
            null,
            `Make the last question understandable without the talk before it.\n\nTalk:\n${context}\nLast question: ${q}\nBy itself:`,
          ),
      ]);
      return () => ({
        messages: frame(
          voice.prose(3 + random.below(8)),
          voice.say(["{thing} {act}?", "{happening}?", "{quality} {thing}?"]),
        ),
        answerWords: around(random, 45, 0.6),
        parameters: { temperature: 0 },
      });
    },
  },
  {
    // Friends who share one account.
    name: "shared account",
    kind: "person",
    weight: 1.5,
    languages: anywhere,
    actor: (random, language, scene) => {
      const all = Array.from({ length: 2 + random.below(3) }, (_, i) =>
        random.pick(people.slice(0, 8)).actor(random.fork(`friend ${i}`), language, scene),
      );
      return () => random.pick(all)();
    },
  },
];
