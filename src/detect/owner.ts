import { avalanche, fnvStep, hashText, FNV_START } from "../stats/hash.ts";
import type { Exchange } from "../exchange/exchange.ts";

/** Places from which an account was used that are remembered, and the latest exchanges that are looked at. */
const PLACES = 12;
const LATEST = 50;
/** So many of the latest are needed of one key, where several are in use. */
const USES = 12;
/** So many exchanges from elsewhere over so many days make an owner whose habits are known. */
const ESTABLISHED = 100;
const ESTABLISHED_DAYS = 2;
const DAY = 86_400_000;

interface Place {
  key: string;
  /** Network operator; where it is not known, client program and TLS fingerprint. */
  readonly context: number;
  first: number;
  count: number;
}

/**
 * From where, with what and under which key an account is used. A key that is suddenly used from nowhere its owner ever was
 * may be stolen: then the owner is a victim, and the alarm is about the key.
 */
export class Owner {
  readonly #places: Place[];
  #latest: number[];

  constructor(kept?: ReturnType<Owner["pack"]>) {
    this.#places = kept?.places.map((place) => ({ ...place })) ?? [];
    this.#latest = [...(kept?.latest ?? [])];
  }

  observe(x: Exchange, time: number): void {
    if (x.key === undefined || x.client === undefined) return;
    const { asn, userAgent, ja4 } = x.client;
    if (asn === undefined && userAgent === undefined && ja4 === undefined) return;
    // The network says where; the program only where the network is not known, without its version: programs are updated.
    let context = fnvStep(FNV_START, asn ?? 0);
    if (asn === undefined)
      for (const word of [userAgent?.replaceAll(/[\d.]+/g, ""), ja4])
        if (word !== undefined) context = fnvStep(context, hashText(word.slice(0, 256)));
    context = avalanche(context);
    const { key } = x;
    let at = this.#places.findIndex((place) => place.context === context && place.key === key);
    if (at < 0) {
      if (this.#places.length < PLACES) at = this.#places.length;
      else {
        // The rarest place makes room; its exchanges among the latest then count for nobody.
        at = this.#places.reduce((least, place, i) => (place.count < this.#count(least) ? i : least), 0);
        this.#latest = this.#latest.map((place) => (place === at ? -1 : place));
      }
      this.#places[at] = { key, context, first: time, count: 0 };
    }
    (this.#places[at] as Place).count++;
    this.#latest.push(at);
    if (this.#latest.length > LATEST) this.#latest.shift();
  }

  /** The foreign use in words with its numbers; null when there is none. */
  foreignUse(): { readonly key: string; readonly because: string } | null {
    const key = this.foreignKey();
    if (key === null) return null;
    const uses = this.#latest.filter((at) => this.#places[at]?.key === key).length;
    const here = new Set(this.#latest.map((at) => this.#places[at]?.context));
    const elsewhere = this.#places.filter(({ context }) => !here.has(context));
    const before = elsewhere.reduce((sum, { count }) => sum + count, 0);
    return {
      key,
      because:
        `the last ${uses} uses of key ${key} came from ${here.size === 1 ? "a network" : `${here.size} networks`} where the account ` +
        `never was before; its ${before} exchanges before came from ${elsewhere.length} other network${elsewhere.length === 1 ? "" : "s"}`,
    };
  }

  /**
   * The key whose latest uses came only from places that no other key was used from, and that are new to an account with a
   * history elsewhere; null when there is none. The owner may go on beside it with other keys.
   */
  foreignKey(): string | null {
    if (this.#latest.length < LATEST / 2) return null;
    // Evicted places are left out: who changes his programs from call to call must not hide behind them.
    const now = this.#latest.filter((at) => at >= 0).map((at) => this.#places[at] as Place);
    const uses = [...Map.groupBy(now, ({ key }) => key)].sort(
      ([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1),
    );
    const enough = uses.length === 1 ? 1 : USES;
    return uses.find(([key, places]) => places.length >= enough && this.#isForeign(key, places))?.[0] ?? null;
  }

  #isForeign(key: string, uses: readonly Place[]): boolean {
    const contexts = new Set(uses.map(({ context }) => context));
    const here = this.#places.filter(({ context }) => contexts.has(context));
    // A place is known by its context: a new key used from an old place belongs to the owner, and so does a place of several keys.
    if (here.some((place) => place.key !== key)) return false;
    const since = Math.min(...here.map(({ first }) => first));
    let elsewhere = 0;
    let begun = Infinity;
    for (const place of this.#places) {
      if (contexts.has(place.context) || place.first > since) continue;
      elsewhere += place.count;
      begun = Math.min(begun, place.first);
    }
    return elsewhere >= ESTABLISHED && since - begun >= ESTABLISHED_DAYS * DAY;
  }

  pack(): { places: readonly Place[]; latest: readonly number[] } {
    return { places: this.#places, latest: this.#latest };
  }

  #count(at: number): number {
    return (this.#places[at] as Place).count;
  }
}
