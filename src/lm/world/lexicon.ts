import type { Language } from "./item.ts";
import type { Both } from "./atlas.ts";

// Everyday words in both languages, in parallel: the same index is the same thing.

/** With its article, nominative. */
export const ACTORS: readonly Both[] = [
  { en: "the girl", de: "das Mädchen" },
  { en: "the boy", de: "der Junge" },
  { en: "the woman", de: "die Frau" },
  { en: "the man", de: "der Mann" },
  { en: "the king", de: "der König" },
  { en: "the dog", de: "der Hund" },
  { en: "the cat", de: "die Katze" },
  { en: "the child", de: "das Kind" },
];

/** Infinitive (English: without "to"), present and past of the third person. */
export interface Verb {
  readonly base: string;
  readonly now: string;
  readonly past: string;
}
const verb = (base: string, now: string, past: string): Verb => ({ base, now, past });
export const VERBS: readonly Readonly<Record<Language, Verb>>[] = [
  { en: verb("walk", "walks", "walked"), de: verb("gehen", "geht", "ging") },
  { en: verb("sleep", "sleeps", "slept"), de: verb("schlafen", "schläft", "schlief") },
  { en: verb("sing", "sings", "sang"), de: verb("singen", "singt", "sang") },
  { en: verb("wait", "waits", "waited"), de: verb("warten", "wartet", "wartete") },
  { en: verb("work", "works", "worked"), de: verb("arbeiten", "arbeitet", "arbeitete") },
  { en: verb("play", "plays", "played"), de: verb("spielen", "spielt", "spielte") },
  { en: verb("dance", "dances", "danced"), de: verb("tanzen", "tanzt", "tanzte") },
  { en: verb("laugh", "laughs", "laughed"), de: verb("lachen", "lacht", "lachte") },
];

export const PLACES: readonly Both[] = [
  { en: "in the garden", de: "im Garten" },
  { en: "in the house", de: "im Haus" },
  { en: "by the river", de: "am Fluss" },
  { en: "in the forest", de: "im Wald" },
  { en: "at the market", de: "auf dem Markt" },
  { en: "in the kitchen", de: "in der Küche" },
  { en: "in the tower", de: "im Turm" },
  { en: "at the gate", de: "am Tor" },
];

/** Names that users give, and that sentences use; none is of the atlas. */
export const USERS = "Anna Ben Clara David Emma Felix Nora Tom".split(" ");

export const COLOURS: readonly Both[] = [
  { en: "red", de: "rot" },
  { en: "green", de: "grün" },
  { en: "blue", de: "blau" },
  { en: "yellow", de: "gelb" },
  { en: "black", de: "schwarz" },
  { en: "white", de: "weiß" },
  { en: "grey", de: "grau" },
  { en: "brown", de: "braun" },
];

/** Plurals. */
export const FRUIT: readonly Both[] = [
  { en: "apples", de: "Äpfel" },
  { en: "pears", de: "Birnen" },
  { en: "plums", de: "Pflaumen" },
  { en: "nuts", de: "Nüsse" },
  { en: "eggs", de: "Eier" },
  { en: "cups", de: "Tassen" },
  { en: "books", de: "Bücher" },
  { en: "stones", de: "Steine" },
];

/** A sentence of the kind that is rewritten and classified: indices into the lists above. */
export interface Scene {
  readonly actor: number;
  readonly verb: number;
  readonly place: number;
}

export function drawScene(random: { below(bound: number): number }): Scene {
  return {
    actor: random.below(ACTORS.length),
    verb: random.below(VERBS.length),
    place: random.below(PLACES.length),
  };
}

/** One key for all tasks, languages and actors, so that what is held out to be done somewhere is seen nowhere. */
export function sceneKey({ verb, place }: Scene): string {
  return `base/scene/${verb}/${place}`;
}

export interface Told {
  readonly actor: string;
  readonly verb: Verb;
  readonly place: string;
}

export function told(scene: Scene, language: Language): Told {
  return {
    actor: (ACTORS[scene.actor] as Both)[language],
    verb: (VERBS[scene.verb] as Readonly<Record<Language, Verb>>)[language],
    place: (PLACES[scene.place] as Both)[language],
  };
}
