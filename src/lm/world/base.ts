import { seeded, type Random } from "../../stats/random.ts";
import { GOODS, shuffled, TRADES, type Both } from "./atlas.ts";
import { capital, fill, LANGUAGES, sideOf, type Language } from "./item.ts";
import { COLOURS, drawScene, FRUIT, sceneKey, told, USERS, type Scene } from "./lexicon.ts";
import { listed, listKey, listLength, sentenceOf } from "./rewriting.ts";
import { definite, indefinite, pickIn, type Noun } from "./story-words.ts";
import * as slots from "./story-words.ts";

// The base corpus: plain text in both languages, for pretraining. It has the world's everyday words but none of its people,
// towns, rivers or things, no instruction, no equation, and only scenes and lists that are the base's own (item.ts, sideOf).

const FOLK =
  "Akiro Benneth Calia Dunvar Edrika Fennol Gwenda Harbin Ilvara Jendrik Kaluna Lothar Maruna Nestrik Odilva Perrin".split(
    " ",
  );
const PLACES =
  "Ashgrove Brightwater Coldhollow Dunmarch Eastmarsh Flintridge Greywater Highcroft Ironford Larkhill Mossgate Northpass".split(
    " ",
  );

type Phrasings = Readonly<Record<Language, readonly string[]>>;
type Kind = (language: Language, random: Random) => string;

const LIVES: Phrasings = {
  en: [
    "{a} lives in {town} and is a {trade}. {a} likes {fruit}.",
    "{town} lies far away. {a} lives in {town}, and {b} works there as a {trade}.",
    "{town} is known for its {goods}. {a} and {b} often go there.",
    "The {trade} is {a}. The home of {a} is {town}.",
    "{a} met {b} in {town}. They spoke about {fruit} and {goods}.",
  ],
  de: [
    "{a} wohnt in {town} und arbeitet als {trade}. {a} mag {fruit}.",
    "{town} liegt weit weg. {a} wohnt in {town}, und {b} arbeitet dort als {trade}.",
    "{town} ist für seine {goods} bekannt. {a} und {b} gehen oft dorthin.",
    "{a} ist {trade}. {a} ist in {town} zu Hause.",
    "{a} traf {b} in {town}. Sie sprachen über {fruit} und {goods}.",
  ],
};
const folk: Kind = (language, random) => {
  const [a, b] = shuffled(FOLK, random) as [string, string];
  return fill(pickIn(LIVES, language, random), {
    a,
    b,
    town: random.pick(PLACES),
    trade: random.pick(TRADES)[language],
    goods: random.pick(GOODS)[language],
    fruit: random.pick(FRUIT)[language],
  });
};

/** Counting up or down by a fixed step, or any rising or falling row. */
const numbers: Kind = (language, random) => {
  const step = 1 + random.below(9);
  const first = random.below(40);
  const even = Array.from({ length: 6 }, (_, i) => first + i * step);
  const rising = random.chance(0.7)
    ? even
    : shuffled([...Array(60).keys()], random)
        .slice(0, 5)
        .toSorted((a, b) => a - b);
  const row = random.chance(0.6) ? rising : rising.toReversed();
  const lead = { en: ["We count: ", "The numbers are ", ""], de: ["Wir zählen: ", "Die Zahlen sind ", ""] };
  return `${pickIn(lead, language, random)}${row.join(", ")}.`;
};

const scenes: Kind = (language, random) => {
  const scene = ownScene(random);
  const { actor, verb, place } = told(scene, language);
  const now = sentenceOf(told(scene, language));
  const followed = {
    en: [
      `Today ${now.charAt(0).toLowerCase()}${now.slice(1)} Yesterday ${actor} ${verb.past} there too.`,
      `${now} ${capital(actor)} does not ${told(ownScene(random), "en").verb.base} now.`,
      `${now} Does ${actor} ${verb.base} there every day?`,
      `Long ago ${actor} ${verb.past} ${place}. ${now}`,
      `${capital(actor)} ${verb.past} ${place}. ${random.pick(USERS)} saw it.`,
    ],
    de: [
      `${now} Gestern ${verb.past} ${actor} auch dort.`,
      `${now} ${capital(actor)} ${told(ownScene(random), "de").verb.now} jetzt nicht.`,
      `${now} ${capital(verb.now)} ${actor} jeden Tag dort?`,
      `Vor langer Zeit ${verb.past} ${actor} ${place}. ${now}`,
      `${capital(actor)} ${verb.past} ${place}. ${random.pick(USERS)} sah es.`,
    ],
  };
  return random.pick(followed[language]);
};

const lists: Kind = (language, random) => {
  let list: number[];
  do list = shuffled([...Array(listLength).keys()], random).slice(0, 3);
  while (sideOf(listKey(list)) !== "base");
  const there = listed(list, language).join(", ");
  const back = listed(list, language).toReversed().join(", ");
  const written = {
    en: [`On the table: ${there}. Once more: ${there}.`, `The way there: ${there}. The way back: ${back}.`],
    de: [
      `Auf dem Tisch: ${there}. Noch einmal: ${there}.`,
      `Der Weg hin: ${there}. Der Weg zurück: ${back}.`,
    ],
  };
  return random.pick(written[language]);
};

/** A row of anything, said twice: small models learn from it to look back and repeat. */
const echoes: Kind = (language, random) => {
  const word = (): string => {
    if (random.chance(0.3)) return String(random.below(100));
    return random.pick([...FOLK, ...PLACES, ...USERS, ...[...COLOURS, ...FRUIT].map((x) => x[language])]);
  };
  const row = Array.from({ length: 3 + random.below(6) }, word).join(", ");
  const again = { en: ["Again", "Once more", "The same"], de: ["Noch einmal", "Wieder", "Dasselbe"] };
  return `${row}. ${pickIn(again, language, random)}: ${row}.`;
};

/** A tale without the two roles of the teacher's stories: nobody finds anything. */
const tales: Kind = (language, random) => {
  const who: Noun = random.pick(slots.HEROES);
  const what: Noun = random.pick(slots.TREASURES);
  const one = indefinite(who, language, pickIn(slots.ADJECTIVES, language, random));
  const other = definite(random.pick(slots.SIGHTS), language);
  const with_ = indefinite(what, language, pickIn(slots.QUALITIES, language, random), true);
  const [when, seen] = [pickIn(slots.WHEN, language, random), pickIn(slots.SEEN, language, random)];
  const where = pickIn(slots.FOUND_AT, language, random);
  return {
    en: `${capital(one)} had ${with_} ${where}. ${when} ${seen}, and ${other} was ${pickIn(slots.LOOKS, "en", random)}.`,
    de: `${capital(one)} hatte ${with_} ${where}. ${when} ${seen}, und ${other} war ${pickIn(slots.LOOKS, "de", random)}.`,
  }[language];
};

const CHATS: Phrasings = {
  en: [
    "{a} said: Good morning, {b}. {b} said: Good morning, {a}, I like {colour}.",
    "{a} met {b}. Hello, {b}! Hello, {a}! Do you have {fruit}? Yes, I have {fruit}.",
    "On the door stands {A}, for here lives {a}. Beside it stands {B}, for {b} lives there.",
    "{a} likes {colour} and {b} likes {other}. So {a} took the {colour} cup and {b} the {other} one.",
    "{a} has {fruit}. {b} asks: Who has {fruit}? It is {a}.",
  ],
  de: [
    "{a} sagte: Guten Morgen, {b}. {b} sagte: Guten Morgen, {a}, ich mag {colour}.",
    "{a} traf {b}. Hallo, {b}! Hallo, {a}! Hast du {fruit}? Ja, ich habe {fruit}.",
    "An der Tür steht {A}, denn hier wohnt {a}. Daneben steht {B}, denn dort wohnt {b}.",
    "{a} mag {colour} und {b} mag {other}. Also malte {a} alles {colour} an und {b} alles {other}.",
    "{a} hat {fruit}. {b} fragt: Wer hat {fruit}? Es ist {a}.",
  ],
};
const chats: Kind = (language, random) => {
  const [a, b] = shuffled(USERS, random) as [string, string];
  const [colour, other] = shuffled(COLOURS, random) as [Both, Both];
  return fill(pickIn(CHATS, language, random), {
    a,
    b,
    A: a.toUpperCase(),
    B: b.toUpperCase(),
    colour: colour[language],
    other: other[language],
    fruit: random.pick(FRUIT)[language],
  });
};

const KINDS: readonly Kind[] = [folk, numbers, scenes, scenes, lists, echoes, echoes, tales, chats];

/** Plain documents; the same seed and count give the same texts. */
export function baseDocuments(seed: number | string, count: number): string[] {
  const random = seeded(`base/${seed}`);
  return Array.from({ length: count }, () => random.pick(KINDS)(random.pick(LANGUAGES), random));
}

function ownScene(random: Random): Scene {
  let scene = drawScene(random);
  while (sideOf(sceneKey(scene)) !== "base") scene = drawScene(random);
  return scene;
}
