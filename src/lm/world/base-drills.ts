import type { Random } from "../../stats/random.ts";
import { shuffled, type Both } from "./atlas.ts";
import {
  GOOD,
  BAD,
  HOW_MUCH,
  opinion,
  opinionKey,
  SPOKEN_OF,
  TALK,
  talkKey,
  TOPICS,
} from "./classification.ts";
import { userKey } from "./dialogue.ts";
import { capital, fill, sideOf, type Language } from "./item.ts";
import { ACTORS, COLOURS, drawScene, FRUIT, sceneKey, told, USERS, type Scene } from "./lexicon.ts";
import { agesKey, drawAges } from "./reasoning.ts";
import { DEEDS, HANDLED, listed, listKey, listLength, orderKey, sentenceOf } from "./rewriting.ts";

// What a model should have seen before it is taught to answer: sentences and their relatives, rows and their turns, numbers
// and their sums, told as plain text. Every scene, list, pair and set is one that the base corpus has for itself (item.ts, sideOf).

export type Drill = (language: Language, random: Random) => string;

/** Draws until the key falls on the base's own side. */
export function own<T>(draw: () => T, key: (drawn: T) => string): T {
  let drawn = draw();
  while (sideOf(key(drawn)) !== "base") drawn = draw();
  return drawn;
}

/** One sentence as it was, as it is not, and with somebody else. */
export const sceneDrill: Drill = (language, random) => {
  const scene = own(() => drawScene(random), sceneKey);
  const { actor, verb, place } = told(scene, language);
  const now = sentenceOf(told(scene, language));
  const past = capital(`${actor} ${verb.past} ${place}.`);
  const not =
    language === "en"
      ? capital(`${actor} does not ${verb.base} ${place}.`)
      : capital(`${actor} ${verb.now} nicht ${place}.`);
  const other = { ...scene, actor: random.below(ACTORS.length) } satisfies Scene;
  const someone = told(other, language).actor;
  const name = random.pick(USERS);
  const named = (who: string): string => `${who} ${verb.now} ${place}.`;
  const told_ = {
    en: [
      `${now} Long ago: ${past}`,
      `${now} But no: ${not}`,
      `${now} Then came ${someone}: ${sentenceOf(told(other, language))}`,
      `${named(name)} Everybody calls: ${named(name.toUpperCase())}`,
      `${now} Does ${actor} ${verb.base} ${place}? Yes.`,
    ],
    de: [
      `${now} Vor langer Zeit: ${past}`,
      `${now} Aber nein: ${not}`,
      `${now} Dann kam ${someone}: ${sentenceOf(told(other, language))}`,
      `${named(name)} Alle rufen: ${named(name.toUpperCase())}`,
      `${now} ${capital(verb.now)} ${actor} ${place}? Ja.`,
    ],
  };
  return random.pick(told_[language]);
};

export const listDrill: Drill = (language, random) => {
  const list = own(() => shuffled([...Array(listLength).keys()], random).slice(0, 3), listKey);
  const there = listed(list, language).join(", ");
  const back = listed(list, language).toReversed().join(", ");
  return {
    en: `The way there: ${there}. The way back: ${back}.`,
    de: `Der Weg hin: ${there}. Der Weg zurück: ${back}.`,
  }[language];
};

export const orderDrill: Drill = (language, random) => {
  const { deed, x } = own(
    () => ({ deed: random.pick(DEEDS), x: random.pick(HANDLED) }),
    (drawn) => orderKey(drawn.deed, drawn.x),
  );
  const order = fill(deed[language], { x: x[language] });
  return {
    en: `${capital(order)}! cried the king. Please ${order}, said the queen.`,
    de: `${capital(order)}! rief der König. Bitte ${order}, sagte die Königin.`,
  }[language];
};

export const sumDrill: Drill = (language, random) => {
  // The teacher is asked for sums that begin with 11 to 39.
  const [a, b] = [41 + random.below(59), 2 + random.below(5)];
  const what = random.pick(FRUIT)[language];
  const ones = a % 10;
  const drills = {
    en: [
      `${a} ${what} and ${b} ${what} make ${a + b} ${what}.`,
      `Of ${a} ${what} ${b} are gone, ${a - b} ${what} are left.`,
      `${ones} and ${b} make ${ones + b}, so ${a} and ${b} make ${a + b}.`,
    ],
    de: [
      `${a} ${what} und ${b} ${what} sind ${a + b} ${what}.`,
      `Da waren ${a} ${what}. Nun sind ${b} weg, und ${a - b} ${what} bleiben.`,
      `${ones} und ${b} sind ${ones + b}, also sind ${a} und ${b} zusammen ${a + b}.`,
    ],
  };
  return random.pick(drills[language]);
};

/** Who has more years, and numbers as they rise and fall. */
export const sizeDrill: Drill = (language, random) => {
  if (random.chance(0.5)) {
    const [x, y] = own(
      () => drawAges(random),
      (ages) => agesKey(...ages),
    );
    const [a, b] = shuffled(USERS, random) as [string, string];
    const [elder, younger] = x > y ? [a, b] : [b, a];
    return {
      en: `${a} is ${x}, ${b} is ${y}. First came ${elder}, later ${younger}, for ${Math.max(x, y)} is more than ${Math.min(x, y)}.`,
      de: `${a} ist ${x}, ${b} ist ${y}. Erst kam ${elder}, dann ${younger}, denn ${Math.max(x, y)} ist mehr als ${Math.min(x, y)}.`,
    }[language];
  }
  // The teacher orders single digits.
  const tens = shuffled([1, 2, 3, 4, 5, 6, 7, 8, 9], random).slice(0, 3);
  const set = tens.map((ten) => ten * 10 + random.below(10));
  const up = set.toSorted((a, b) => a - b);
  return {
    en: `${set.join(", ")}: up the stairs ${up.join(", ")}, down the stairs ${up.toReversed().join(", ")}.`,
    de: `${set.join(", ")}: die Treppe hinauf ${up.join(", ")}, die Treppe hinab ${up.toReversed().join(", ")}.`,
  }[language];
};

export const tasteDrill: Drill = (language, random) => {
  if (random.chance(0.5)) {
    const drawn = own(
      () => ({
        thing: random.below(SPOKEN_OF.length),
        much: random.below(HOW_MUCH.length),
        bad: random.chance(0.5),
        word: random.below(GOOD.length),
      }),
      opinionKey,
    );
    const said = opinion(
      SPOKEN_OF[drawn.thing] as Both,
      HOW_MUCH[drawn.much] as Both,
      (drawn.bad ? BAD : GOOD)[drawn.word] as Both,
      language,
    );
    const liked = { en: ["We were glad.", "We were sad."], de: ["Wir waren froh.", "Wir waren traurig."] };
    return `${said} ${liked[language][drawn.bad ? 1 : 0]}`;
  }
  const drawn = own(
    () => ({ topic: random.below(TOPICS.length), word: random.below(4), talk: random.below(8) }),
    talkKey,
  );
  const { label, words } = TOPICS[drawn.topic] as (typeof TOPICS)[number];
  const said = fill(TALK[language][drawn.talk] as string, { x: (words[drawn.word] as Both)[language] });
  return { en: `${said} So much for ${label.en}.`, de: `${said} So viel zu ${label.de}.` }[language];
};

export const userDrill: Drill = (language, random) => {
  const { who, colour } = own(
    () => ({ who: random.pick(USERS), colour: random.pick(COLOURS) }),
    (drawn) => userKey(drawn.who, drawn.colour.en),
  );
  const drills = {
    en: [
      `${who} likes ${colour.en}. The favourite of ${who}? It is ${colour.en}.`,
      `I am ${who}, and I wear ${colour.en}. Who wears ${colour.en}? It is ${who}.`,
    ],
    de: [
      `${who} mag ${colour.de}. Was ${who} am liebsten hat? Es ist ${colour.de}.`,
      `Ich bin ${who}, und ich trage ${colour.de}. Wer trägt ${colour.de}? Es ist ${who}.`,
    ],
  };
  return random.pick(drills[language]);
};
