import { seeded } from "../../stats/random.ts";
import { GOODS, shuffled, TRADES, type Both } from "./atlas.ts";
import {
  listDrill,
  orderDrill,
  own,
  sceneDrill,
  sizeDrill,
  sumDrill,
  tasteDrill,
  userDrill,
  type Drill,
} from "./base-drills.ts";
import { capital, fill, LANGUAGES, type Language } from "./item.ts";
import { COLOURS, FRUIT, USERS } from "./lexicon.ts";
import { storyKey } from "./stories.ts";
import { definite, indefinite, pickIn, type Noun } from "./story-words.ts";
import * as slots from "./story-words.ts";

// The base corpus: plain text in both languages, for pretraining. It has the world's everyday words but none of its people,
// towns, rivers or things, no instruction and no equation, and only contents that are the base's own (item.ts, sideOf).

const FOLK =
  "Akiro Benneth Calia Dunvar Edrika Fennol Gwenda Harbin Ilvara Jendrik Kaluna Lothar Maruna Nestrik Odilva Perrin".split(
    " ",
  );
const PLACES =
  "Ashgrove Brightwater Coldhollow Dunmarch Eastmarsh Flintridge Greywater Highcroft Ironford Larkhill Mossgate Northpass".split(
    " ",
  );

type Phrasings = Readonly<Record<Language, readonly string[]>>;
type Kind = Drill;

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

/** A tale of another course than the teacher's stories: nobody finds anything. */
const tales: Kind = (language, random) => {
  const { who, what } = own(
    () => ({ who: random.pick(slots.HEROES), what: random.pick(slots.TREASURES) }),
    (drawn) => storyKey(drawn.who, drawn.what),
  );
  const one = indefinite(who, language, pickIn(slots.ADJECTIVES, language, random));
  const title = capital(
    `${definite(who, language)} ${{ en: "and", de: "und" }[language]} ${definite(what, language)}`,
  );
  const thing = indefinite(what, language, pickIn(slots.QUALITIES, language, random), true);
  const [lived, when] = [pickIn(slots.LIVED, language, random), pickIn(slots.ONE_DAY, language, random)];
  const deed = fill(
    pickIn(slots.DEEDS, language, random),
    language === "en"
      ? { hero: who.en, it: what.en }
      : { Hero: capital(definite(who, "de")), it: definite(what, "de", true) },
  );
  return {
    en: `${title}. ${capital(one)} ${lived} had ${thing} ${pickIn(slots.FOUND_AT, "en", random)}. ${when} it was cold. ${deed}`,
    de: `${title}. ${capital(one)} ${lived} hatte ${thing} ${pickIn(slots.FOUND_AT, "de", random)}. ${when} war es kalt. ${deed}`,
  }[language];
};

const sights: Kind = (language, random) => {
  const sight: Noun = random.pick(slots.SIGHTS);
  const look = pickIn(slots.LOOKS, language, random);
  const [when, seen] = [pickIn(slots.WHEN, language, random), pickIn(slots.SEEN, language, random)];
  return {
    en: `We saw ${indefinite(sight, "en", look, true)}. Yes, ${definite(sight, "en")} was ${look}. ${when} ${seen}. ${pickIn(slots.SMELLS, "en", random)}`,
    de: `Wir sahen ${indefinite(sight, "de", look, true)}. Ja, ${definite(sight, "de")} war ${look}. ${when} ${seen}. ${pickIn(slots.SMELLS, "de", random)}`,
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

const GENERAL: readonly Kind[] = [folk, folk, numbers, echoes, echoes, echoes, tales, tales, sights, chats];
const DRILLS: readonly Kind[] = [
  sceneDrill,
  sceneDrill,
  sceneDrill,
  sceneDrill,
  listDrill,
  orderDrill,
  sumDrill,
  sumDrill,
  sumDrill,
  sizeDrill,
  sizeDrill,
  tasteDrill,
  userDrill,
];
const KINDS = [...GENERAL, ...DRILLS];

/** Plain documents; the same seed and count give the same texts. */
export function baseDocuments(seed: number | string, count: number): string[] {
  const random = seeded(`base/${seed}`);
  return Array.from({ length: count }, () => random.pick(KINDS)(random.pick(LANGUAGES), random));
}
