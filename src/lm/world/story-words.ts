import type { Language } from "./item.ts";
import type { Random } from "../../stats/random.ts";

// The slots of stories and descriptions, and how they join to sentences.

/** m, f, n: German's gender; English does not use it. */
export interface Noun {
  readonly en: string;
  readonly de: string;
  readonly gender: "m" | "f" | "n";
}
const noun = (en: string, de: string, gender: Noun["gender"]): Noun => ({ en, de, gender });

export const HEROES: readonly Noun[] = [
  noun("fox", "Fuchs", "m"),
  noun("stag", "Hirsch", "m"),
  noun("owl", "Eule", "f"),
  noun("mouse", "Maus", "f"),
  noun("wolf", "Wolf", "m"),
  noun("dwarf", "Zwerg", "m"),
  noun("witch", "Hexe", "f"),
  noun("knight", "Ritter", "m"),
];
export const TREASURES: readonly Noun[] = [
  noun("key", "Schlüssel", "m"),
  noun("ring", "Ring", "m"),
  noun("lantern", "Laterne", "f"),
  noun("feather", "Feder", "f"),
  noun("map", "Karte", "f"),
  noun("coin", "Münze", "f"),
  noun("violin", "Geige", "f"),
  noun("boat", "Boot", "n"),
];
export const SIGHTS: readonly Noun[] = [
  noun("lake", "See", "m"),
  noun("forest", "Wald", "m"),
  noun("village", "Dorf", "n"),
  noun("garden", "Garten", "m"),
  noun("castle", "Schloss", "n"),
  noun("harbour", "Hafen", "m"),
  noun("valley", "Tal", "n"),
  noun("island", "Insel", "f"),
];

type Lists = Readonly<Record<Language, readonly string[]>>;

/** German: the stem, to which endings are put. */
export const ADJECTIVES: Lists = {
  en: ["small", "old", "clever", "tired", "brave", "quiet", "young", "lonely", "merry", "hungry"],
  de: ["klein", "alt", "klug", "müd", "mutig", "still", "jung", "einsam", "fröhlich", "hungrig"],
};
export const QUALITIES: Lists = {
  en: ["golden", "strange", "broken", "shiny", "heavy", "warm", "forgotten", "tiny"],
  de: ["golden", "seltsam", "zerbrochen", "glänzend", "schwer", "warm", "vergessen", "winzig"],
};
export const LIVED: Lists = {
  en: [
    "behind the mountains",
    "under an old oak",
    "near the sea",
    "in a hollow tree",
    "at the edge of the village",
    "in a stone hut",
  ],
  de: [
    "hinter den Bergen",
    "unter einer alten Eiche",
    "nahe am Meer",
    "in einem hohlen Baum",
    "am Rand des Dorfes",
    "in einer Hütte aus Stein",
  ],
};
export const ONE_DAY: Lists = {
  en: ["One morning", "One night", "One winter day", "After a long rain", "In the spring", "At sunset"],
  de: [
    "Eines Morgens",
    "Eines Nachts",
    "An einem Wintertag",
    "Nach langem Regen",
    "Im Frühling",
    "Bei Sonnenuntergang",
  ],
};
export const FOUND_AT: Lists = {
  en: [
    "in the snow",
    "beneath a stone",
    "on the path",
    "in the tall grass",
    "beside a well",
    "in an empty nest",
  ],
  de: [
    "im Schnee",
    "unter einem Stein",
    "auf dem Weg",
    "im hohen Gras",
    "neben einem Brunnen",
    "in einem leeren Nest",
  ],
};
/** What happens then; `{hero}` and `{it}` carry the definite article. */
export const DEEDS: Lists = {
  en: [
    "The {hero} hid the {it} and told nobody.",
    "The {hero} gave the {it} to a poor child.",
    "The {hero} carried the {it} over the hills.",
    "The {hero} sold the {it} and bought a drum.",
    "The {hero} asked everybody whose {it} it was.",
    "The {hero} laughed and danced until midnight.",
    "A storm came and took the {it} away.",
    "A stranger came and asked for the {it}.",
  ],
  de: [
    "{Hero} versteckte {it} und sagte es niemandem.",
    "{Hero} schenkte {it} einem armen Kind.",
    "{Hero} trug {it} über die Hügel.",
    "{Hero} verkaufte {it} und kaufte eine Trommel.",
    "{Hero} fragte alle nach dem Besitzer.",
    "{Hero} lachte und tanzte bis Mitternacht.",
    "Ein Sturm kam und nahm {it} mit.",
    "Ein Fremder kam und wollte {it} haben.",
  ],
};
export const ENDINGS: Lists = {
  en: [
    "From that day on nobody was alone.",
    "In the end everybody was happy.",
    "And so they became friends.",
    "Nobody ever spoke of it again.",
    "Since then the stars shine brighter.",
    "That night there was a great feast.",
  ],
  de: [
    "Von diesem Tag an war niemand allein.",
    "Am Ende waren alle glücklich.",
    "Und so wurden sie Freunde.",
    "Niemand sprach je wieder davon.",
    "Seitdem leuchten die Sterne heller.",
    "In dieser Nacht gab es ein großes Fest.",
  ],
};

export const LOOKS: Lists = {
  en: ["deep", "green", "silent", "wide", "misty", "ancient", "bright", "cold"],
  de: ["tief", "grün", "lautlos", "weit", "neblig", "uralt", "hell", "kalt"],
};
export const WHEN: Lists = {
  en: ["In the morning", "In summer", "At night", "In autumn", "At noon", "In winter"],
  de: ["Am Morgen", "Im Sommer", "In der Nacht", "Im Herbst", "Am Mittag", "Im Winter"],
};
export const SEEN: Lists = {
  en: [
    "swans glide past",
    "children look for shells",
    "the leaves turn red",
    "travellers light a fire",
    "the bells ring softly",
    "smoke rises from the roofs",
  ],
  de: [
    "ziehen Schwäne vorbei",
    "suchen Kinder Muscheln",
    "färben sich die Blätter rot",
    "machen Reisende ein Feuer",
    "läuten leise die Glocken",
    "steigt Rauch von den Dächern",
  ],
};
export const SMELLS: Lists = {
  en: [
    "It smells of pine and salt.",
    "Everything smells of wet earth.",
    "An old wall runs around it.",
    "A narrow road leads there.",
    "Few people know the way.",
    "Whoever comes once comes again.",
  ],
  de: [
    "Es riecht nach Tannen und Salz.",
    "Alles riecht nach nasser Erde.",
    "Eine alte Mauer führt herum.",
    "Ein schmaler Weg führt dorthin.",
    "Nur wenige kennen den Weg.",
    "Wer einmal kommt, kommt wieder.",
  ],
};

/** "a small fox", "ein kleiner Fuchs"; accusative: "einen kleinen Fuchs". */
export function indefinite(x: Noun, language: Language, adjective: string, accusative = false): string {
  if (language === "en")
    return `${/^[aeiou]/.test(adjective || x.en) ? "an" : "a"} ${adjective && `${adjective} `}${x.en}`;
  const article = { m: accusative ? "einen" : "ein", f: "eine", n: "ein" }[x.gender];
  const ending = { m: accusative ? "en" : "er", f: "e", n: "es" }[x.gender];
  return `${article} ${adjective && `${adjective}${ending} `}${x.de}`;
}

export function definite(x: Noun, language: Language, accusative = false): string {
  if (language === "en") return `the ${x.en}`;
  return `${{ m: accusative ? "den" : "der", f: "die", n: "das" }[x.gender]} ${x.de}`;
}

export function pickIn(lists: Lists, language: Language, random: Random): string {
  return random.pick(lists[language]);
}
