import { leftOf } from "./permit.ts";
import type { Amount, Volume } from "./permit.ts";
import type { PermitCount, StoredPermit } from "./permits.ts";

/** Where counts are kept; `Permits`. */
export interface CountStore {
  save(counts: readonly PermitCount[]): void;
}

/** What one permit was used for so far. */
interface Meter {
  readonly id: string;
  used: Amount;
  /** Room that exchanges under way have taken, at their worst. */
  inFlight: Amount;
  /** On disk; never less than used and in flight together. */
  held: Amount;
  /** `used` has changed since it was saved. */
  isDirty: boolean;
}

/** Room taken by an exchange under way. Given back, or replaced by what was used, exactly once. */
export interface Taken {
  readonly left: Volume;
  /** Output tokens of the answer; null = nothing was served, which costs nothing. Only the first call counts. */
  settle(outputTokens: number | null): void;
}

const NOTHING: Amount = { exchanges: 0, outputTokens: 0 };
/** A volume is taken in at least 64 blocks: a kill loses at most 1.6 % of it, and all its blocks together cost 64 synced writes. */
const BLOCKS = 64;
/** The largest blocks: what a kill may cost at most, whatever the volume. */
const MOST: Amount = { exchanges: 256, outputTokens: 262_144 };

/**
 * Counts permits down so that a kill never gives back what was used: before the first exchange of a block is let through, the whole block
 * is on disk as held (one small synced write), and after a kill all that was held counts as used. A proper stop gives back what was not.
 */
export class PermitCounts {
  readonly #store: CountStore;
  readonly #meters = new Map<string, Meter>();

  constructor(store: CountStore) {
    this.#store = store;
  }

  /** What counts as used now, exchanges under way at their worst included. */
  usedOf(stored: StoredPermit): Amount {
    const { used, inFlight } = this.#meter(stored);
    return plus(used, inFlight);
  }

  /** Takes room that `verifyPermit` found to be there. Throws what the store throws; then nothing is taken. */
  take(stored: StoredPermit, wants: Amount): Taken {
    const { volume } = stored.permit;
    const meter = this.#meter(stored);
    const needed = plus(plus(meter.used, meter.inFlight), wants);
    if (!within(needed, meter.held)) this.#hold(meter, needed, volume);
    meter.inFlight = plus(meter.inFlight, wants);
    let isOpen = true;
    return {
      left: leftOf(volume, needed),
      settle: (outputTokens) => {
        if (!isOpen) return;
        isOpen = false;
        meter.inFlight = minus(meter.inFlight, wants);
        if (outputTokens === null) return;
        meter.used = plus(meter.used, { exchanges: 1, outputTokens });
        meter.isDirty = true;
        // An upstream that passed the cap: the truth is on disk before the next exchange.
        const gone = plus(meter.used, meter.inFlight);
        if (!within(gone, meter.held)) this.#hold(meter, gone, volume);
      },
    };
  }

  /** Saves what has changed since the last time. Throws what the store throws; then it is tried again next time. */
  flush(): void {
    const dirty = [...this.#meters.values()].filter((meter) => meter.isDirty);
    for (const meter of dirty) {
      const gone = plus(meter.used, meter.inFlight);
      if (!within(gone, meter.held)) meter.held = most(gone, meter.held);
    }
    this.#save(dirty);
  }

  /** Gives back what is held and was not used. For a stop, when nothing is under way any more. */
  release(): void {
    for (const meter of this.#meters.values()) meter.held = plus(meter.used, meter.inFlight);
    this.#save([...this.#meters.values()]);
    this.#meters.clear();
  }

  #meter({ permit, held }: StoredPermit): Meter {
    let meter = this.#meters.get(permit.id);
    if (!meter) {
      meter = { id: permit.id, used: held, inFlight: NOTHING, held, isDirty: false };
      this.#meters.set(permit.id, meter);
    }
    return meter;
  }

  #hold(meter: Meter, needed: Amount, volume: Volume): void {
    const held = {
      exchanges: ahead(needed.exchanges, volume.exchanges, MOST.exchanges),
      outputTokens: ahead(needed.outputTokens, volume.outputTokens, MOST.outputTokens),
    };
    const before = meter.held;
    meter.held = held;
    try {
      this.#save([meter]);
    } catch (error) {
      meter.held = before;
      throw error;
    }
  }

  #save(meters: readonly Meter[]): void {
    this.#store.save(meters.map(({ id, used, held }) => ({ id, used, held })));
    for (const meter of meters) meter.isDirty = false;
  }
}

/** A block more than is needed, but not past the volume. */
function ahead(needed: number, volume: number | null, most: number): number {
  const block = volume === null ? most : Math.min(most, Math.ceil(volume / BLOCKS));
  return Math.max(needed, Math.min(needed + block - 1, volume ?? Infinity));
}

function plus(a: Amount, b: Amount): Amount {
  return { exchanges: a.exchanges + b.exchanges, outputTokens: a.outputTokens + b.outputTokens };
}

function most(a: Amount, b: Amount): Amount {
  return {
    exchanges: Math.max(a.exchanges, b.exchanges),
    outputTokens: Math.max(a.outputTokens, b.outputTokens),
  };
}

function minus(a: Amount, b: Amount): Amount {
  return { exchanges: a.exchanges - b.exchanges, outputTokens: a.outputTokens - b.outputTokens };
}

function within(a: Amount, b: Amount): boolean {
  return a.exchanges <= b.exchanges && a.outputTokens <= b.outputTokens;
}
