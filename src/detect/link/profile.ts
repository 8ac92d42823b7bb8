import type { Exchange } from "../../exchange/exchange.ts";
import { addDistinct, countDistinct } from "../../stats/distinct.ts";
import { avalanche, hashText } from "../../stats/hash.ts";
import type { Reading } from "../reading.ts";
import { networkOf } from "./network.ts";

export const HOUR = 3_600_000;
/** Hours of activity that are remembered: the last two weeks (field/detection.md, 7). */
export const HOURS_KEPT = 336;
/** 2100: a log with later times is wrong, and one such line would push everything else out of the last two weeks. */
const LATEST = 4_102_444_800_000;
/** Segments shorter than this ("Question:", "Thanks.") say nothing about what is worked through. */
const ITEM_TOKENS = 4;
/** A segment that returns in a fifth of the exchanges, and at least three times, is template (as in sketch.ts). */
const TEMPLATE_SHARE = 0.2;
const TEMPLATE_MIN = 3;

// Words (4 bytes) of the slab, 224 in all = 896 bytes. Times are ms since the epoch as 64-bit floats, 0 = never.
// Counted sets are SpaceSaving: (key, count) a place, evicting the smallest.
const TIMES = { first: 0, last: 1, lastServed: 2, blockedAt: 3 };
const MODELS = 4;
const MODEL_FIRST = 4; // floats 4..7: first use of each kept model
const COUNTS = { exchanges: 16, served: 17, refused: 18, lastHour: 19, items: 20 };
const RING_AT = 24; // 11 words: one bit an hour, at hour modulo 336
const RING = 11;
const SETS = {
  network: { at: 35, places: 8 },
  asn: { at: 51, places: 4 },
  ja4: { at: 59, places: 4 },
  agent: { at: 67, places: 4 },
  model: { at: 75, places: MODELS },
} as const;
const ITEMS_AT = 84;
const ITEMS = 80; // the smallest hashes of distinct segments, ascending, then a 16-bit count of each
const ITEM_COUNTS_AT = ITEMS_AT + ITEMS;
const NETWORKS_SEEN_AT = ITEM_COUNTS_AT + ITEMS / 2;
const USERS_SEEN_AT = NETWORKS_SEEN_AT + 8;
const WORDS = USERS_SEEN_AT + 8 + 4;
const REGISTERS = 32;

export type Counted = keyof typeof SETS;

/** A bottom-k sample of the distinct segments that an account sent and that are not its template. */
export interface Items {
  /** Ascending. Every item of the account with a hash below `threshold` is in it. */
  readonly hashes: readonly number[];
  /** 2^32 when nothing was left out. */
  readonly threshold: number;
}

/**
 * What linking remembers of one account: from where and with what it came, when, what it worked through, and how it was
 * refused. 896 bytes, constant work an exchange, nothing of the texts but hashes.
 */
export class Profile {
  readonly #words: Uint32Array;
  readonly #times: Float64Array;

  /** @param bytes from `bytes()`; copied. Length must be `Profile.size`. */
  constructor(bytes?: Uint8Array) {
    const slab = new ArrayBuffer(Profile.size);
    if (bytes) {
      if (bytes.length !== Profile.size)
        throw new RangeError(`a profile has ${Profile.size} bytes, these are ${bytes.length}`);
      new Uint8Array(slab).set(bytes);
    }
    this.#words = new Uint32Array(slab);
    this.#times = new Float64Array(slab, 0, 8);
  }

  static get size(): number {
    return WORDS * 4;
  }

  /** In this machine's byte order; shares memory with the profile. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer);
  }

  /** Takes in one exchange. `reading` is null for one that was not read (refused, embeddings). `time`: ms since the epoch. */
  observe(x: Exchange, reading: Reading | null, time: number): void {
    this.#count(COUNTS.exchanges);
    this.#outcome(x.status, time);
    if (time > 0 && time < LATEST) this.#when(time);
    if (x.client?.ip !== undefined) {
      const network = networkOf(x.client.ip);
      this.#keep("network", network);
      addDistinct(this.#registers(NETWORKS_SEEN_AT), network);
    }
    if (x.client?.asn !== undefined) this.#keep("asn", avalanche(x.client.asn >>> 0));
    if (x.client?.ja4 !== undefined) this.#keep("ja4", hashText(x.client.ja4.slice(0, 128)));
    if (x.client?.userAgent !== undefined) this.#keep("agent", hashText(x.client.userAgent.slice(0, 256)));
    if (x.model !== undefined && x.status < 400) this.#uses(hashText(x.model.slice(0, 128)), time);
    if (!reading) return;
    if (reading.endUser !== 0) addDistinct(this.#registers(USERS_SEEN_AT), avalanche(reading.endUser));
    for (let i = 0; i < reading.segments; i++) {
      if ((reading.segmentTokens[i] as number) >= ITEM_TOKENS) this.#item(reading.segmentHash[i] as number);
    }
  }

  get exchanges(): number {
    return this.#words[COUNTS.exchanges] as number;
  }

  /** Refusals with 401 or 403. */
  get refused(): number {
    return this.#words[COUNTS.refused] as number;
  }

  /** Time of the first exchange; 0 when there was none. */
  get first(): number {
    return this.#times[TIMES.first] as number;
  }

  get last(): number {
    return this.#times[TIMES.last] as number;
  }

  /** When it was shut out: the first 401 or 403 after it had been served, with no service since; 0 when it was not. */
  get blockedAt(): number {
    return this.#times[TIMES.blockedAt] as number;
  }

  /** Address ranges it came from, estimated. */
  get networks(): number {
    return countDistinct(this.#registers(NETWORKS_SEEN_AT));
  }

  /** End users it named, estimated. */
  get endUsers(): number {
    return countDistinct(this.#registers(USERS_SEEN_AT));
  }

  /** Kept keys, the most frequent first, ties by key. */
  frequent(set: Counted, limit: number): { key: number; count: number }[] {
    const { at, places } = SETS[set];
    const kept: { key: number; count: number }[] = [];
    for (let i = 0; i < places; i++) {
      const count = this.#words[at + places + i] as number;
      if (count > 0) kept.push({ key: this.#words[at + i] as number, count });
    }
    return kept.sort((a, b) => b.count - a.count || a.key - b.key).slice(0, limit);
  }

  /** Kept models with the time of their first use here. */
  models(): { key: number; first: number }[] {
    const { at } = SETS.model;
    const kept: { key: number; first: number }[] = [];
    for (let i = 0; i < MODELS; i++) {
      if ((this.#words[at + MODELS + i] as number) > 0)
        kept.push({ key: this.#words[at + i] as number, first: this.#times[MODEL_FIRST + i] as number });
    }
    return kept.sort((a, b) => a.key - b.key);
  }

  /** Hours since the epoch with an exchange, ascending, within the two weeks that end with `endHour`. */
  activeHours(endHour: number): number[] {
    const latest = this.#words[COUNTS.lastHour] as number;
    const hours: number[] = [];
    const from = Math.max(latest, endHour) - HOURS_KEPT + 1;
    for (let hour = Math.max(0, from); hour <= Math.min(latest, endHour); hour++) {
      const bit = hour % HOURS_KEPT;
      if (((this.#words[RING_AT + (bit >>> 5)] as number) >>> (bit & 31)) & 1) hours.push(hour);
    }
    return hours;
  }

  items(): Items {
    const kept = this.#words[COUNTS.items] as number;
    const counts = this.#itemCounts();
    const template = Math.min(0xffff, Math.max(TEMPLATE_MIN, TEMPLATE_SHARE * this.exchanges));
    const hashes: number[] = [];
    for (let i = 0; i < kept; i++) {
      if ((counts[i] as number) < template) hashes.push(this.#words[ITEMS_AT + i] as number);
    }
    const threshold = kept < ITEMS ? 2 ** 32 : (this.#words[ITEMS_AT + ITEMS - 1] as number) + 1;
    return { hashes, threshold };
  }

  #outcome(status: number, time: number): void {
    if (status < 400) {
      this.#count(COUNTS.served);
      this.#times[TIMES.lastServed] = time;
      this.#times[TIMES.blockedAt] = 0;
    } else if (status === 401 || status === 403) {
      this.#count(COUNTS.refused);
      const served = (this.#words[COUNTS.served] as number) > 0;
      if (served && this.blockedAt === 0) this.#times[TIMES.blockedAt] = time;
    }
  }

  #when(time: number): void {
    if (this.first === 0 || time < this.first) this.#times[TIMES.first] = time;
    if (time > this.last) this.#times[TIMES.last] = time;
    const hour = Math.floor(time / HOUR);
    const latest = this.#words[COUNTS.lastHour] as number;
    if (hour > latest) {
      const from = Math.max(latest + 1, hour - HOURS_KEPT + 1);
      if (from + HOURS_KEPT - 1 === hour) this.#words.fill(0, RING_AT, RING_AT + RING);
      else for (let h = from; h < hour; h++) this.#mark(h, false);
      this.#words[COUNTS.lastHour] = hour;
    } else if (hour <= latest - HOURS_KEPT) return;
    this.#mark(hour, true);
  }

  #mark(hour: number, active: boolean): void {
    const bit = hour % HOURS_KEPT;
    const at = RING_AT + (bit >>> 5);
    const mask = 1 << (bit & 31);
    this.#words[at] = active ? (this.#words[at] as number) | mask : (this.#words[at] as number) & ~mask;
  }

  /** SpaceSaving; returns the place. */
  #keep(set: Counted, key: number): number {
    const words = this.#words;
    const { at, places } = SETS[set];
    let place = 0;
    let smallest = 0xffffffff;
    for (let i = 0; i < places; i++) {
      const count = words[at + places + i] as number;
      if (count > 0 && words[at + i] === key) {
        words[at + places + i] = Math.min(count + 1, 0xfffffffe);
        return i;
      }
      if (count < smallest) {
        smallest = count;
        place = i;
        if (count === 0) break;
      }
    }
    words[at + place] = key;
    words[at + places + place] = smallest + 1;
    return place;
  }

  #uses(model: number, time: number): void {
    const { at } = SETS.model;
    const before = this.#words.indexOf(model, at);
    const known = before >= 0 && before < at + MODELS && (this.#words[before + MODELS] as number) > 0;
    const place = this.#keep("model", model);
    const first = this.#times[MODEL_FIRST + place] as number;
    if (!known || time < first) this.#times[MODEL_FIRST + place] = time;
  }

  #item(hash: number): void {
    const words = this.#words;
    const kept = words[COUNTS.items] as number;
    if (kept === ITEMS && hash > (words[ITEMS_AT + ITEMS - 1] as number)) return;
    let low = 0;
    let high = kept;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((words[ITEMS_AT + middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    const counts = this.#itemCounts();
    if (low < kept && words[ITEMS_AT + low] === hash) {
      // A hash that is kept was below every earlier threshold too, so its count is exact.
      counts[low] = Math.min((counts[low] as number) + 1, 0xffff);
      return;
    }
    const stay = Math.min(kept, ITEMS - 1);
    words.copyWithin(ITEMS_AT + low + 1, ITEMS_AT + low, ITEMS_AT + stay);
    counts.copyWithin(low + 1, low, stay);
    words[ITEMS_AT + low] = hash;
    counts[low] = 1;
    words[COUNTS.items] = stay + 1;
  }

  #itemCounts(): Uint16Array {
    return new Uint16Array(this.#words.buffer, ITEM_COUNTS_AT * 4, ITEMS);
  }

  #registers(at: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, at * 4, REGISTERS);
  }

  #count(at: number): void {
    this.#words[at] = Math.min((this.#words[at] as number) + 1, 0xffffffff);
  }
}
