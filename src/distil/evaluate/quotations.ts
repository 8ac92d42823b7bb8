import { avalanche, FNV_START, fnvStep, hashText } from "../../stats/hash.ts";

/** Words of a run that is looked for: eight, as in the contamination checks of published models (PaLM, arXiv 2204.02311, 8-grams at 70 %). */
const RUN = 8;
/** Share of a text's runs that must be found again for it to count as quoted. */
const QUOTED = 0.6;
/** A run in more texts than this is a phrase of the task; it says nothing. */
const COMMON = 4;
/** A text has to have this many runs of its own. */
const FEWEST_RUNS = 3;
/** Runs kept of one text, from its beginning. */
const MOST_RUNS = 2000;

interface Text {
  readonly id: string;
  readonly runs: readonly number[];
}

/** Finds texts that stand, nearly word for word, somewhere within longer ones. About 40 bytes a word added. */
export class Quotations {
  /** Texts in which a run stands; null: too many. */
  readonly #runs = new Map<number, number[] | null>();
  readonly #texts: Text[] = [];

  add(id: string, words: readonly string[]): void {
    const runs = [...new Set(runsOf(words.slice(0, MOST_RUNS + RUN)))];
    const text = this.#texts.push({ id, runs }) - 1;
    for (const run of runs) {
      const holders = this.#runs.get(run);
      if (holders === undefined) this.#runs.set(run, [text]);
      else if (holders !== null && holders.push(text) > COMMON) this.#runs.set(run, null);
    }
  }

  /** The text of which the greatest share is quoted, if it is enough of it. */
  find(words: readonly string[]): string | null {
    const met = new Map<number, number>();
    for (const run of new Set(runsOf(words)))
      for (const text of this.#runs.get(run) ?? []) met.set(text, (met.get(text) ?? 0) + 1);
    let best: { readonly id: string; readonly share: number } | null = null;
    for (const [text, count] of met) {
      const { id, runs } = this.#texts[text] as Text;
      const own = runs.filter((run) => this.#runs.get(run) !== null).length;
      const share = count / own;
      if (own >= FEWEST_RUNS && share >= QUOTED && share > (best?.share ?? 0)) best = { id, share };
    }
    return best?.id ?? null;
  }
}

function runsOf(words: readonly string[]): number[] {
  const hashes = words.map((word) => hashText(word));
  return hashes.slice(RUN - 1).map((_, i) => {
    let hash = FNV_START;
    let second = FNV_START ^ 0x5bd1e995;
    for (let j = i; j < i + RUN; j++) {
      hash = fnvStep(hash, hashes[j] as number);
      second = fnvStep(second, avalanche((hashes[j] as number) ^ 0x27d4eb2f));
    }
    return (avalanche(hash) & 0x1fffff) * 4294967296 + avalanche(second);
  });
}
