import { existsSync } from "node:fs";
import { endianness } from "node:os";
import { DetectError } from "../error.ts";
import { Tokens } from "../tokens.ts";
import {
  type Corpus,
  type CorpusIndex,
  type Entries,
  MOST_CORPORA,
  MOST_ENTRIES,
  nameFault,
  readIndex,
  type Role,
  writeIndex,
} from "./corpus-index.ts";
import { eachSegment, Fingerprint } from "./fingerprint.ts";
import { readPrompts } from "./prompts.ts";

export interface GatherOptions {
  readonly files: readonly string[];
  readonly name: string;
  readonly role: Role;
  readonly out: string;
  /** Add to the index that is at `out`. */
  readonly add?: boolean;
  readonly strict?: boolean;
  readonly onBad?: (file: string, line: number, message: string) => void;
  readonly onProgress?: (prompts: number) => void;
}

export interface Gathered {
  readonly index: CorpusIndex;
  /** Prompts read now, and their different segments of six words or more. */
  readonly prompts: number;
  readonly segments: number;
  readonly skipped: number;
}

const PROGRESS_EVERY = 100_000;

/**
 * Indexes the prompts of files as one corpus and writes the index. What is in a training corpus and in a public test split too
 * counts for the test split: only what has no such excuse shall speak against an account. Otherwise it counts for the corpus that
 * came first. Throws DetectError `corpus` (and writes nothing) when no row is a prompt, or a bound is passed.
 */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const before = startOf(options);
  const { corpora, owner } = enter(before.corpora, options);
  const { keys, prompts, skipped } = await read(options);
  const entries = joined(before.entries, keys, owner, corpora);
  if (entries.owners.length > MOST_ENTRIES) throw tooMany(options.out);
  const all = corpora.map((corpus, i) =>
    i === owner ? { ...corpus, prompts: corpus.prompts + prompts } : corpus,
  );
  const index = writeIndex(options.out, all, entries);
  return { index, prompts, segments: keys.length / 2, skipped };
}

function startOf({ out, add }: GatherOptions): { corpora: readonly Corpus[]; entries: Entries } {
  if (add) return readIndex(out);
  if (existsSync(out))
    throw new DetectError("corpus", `${out} exists; add to it with --add, or remove it to begin anew`);
  return { corpora: [], entries: { keys: new Uint32Array(0), owners: new Uint16Array(0) } };
}

/** The corpora with the named one among them, and its place. */
function enter(
  corpora: readonly Corpus[],
  { name, role, out }: GatherOptions,
): { corpora: readonly Corpus[]; owner: number } {
  const fault = nameFault(name);
  if (fault !== null) throw new DetectError("corpus", `--name: ${fault}`);
  const at = corpora.findIndex((corpus) => corpus.name === name);
  if (at >= 0 && corpora[at]?.role !== role)
    throw new DetectError("corpus", `${out}: "${name}" is there with another role; choose another --name`);
  if (at >= 0) return { corpora, owner: at };
  if (corpora.length === MOST_CORPORA)
    throw new DetectError(
      "corpus",
      `${out} holds ${MOST_CORPORA} corpora, and that is the most; join some under one --name`,
    );
  return { corpora: [...corpora, { name, role, prompts: 0 }], owner: corpora.length };
}

async function read(
  options: GatherOptions,
): Promise<{ keys: Uint32Array; prompts: number; skipped: number }> {
  const found = new Found(options.out);
  const segments = new Segments();
  let prompts = 0;
  let skipped = 0;
  for (const file of options.files) {
    const onBad = (line: number, message: string): void => {
      skipped++;
      options.onBad?.(file, line, message);
    };
    for await (const prompt of readPrompts(file, { strict: options.strict ?? false, onBad })) {
      segments.of(prompt, (high, low) => found.push(high, low));
      if (++prompts % PROGRESS_EVERY === 0) options.onProgress?.(prompts);
    }
  }
  const keys = found.sorted();
  if (keys.length === 0)
    throw new DetectError(
      "corpus",
      `${options.files.join(", ")}: ${prompts} prompts, ${skipped} lines that are none, and not one sentence of six words or more`,
    );
  return { keys, prompts, skipped };
}

/** Longest piece that `Tokens` reads whole is 6,144 characters. */
const PIECE = 6000;

/** All segments of a text, however long: the Reader samples long prompts, the index must know every part of them. */
export class Segments {
  readonly #tokens = new Tokens();
  readonly #fingerprint = new Fingerprint();

  of(text: string, take: (high: number, low: number) => void): void {
    for (let from = 0; from < text.length;) {
      const to = cutOf(text, from);
      this.#tokens.read(text.slice(from, to));
      eachSegment(this.#tokens, (start, end) => {
        if (this.#fingerprint.of(this.#tokens, start, end))
          take(this.#fingerprint.high, this.#fingerprint.low);
      });
      from = to;
    }
  }
}

/** Where the piece from `from` on ends: behind its last line break, else behind its last sentence, else anywhere. */
function cutOf(text: string, from: number): number {
  const most = from + PIECE;
  if (most >= text.length) return text.length;
  for (const ends of [/^[\n\r]/, /^(?:[.!?:;]\s|[。！？：；؟۔।])/])
    for (let at = most; at > from + PIECE / 2; at--) if (ends.test(text.slice(at - 1, at + 1))) return at;
  return most;
}

const LITTLE = endianness() === "LE" ? 1 : 0;
/** Hashes gathered before they are sorted and freed of doubles. */
const BATCH = 2 ** 20;

/** Different hashes, gathered in sorted runs: memory is bounded by what is different, not by what is read. */
class Found {
  readonly #out: string;
  readonly #batch = new BigUint64Array(BATCH);
  readonly #words = new Uint32Array(this.#batch.buffer);
  #length = 0;
  #all = new BigUint64Array(0);

  constructor(out: string) {
    this.#out = out;
  }

  push(high: number, low: number): void {
    this.#words[2 * this.#length + LITTLE] = high;
    this.#words[2 * this.#length + 1 - LITTLE] = low;
    if (++this.#length === BATCH) this.#merge();
  }

  /** [low, high] of each, ascending. */
  sorted(): Uint32Array {
    this.#merge();
    const words = new Uint32Array(this.#all.buffer, 0, 2 * this.#all.length);
    if (LITTLE === 1) return words;
    return words.map((_, i) => words[i ^ 1] as number);
  }

  #merge(): void {
    const batch = this.#batch.subarray(0, this.#length).sort();
    const all = this.#all;
    const merged = new BigUint64Array(all.length + batch.length);
    let [a, b, n] = [0, 0, 0];
    while (a < all.length || b < batch.length) {
      const takeOld = b === batch.length || (a < all.length && (all[a] as bigint) <= (batch[b] as bigint));
      const next = takeOld ? (all[a++] as bigint) : (batch[b++] as bigint);
      if (n === 0 || merged[n - 1] !== next) merged[n++] = next;
    }
    if (n > MOST_ENTRIES) throw tooMany(this.#out);
    this.#all = merged.slice(0, n);
    this.#length = 0;
  }
}

/** Old entries and the new corpus's as one sorted array. */
function joined(old: Entries, keys: Uint32Array, owner: number, corpora: readonly Corpus[]): Entries {
  const [m, n] = [old.owners.length, keys.length / 2];
  const into = { keys: new Uint32Array(2 * (m + n)), owners: new Uint16Array(m + n) };
  let [a, b, size] = [0, 0, 0];
  const put = (from: Uint32Array, at: number, its: number): void => {
    into.keys[2 * size] = from[2 * at] as number;
    into.keys[2 * size + 1] = from[2 * at + 1] as number;
    into.owners[size++] = its;
  };
  while (a < m || b < n) {
    const order = a === m ? 1 : b === n ? -1 : compare(old.keys, a, keys, b);
    if (order > 0) put(keys, b++, owner);
    else {
      const its = old.owners[a] as number;
      put(old.keys, a++, order < 0 ? its : winner(its, owner, corpora));
      if (order === 0) b++;
    }
  }
  return { keys: into.keys.slice(0, 2 * size), owners: into.owners.slice(0, size) };
}

function compare(x: Uint32Array, i: number, y: Uint32Array, j: number): number {
  const high = (x[2 * i + 1] as number) - (y[2 * j + 1] as number);
  return high === 0 ? (x[2 * i] as number) - (y[2 * j] as number) : high;
}

function winner(old: number, now: number, corpora: readonly Corpus[]): number {
  return corpora[old]?.role === "train" && corpora[now]?.role === "test" ? now : old;
}

function tooMany(out: string): DetectError {
  return new DetectError(
    "corpus",
    `${out} would hold more than ${MOST_ENTRIES} segments; index the instructions only, not documents or answers`,
  );
}
