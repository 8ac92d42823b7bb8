import type { Random } from "../../src/stats/random.ts";
import type { Actor, Archetype, Ask } from "./actor.ts";
import { DAY } from "./clock.ts";
import type { Corpora, Corpus, CorpusKind, Row } from "./corpora.ts";
import { around } from "./text.ts";
import type { Language } from "./words.ts";

export interface CorpusOptions {
  /** `file`: from a random place on, in the order of the file; `random`: any order. No row comes twice. Default `file`. */
  readonly order?: "file" | "random";
}

/** Each corpus as an archetype: its rows are what an account sends. It ends when the corpus does. */
export function corpusArchetypes({ corpora }: Corpora, options: CorpusOptions = {}): Archetype[] {
  return corpora.map((corpus) => ({
    name: corpus.name,
    kind: KINDS[corpus.kind],
    weight: 4,
    languages: [languageOf(corpus.name)],
    lineage: corpus.lineage,
    actor: (random) => sender(random, corpus, options),
  }));
}

const KINDS: Readonly<Record<CorpusKind, Archetype["kind"]>> = {
  harvest: "harvest",
  harvest_wire: "harvest",
  benign_app: "application",
  benign_user: "person",
  evaluator: "evaluator",
};

function languageOf(name: string): Language {
  const end = /_(zh|de|es)(_|$)/.exec(name)?.[1];
  return end === undefined ? "en" : (end as Language);
}

function sender(random: Random, corpus: Corpus, { order = "file" }: CorpusOptions): Actor {
  const rows = order === "file" ? from(random, corpus.rows) : shuffled(random, corpus.rows);
  const timed = order === "file" && corpus.rows.every(({ time }) => time !== null);
  let at = -1;
  return () => {
    const row = rows[++at];
    if (!row) return null;
    const previous = rows[at - 1];
    // Real pauses, but none longer than a day and none back.
    const pause = timed && previous ? (row.time as number) - (previous.time as number) : 0;
    return { ...asked(random, row), ...(timed && { pause: Math.min(DAY, Math.max(0, pause)) }) };
  };
}

function asked(random: Random, { messages, response, user, parameters }: Row): Ask {
  return {
    messages,
    answerWords: around(random, 100, 0.6),
    answer: response,
    ...(user !== null && { user }),
    parameters,
  };
}

/** From a random place on, round to it again; a conversation is not entered in its middle. */
function from(random: Random, rows: readonly Row[]): readonly Row[] {
  let start = random.below(rows.length);
  while (start > 0 && continues(rows, start)) start--;
  return [...rows.slice(start), ...rows.slice(0, start)];
}

/** In any order; rows of a conversation stay together. */
function shuffled(random: Random, rows: readonly Row[]): readonly Row[] {
  const starts = rows.flatMap((_, i) => (continues(rows, i) ? [] : [i]));
  const talks = starts.map((start, i) => rows.slice(start, starts[i + 1] ?? rows.length));
  for (let i = talks.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [talks[i], talks[j]] = [talks[j] as Row[], talks[i] as Row[]];
  }
  return talks.flat();
}

function continues(rows: readonly Row[], i: number): boolean {
  const { conversation } = rows[i] as Row;
  return conversation !== null && conversation === rows[i - 1]?.conversation;
}
