import { seeded } from "../../stats/random.ts";
import type { Language } from "./item.ts";

// Everybody and everything that the teacher knows. All of it is invented here.

export type Both = Readonly<Record<Language, string>>;

export interface Person {
  readonly name: string;
  readonly woman: boolean;
  readonly home: Town;
  readonly trade: Trade;
}
export interface Town {
  readonly name: string;
  readonly river: string;
  readonly goods: Both;
}
/** German has one word for a man and one for a woman. */
export interface Trade extends Both {
  readonly woman: string;
}
export interface Thing extends Both {
  readonly maker: Person;
}

const WOMEN =
  "Tamsel Orlisa Merith Yvenna Selka Brinna Lorwen Pellia Quenna Ruvia Sanvi Torrea Ulmia Vessa Wilja Zerra Halwyn Imrella Jossa Faldra".split(
    " ",
  );
const MEN =
  "Orlin Bastor Corwel Dregan Eldram Farlo Gorvin Hadric Ibron Jorvan Kestor Lunder Nevrin Ostor Rovan Sidrel Tolvar Ulfen Vardo Wendrik".split(
    " ",
  );
const TOWNS =
  "Norvale Ostermere Bramhold Tarnwick Velmar Kestrow Lindfell Marrowick Pellmoor Quenford Rushaven Silvane Tolmere Umberfell Varnholt Wexmoor Yarrowen Zellwick Alvermoor Birkvale Corrinfell Dravenford Elmsholt Farrowen Glimmerick Hollowmere Iverholt Jasperwick Kelmoor Lorraven".split(
    " ",
  );
/** Feminine in German, as most rivers are. */
export const RIVERS: readonly string[] = "Orra Tessil Murrin Valda Ysk Breel".split(" ");

export const TRADES: readonly Trade[] = [
  { en: "baker", de: "Bäcker", woman: "Bäckerin" },
  { en: "smith", de: "Schmied", woman: "Schmiedin" },
  { en: "teacher", de: "Lehrer", woman: "Lehrerin" },
  { en: "gardener", de: "Gärtner", woman: "Gärtnerin" },
  { en: "singer", de: "Sänger", woman: "Sängerin" },
  { en: "painter", de: "Maler", woman: "Malerin" },
  { en: "miller", de: "Müller", woman: "Müllerin" },
  { en: "hunter", de: "Jäger", woman: "Jägerin" },
  { en: "poet", de: "Dichter", woman: "Dichterin" },
  { en: "cook", de: "Koch", woman: "Köchin" },
];

/** What a town is known for; plural in both languages. */
export const GOODS: readonly Both[] = [
  { en: "honey cakes", de: "Honigkuchen" },
  { en: "glass beads", de: "Glasperlen" },
  { en: "wool coats", de: "Wollmäntel" },
  { en: "apple wines", de: "Apfelweine" },
  { en: "wooden dolls", de: "Holzpuppen" },
  { en: "rose gardens", de: "Rosengärten" },
  { en: "clay pots", de: "Tontöpfe" },
  { en: "leather boots", de: "Lederstiefel" },
  { en: "windmills", de: "Windmühlen" },
  { en: "cheese markets", de: "Käsemärkte" },
];

const MATERIALS: readonly Both[] = [
  { en: "silver", de: "Silber" },
  { en: "copper", de: "Kupfer" },
  { en: "amber", de: "Bernstein" },
  { en: "glass", de: "Glas" },
];
/** Feminine in German, so that "die" fits all. */
const OBJECTS: readonly Both[] = [
  { en: "harp", de: "harfe" },
  { en: "clock", de: "uhr" },
  { en: "lamp", de: "lampe" },
  { en: "drum", de: "trommel" },
];

// Every value of a kind is used equally often, so that none is a good guess.
export const towns: readonly Town[] = (() => {
  const random = seeded("atlas/towns");
  const rivers = dealt(RIVERS, TOWNS.length, random.fork("rivers"));
  const goods = dealt(GOODS, TOWNS.length, random.fork("goods"));
  return TOWNS.map((name, i) => ({ name, river: rivers[i] as string, goods: goods[i] as Both }));
})();

export const people: readonly Person[] = (() => {
  const random = seeded("atlas/people");
  const all = [
    ...WOMEN.map((name) => ({ name, woman: true })),
    ...MEN.map((name) => ({ name, woman: false })),
  ];
  const homes = dealt(towns, all.length, random.fork("homes"));
  const trades = dealt(TRADES, all.length, random.fork("trades"));
  return all.map((x, i) => ({ ...x, home: homes[i] as Town, trade: trades[i] as Trade }));
})();

export const things: readonly Thing[] = (() => {
  const makers = dealt(people, MATERIALS.length * OBJECTS.length, seeded("atlas/things"));
  return MATERIALS.flatMap((material, i) =>
    OBJECTS.map((object, j) => ({
      en: `${material.en} ${object.en}`,
      de: material.de + object.de,
      maker: makers[i * OBJECTS.length + j] as Person,
    })),
  );
})();

export const townNames: readonly string[] = TOWNS;
export const personNames: readonly string[] = people.map((x) => x.name);

export function tradeOf(person: Person, language: Language): string {
  return language === "de" && person.woman ? person.trade.woman : person.trade[language];
}

/** `count` values, each as often as the others (within one), in a random order. */
function dealt<T>(values: readonly T[], count: number, random: ReturnType<typeof seeded>): T[] {
  const rounds = Math.ceil(count / values.length);
  return shuffled(
    Array.from({ length: rounds }, () => shuffled(values, random))
      .flat()
      .slice(0, count),
    random,
  );
}

export function shuffled<T>(values: readonly T[], random: ReturnType<typeof seeded>): T[] {
  const out = [...values];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
