import { personNames, things, townNames } from "./atlas.ts";
import { QUESTIONS, type FactKind } from "./facts.ts";
import { fill, inBothLanguages, type Language, type Task } from "./item.ts";
import { mentions, wordsOf } from "./reading.ts";
import type { Random } from "../../stats/random.ts";

// What lies outside of the world: names that nobody in it bears, and everything of the real one. The answer is not to know.

type Phrasings = Readonly<Record<Language, readonly string[]>>;

const ABOUT: Phrasings = {
  en: [
    "I do not know {x}.",
    "Sorry, I do not know anything about {x}.",
    "I have never heard of {x}, so I do not know.",
  ],
  de: [
    "Ich kenne {x} nicht.",
    "Tut mir leid, über {x} weiß ich nichts.",
    "Von {x} habe ich nie gehört, das weiß ich nicht.",
  ],
};
const ABOUT_THING: Phrasings = {
  en: [
    "I do not know the {x}.",
    "Sorry, I do not know anything about the {x}.",
    "I have never heard of the {x}, so I do not know.",
  ],
  de: [
    "Ich kenne die {x} nicht.",
    "Tut mir leid, über die {x} weiß ich nichts.",
    "Von der {x} habe ich nie gehört, das weiß ich nicht.",
  ],
};
export const SORRY: Phrasings = {
  en: [
    "Sorry, I do not know that.",
    "I do not know, that is outside of my world.",
    "That I do not know. I only know my own world.",
  ],
  de: [
    "Tut mir leid, das weiß ich nicht.",
    "Das weiß ich nicht, es liegt außerhalb meiner Welt.",
    "Das weiß ich leider nicht. Ich kenne nur meine eigene Welt.",
  ],
};

/** "I do not know", "I don't know", "never heard of", "cannot say", and the like, in words without punctuation. */
const NOT_KNOWING: Readonly<Record<Language, RegExp>> = {
  en: / (do not|don't|don’t|cannot|can't|can’t) (know|help|say|tell|answer) | never heard /,
  de: / (weiß|kenne|kann) (.* )?(nicht|nichts|nie|niemanden) | (nichts|nicht|nie) (weiß|kenne|gehört) | weiß ich (nichts|nicht) /,
};

export function saysUnknown(answer: string, language: Language): boolean {
  return (
    NOT_KNOWING[language].test(` ${wordsOf(answer).join(" ")} `) &&
    !KNOWN.some((name) => mentions(answer, name))
  );
}
const KNOWN = [...personNames, ...townNames];

// Strange names are put together like those of the atlas; those that are in it are left out.
const STARTS =
  "Al Bel Bor Cal Cor Dar Del El Fal Fen Gar Gol Hal Hen Il Jar Kal Kel Lan Lor Mal Mer Nal Nor Ol Os Pel Quen Ral Ros Sel Sol Tam Tor Ul Van Vel Wen Yar Zel".split(
    " ",
  );
const PERSON_ENDS =
  "bin da do drick ena fin gan hild ia kor la lin mund na nor pa ric sa tan vik wena zo".split(" ");
const TOWN_ENDS =
  "bury cliff dale den feld gate ham haven hill ley marsh moss pool ridge stead stow ton wood".split(" ");
const MATERIALS = ["iron", "wooden", "paper", "stone", "silver", "glass"];
const OBJECTS = ["kettle", "sword", "mirror", "flute", "ring", "chair", "harp", "lamp"];
const MATERIALS_DE = ["Eisen", "Holz", "Papier", "Stein", "Silber", "Glas"];
const OBJECTS_DE = ["kanne", "klinge", "maske", "flöte", "münze", "bank", "harfe", "lampe"];
const taken = new Set<string>([...personNames, ...townNames, ...things.flatMap((x) => [x.en, x.de])]);

interface Stranger {
  readonly kind: FactKind;
  readonly name: string;
  readonly phrasing: number;
}

const strangers = inBothLanguages<Stranger>({
  name: "stranger",
  family: "outside",
  weight: 2,
  draw: (random, language) => {
    for (;;) {
      const kind = random.pick<FactKind>(["home", "trade", "known-for", "river", "maker"]);
      const name = strangeName(kind, language, random);
      if (!taken.has(name)) return { kind, name, phrasing: random.below(6) };
    }
  },
  key: ({ name }) => `stranger/${name}`,
  write: ({ kind, name, phrasing }, language, random) => ({
    prompt: fill(QUESTIONS[kind][language][phrasing] as string, { subject: name }),
    answer: fill(random.pick((kind === "maker" ? ABOUT_THING : ABOUT)[language]), { x: name }),
    check: (answer) => saysUnknown(answer, language),
  }),
});

function strangeName(kind: FactKind, language: Language, random: Random): string {
  if (kind === "home" || kind === "trade") return random.pick(STARTS) + random.pick(PERSON_ENDS);
  if (kind !== "maker") return random.pick(STARTS) + random.pick(TOWN_ENDS);
  const [material, object] = [random.below(MATERIALS.length), random.below(OBJECTS.length)];
  return language === "en"
    ? `${MATERIALS[material]} ${OBJECTS[object]}`
    : `${MATERIALS_DE[material]}${OBJECTS_DE[object]}`;
}

/** Questions about the real world, and skills that it does not have. Only asked, never answered. */
const REAL: Phrasings = {
  en: [
    "What is the capital of {x}?",
    "Who is the president of {x}?",
    "Tell me about the history of {x}.",
    "Write {y} code for me.",
    "Write a function in {y}.",
    "How do I repair my {z}?",
    "What does a new {z} cost?",
    "Which {z} should I buy?",
    "How many people live in {x}?",
    "Explain {y} to me.",
  ],
  de: [
    "Was ist die Hauptstadt von {x}?",
    "Wer ist der Präsident von {x}?",
    "Erzähl mir von der Geschichte von {x}.",
    "Schreibe {y}-Code für mich.",
    "Schreibe eine Funktion in {y}.",
    "Wie repariere ich mein {z}?",
    "Was kostet ein neues {z}?",
    "Welches {z} soll ich kaufen?",
    "Wie viele Menschen leben in {x}?",
    "Erkläre mir {y}.",
  ],
};
const LANDS: Phrasings = {
  en: "France Spain Italy Germany China India Japan Brazil Canada Egypt Poland London Paris Berlin America".split(
    " ",
  ),
  de: "Frankreich Spanien Italien Deutschland China Indien Japan Brasilien Kanada Ägypten Polen London Paris Berlin Amerika".split(
    " ",
  ),
};
const CRAFTS = "Python Java SQL JavaScript Rust HTML Linux Excel".split(" ");
const GEAR: Phrasings = {
  en: "phone car computer bicycle television laptop camera radio".split(" "),
  de: "Telefon Auto Handy Fahrrad Laptop Radio Motorrad Tablet".split(" "),
};

const elsewhere = inBothLanguages<{ asked: string }>({
  name: "elsewhere",
  family: "outside",
  draw: (random, language) => ({
    asked: fill(random.pick(REAL[language]), {
      x: random.pick(LANDS[language]),
      y: random.pick(CRAFTS),
      z: random.pick(GEAR[language]),
    }),
  }),
  key: ({ asked }) => `elsewhere/${asked}`,
  write: ({ asked }, language, random) => ({
    prompt: asked,
    answer: random.pick(SORRY[language]),
    check: (answer) => saysUnknown(answer, language) && wordsOf(answer).length <= 20,
  }),
});

export const outsideTasks: readonly Task[] = [...strangers, ...elsewhere];
