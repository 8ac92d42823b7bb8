import { conversation } from "../exchange/conversation.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { type Alarm, reasons, round } from "./alarm.ts";
import type { Calibration } from "./calibration.ts";
import { Reader } from "./reading.ts";
import { packSnapshot, unpackSnapshot } from "./snapshot.ts";
import { BOUNDED_Q, StepUpByRank, type Tier, higher, tierOf } from "./tier.ts";
import { Trajectory } from "./trajectory.ts";

export interface DetectorOptions {
  readonly calibration: Calibration;
  /**
   * Accounts that are or will be judged (registered accounts, or those of the file). The bounded tier is corrected for so
   * many; without it nothing is called bounded.
   */
  readonly population?: number;
}

/** A line of scores.jsonl (contract.md). */
export interface Score {
  readonly account: string;
  readonly score: number;
  readonly p: number;
  readonly tier: Tier;
  readonly firstAlarmExchange: number | null;
  readonly firstAlarmTime: string | null;
  readonly exchanges: number;
  readonly pairs: number;
}

/** What is kept of one account. */
export interface Watched {
  readonly account: string;
  readonly trajectory: Trajectory;
  exchanges: number;
  /** (N + 1) × p of the highest score; null before the first look. */
  rank: number | null;
  tier: Tier;
  firstAlarmExchange: number | null;
  firstAlarmTime: string | null;
}

/**
 * Reads exchanges in order and says which accounts harvest. What it says depends on nothing but the exchanges, their
 * order, the calibration and the population: a replay repeats a live run, and a snapshot continues it.
 */
export class Detector {
  readonly #calibration: Calibration;
  readonly #population: number | null;
  readonly #stepUp: StepUpByRank | null;
  readonly #reader = new Reader();
  readonly #watched = new Map<string, Watched>();
  /** Accounts with p <= 0.05, the only ones that can become bounded. */
  readonly #suspected = new Set<Watched>();

  constructor({ calibration, population }: DetectorOptions) {
    this.#calibration = calibration;
    this.#population = population ?? null;
    // A simulated population bounds nothing about a real one.
    this.#stepUp =
      population === undefined || calibration.file.builtIn
        ? null
        : new StepUpByRank(calibration.accounts, population);
  }

  get accounts(): number {
    return this.#watched.size;
  }

  /** Takes in one exchange and returns the alarms it brings (usually none; a bounded alarm may concern other accounts). */
  observe(x: Exchange): Alarm[] {
    const watched = this.#watch(x.account);
    watched.exchanges++;
    if (!judged(x)) return [];
    if (!watched.trajectory.observe(this.#reader.read(conversation(x)), x.id)) return [];
    return this.#rank(watched, x.time);
  }

  /** Every account seen, in the order in which they came. Changes nothing. */
  finish(): Score[] {
    return [...this.#watched.values()].map((w) => ({
      account: w.account,
      score: round(w.trajectory.highest),
      p: w.rank === null ? 1 : round6(this.#calibration.p(w.rank)),
      tier: w.tier,
      firstAlarmExchange: w.firstAlarmExchange,
      firstAlarmTime: w.firstAlarmTime,
      exchanges: w.exchanges,
      pairs: w.trajectory.pairs,
    }));
  }

  /** The reasons for one account as it stands now, whatever its tier; null when it was never seen. */
  explain(account: string): ReturnType<typeof reasons> | null {
    const watched = this.#watched.get(account);
    return watched && watched.trajectory.looks > 0 ? reasons(watched.trajectory, this.#calibration) : null;
  }

  /** Everything needed to go on later exactly as if there had been no break. */
  snapshot(): Uint8Array {
    return packSnapshot(
      { calibration: this.#calibration.file.hash, population: this.#population },
      this.#watched.values(),
    );
  }

  /** Throws DetectError `snapshot` when the bytes are damaged or belong to another calibration. */
  static restore(bytes: Uint8Array, { calibration, population }: DetectorOptions): Detector {
    const { population: then, watched } = unpackSnapshot(bytes, calibration.file.hash);
    // More accounts may have been registered since; the larger figure is the stricter one.
    const now = then === null ? population : Math.max(then, population ?? 0);
    const detector = new Detector({ calibration, ...(now !== undefined && { population: now }) });
    for (const w of watched) {
      detector.#watched.set(w.account, w);
      if (w.rank !== null) detector.#stepUp?.move(null, w.rank);
      if (w.tier !== "none") detector.#suspected.add(w);
    }
    detector.#stepUp?.atLeast(watched.length);
    return detector;
  }

  #watch(account: string): Watched {
    let watched = this.#watched.get(account);
    if (!watched) {
      watched = {
        account,
        trajectory: new Trajectory(),
        exchanges: 0,
        rank: null,
        tier: "none",
        firstAlarmExchange: null,
        firstAlarmTime: null,
      };
      this.#watched.set(account, watched);
      this.#stepUp?.atLeast(this.#watched.size);
    }
    return watched;
  }

  // A look set a new highest score: its rank may fall, and with it the bar for everybody may rise.
  #rank(watched: Watched, time: string): Alarm[] {
    const rank = this.#calibration.rank(watched.trajectory.highest);
    if (rank === watched.rank) return [];
    this.#stepUp?.move(watched.rank, rank);
    watched.rank = rank;
    const tier = tierOf(this.#calibration.p(rank));
    if (tier === "none") return [];
    this.#suspected.add(watched);
    const bar = this.#stepUp?.bar(BOUNDED_Q) ?? 0;
    const alarms: Alarm[] = [];
    // By name: a restored detector came to know the accounts in another order.
    const suspected = [...this.#suspected].sort((a, b) => (a.account < b.account ? -1 : 1));
    for (const w of bar > 0 ? suspected : [watched]) {
      const reached = (w.rank ?? Infinity) <= bar ? "bounded" : w === watched ? tier : w.tier;
      if (higher(reached, w.tier)) alarms.push(this.#raise(w, reached, time));
    }
    return alarms;
  }

  #raise(w: Watched, tier: Tier, time: string): Alarm {
    w.tier = tier;
    if (tier !== "watch" && w.firstAlarmExchange === null) {
      w.firstAlarmExchange = w.exchanges;
      w.firstAlarmTime = time;
    }
    const rank = w.rank as number;
    const why = reasons(w.trajectory, this.#calibration);
    return {
      time,
      subject: { account: w.account },
      tier,
      p: round6(this.#calibration.p(rank)),
      q: this.#stepUp ? round6(this.#stepUp.adjusted(rank)) : null,
      score: round(w.trajectory.highest),
      exchanges: w.exchanges,
      signals: why.reasons,
      benignReading: why.benignReading,
      calibration: this.#calibration.file.hash,
    };
  }
}

/** Embeddings teach no student to speak, a refused request took nothing, and a permit covers what it names. */
export function judged(x: Exchange): boolean {
  return x.permit === undefined && x.status < 400 && !x.endpoint.endsWith("/embeddings");
}

function round6(x: number): number {
  return Math.round(x * 1e6) / 1e6;
}
