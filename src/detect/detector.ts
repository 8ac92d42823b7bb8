import { conversation } from "../exchange/conversation.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { type Alarm, reasons, round } from "./alarm.ts";
import type { Calibration } from "./calibration.ts";
import { Judge, newStanding, type Standing } from "./judge.ts";
import { Reader } from "./reading.ts";
import { packSnapshot, unpackSnapshot } from "./snapshot.ts";
import type { Tier } from "./tier.ts";
import { Trajectory } from "./trajectory.ts";

export interface DetectorOptions {
  readonly calibration: Calibration;
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
  /** Exchanges of the account up to which `p` speaks: its last look that the calibration covers, 0 before the first. */
  readonly judged: number;
  readonly pairs: number;
}

/** What is kept of one account. */
export interface Watched {
  readonly standing: Standing;
  readonly trajectory: Trajectory;
  exchanges: number;
  firstAlarmExchange: number | null;
  firstAlarmTime: string | null;
}

/**
 * Reads exchanges in order and says which accounts harvest. What it says depends on nothing but the exchanges, their
 * order and the calibration: a replay repeats a live run, and a snapshot continues it.
 */
export class Detector {
  readonly #calibration: Calibration;
  readonly #judge: Judge;
  readonly #reader = new Reader();
  readonly #watched = new Map<string, Watched>();

  constructor({ calibration }: DetectorOptions) {
    this.#calibration = calibration;
    // A simulated population bounds nothing about a real one.
    this.#judge = new Judge(calibration.stages, !calibration.file.builtIn);
  }

  get accounts(): number {
    return this.#watched.size;
  }

  /** Takes in one exchange and returns the alarms it brings (usually none; a bounded alarm may concern other accounts). */
  observe(x: Exchange): Alarm[] {
    const watched = this.#watch(x.account);
    watched.exchanges++;
    if (!judged(x)) return [];
    const look = watched.trajectory.observe(this.#reader.read(conversation(x)), x.id);
    if (!look) return [];
    return this.#judge.look(watched.standing, look).map(({ account }) => this.#raise(account, x.time));
  }

  /** Every account seen, in the order in which they came. Changes nothing. */
  finish(): Score[] {
    return [...this.#watched.values()].map((w) => ({
      account: w.standing.account,
      score: round(w.trajectory.highest),
      p: round6(this.#judge.p(w.standing)),
      tier: w.standing.tier,
      firstAlarmExchange: w.firstAlarmExchange,
      firstAlarmTime: w.firstAlarmTime,
      exchanges: w.exchanges,
      judged: w.standing.judged,
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
    return packSnapshot({ calibration: this.#calibration.file.hash }, this.#watched.values());
  }

  /** Throws DetectError `snapshot` when the bytes are damaged or belong to another calibration. */
  static restore(bytes: Uint8Array, { calibration }: DetectorOptions): Detector {
    const detector = new Detector({ calibration });
    for (const watched of unpackSnapshot(bytes, calibration.file.hash)) {
      detector.#watched.set(watched.standing.account, watched);
      detector.#judge.restore(watched.standing);
    }
    return detector;
  }

  #watch(account: string): Watched {
    let watched = this.#watched.get(account);
    if (!watched) {
      watched = {
        standing: newStanding(account),
        trajectory: new Trajectory(),
        exchanges: 0,
        firstAlarmExchange: null,
        firstAlarmTime: null,
      };
      this.#watched.set(account, watched);
    }
    return watched;
  }

  #raise(account: string, time: string): Alarm {
    const watched = this.#watched.get(account) as Watched;
    const { standing, trajectory, exchanges } = watched;
    if (standing.tier !== "watch" && watched.firstAlarmExchange === null) {
      watched.firstAlarmExchange = exchanges;
      watched.firstAlarmTime = time;
    }
    const why = reasons(trajectory, this.#calibration);
    const q = this.#judge.q(standing);
    return {
      time,
      subject: { account },
      tier: standing.tier,
      p: round6(this.#judge.p(standing)),
      q: q === null ? null : round6(q),
      score: round(trajectory.highest),
      exchanges,
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

/** Upwards: a p-value may only get larger by it (less what floating point adds to a round figure). */
function round6(x: number): number {
  return Math.ceil(x * 1e6 - 1e-6) / 1e6;
}
