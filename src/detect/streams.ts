import { avalanche, fnvStep } from "../stats/hash.ts";
import { PART } from "./layout.ts";
import type { Reading } from "./reading.ts";
import { type Evidence, Sketch } from "./sketch.ts";

/** Sub-streams of an account that are remembered apart; what is in none of them is in the rest. */
export const STREAMS = 8;
/** A first segment makes a stream of its own when it returned so often, and in so large a share of the exchanges. */
const HEAD_MIN = 3;
const HEAD_SHARE = 0.05;
/** Prompts without a system prompt or a recurring head. */
const FREE = 1;

/**
 * The traffic of one account by what it is sent through: the system prompt or else a head that recurs, apart for
 * exchanges that begin a conversation and those that go on with one (design.md, "sub-stream"). The most frequent eight are
 * kept (SpaceSaving over the keys: a stream that displaces another inherits its count); the others are merged into one rest.
 */
export class Streams {
  readonly #keys: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #sketches: (Sketch | null)[];
  /** Keys seen lately without a place: who comes twice gets one. */
  readonly #waiting: Uint32Array;
  #next = 0;

  constructor(packed?: PackedStreams) {
    const nobody = new Uint32Array(STREAMS);
    this.#keys = Uint32Array.from(packed?.keys ?? nobody);
    this.#counts = Uint32Array.from(packed?.counts ?? nobody);
    this.#waiting = Uint32Array.from(packed?.waiting ?? nobody);
    this.#next = packed?.next ?? 0;
    this.#sketches = Array.from({ length: STREAMS + 1 }, () => null);
    for (const { place, slab, evidence } of packed?.parts ?? [])
      this.#sketches[place] = new Sketch(PART, slab, evidence);
  }

  /** Each stream with its key (8 hexadecimal digits), in the order of its places, and "rest" last. */
  *all(): Generator<{ name: string; sketch: Sketch }> {
    for (const [place, sketch] of this.#sketches.entries())
      if (sketch) yield { name: this.#nameOf(place), sketch };
  }

  /** Takes in one exchange. @param whole what the account sent so far: it says which heads recur */
  observe(r: Reading, exchangeId: string, whole: Sketch): void {
    const base = streamOf(r, whole);
    const place = this.#placeFor(keyOf(base, r.continues));
    (this.#sketches[place] ??= new Sketch(PART)).observe(r, exchangeId);
    // The second exchange of a conversation tells that its first one was more than a single call.
    if (r.answersBefore !== 1) return;
    const begun = this.#keys.indexOf(keyOf(base, false));
    this.#sketches[begun < 0 ? STREAMS : begun]?.follow();
  }

  pack(): PackedStreams {
    return {
      keys: [...this.#keys],
      counts: [...this.#counts],
      waiting: [...this.#waiting],
      next: this.#next,
      parts: this.#sketches.flatMap((sketch, place) =>
        sketch ? [{ place, slab: sketch.bytes(), evidence: sketch.allEvidence() }] : [],
      ),
    };
  }

  #placeFor(key: number): number {
    const known = this.#keys.indexOf(key);
    if (known >= 0) {
      this.#counts[known] = (this.#counts[known] as number) + 1;
      return known;
    }
    const free = this.#keys.indexOf(0);
    if (free >= 0) return this.#give(free, key, 1);
    if (!this.#waiting.includes(key)) {
      this.#waiting[this.#next] = key;
      this.#next = (this.#next + 1) % STREAMS;
      return STREAMS;
    }
    let least = 0;
    for (let i = 1; i < STREAMS; i++)
      if ((this.#counts[i] as number) < (this.#counts[least] as number)) least = i;
    this.#retire(least);
    return this.#give(least, key, (this.#counts[least] as number) + 1);
  }

  #give(place: number, key: number, count: number): number {
    this.#keys[place] = key;
    this.#counts[place] = count;
    return place;
  }

  #retire(place: number): void {
    const leaving = this.#sketches[place];
    if (leaving) (this.#sketches[STREAMS] ??= new Sketch(PART)).merge(leaving);
    this.#sketches[place] = null;
  }

  #nameOf(place: number): string {
    return place === STREAMS ? "rest" : (this.#keys[place] as number).toString(16).padStart(8, "0");
  }
}

export interface PackedStreams {
  readonly keys: readonly number[];
  readonly counts: readonly number[];
  readonly waiting: readonly number[];
  readonly next: number;
  readonly parts: readonly {
    readonly place: number;
    readonly slab: Uint8Array;
    readonly evidence: Evidence;
  }[];
}

function streamOf(r: Reading, whole: Sketch): number {
  if (r.systemHash !== 0) return r.systemHash;
  const head = r.segmentHash[0];
  if (head === undefined || r.segments === 0 || (r.segmentTokens[0] as number) < 3) return FREE;
  return whole.seen(head) >= Math.max(HEAD_MIN, HEAD_SHARE * whole.exchanges) ? head : FREE;
}

function keyOf(base: number, continues: boolean): number {
  return avalanche(fnvStep(base, continues ? 2 : 1)) || 1;
}
