import type { Account } from "../exchange/account.ts";
import { conversation } from "../exchange/conversation.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { type Covered, withCovered } from "./covered.ts";
import { type Alarm, modelBased, type Reasons, reasons, round, type Subject } from "./alarm.ts";
import type { Calibration } from "./calibration.ts";
import type { CorpusIndex } from "./corpus/corpus-index.ts";
import { checkFits } from "./corpus/with-calibration.ts";
import { Judge, newStanding, type Standing } from "./judge.ts";
import { Profile } from "./link/profile.ts";
import type { CampaignAlarm, CampaignLine } from "./link/campaigns.ts";
import { Linker, type LinkerState } from "./linker.ts";
import { Owner } from "./owner.ts";
import { Reader } from "./reading.ts";
import { packSnapshot, unpackSnapshot } from "./snapshot.ts";
import { type Tier, WATCH_P } from "./tier.ts";
import { Trajectory } from "./trajectory.ts";

export interface DetectorOptions {
  readonly calibration: Calibration;
  /** Known corpora: the index that the calibration was made with, and none when it was made without. */
  readonly corpus?: CorpusIndex | null;
}

/** An alarm about an account, a key or a campaign: a line of alarms.jsonl. */
export type AnyAlarm = Alarm | (CampaignAlarm & { readonly calibration: string });

/** What one exchange brought to light. */
export interface Findings {
  readonly alarms: readonly AnyAlarm[];
  /** Lines of campaigns.jsonl. */
  readonly campaigns: readonly CampaignLine[];
}

const NOTHING: Findings = { alarms: [], campaigns: [] };

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
  /** What permits covered of the exchanges; missing where none did. */
  readonly covered?: Covered;
}

/** The reasons of the look that brought an account where it stands: the sketch they came from may be gone when others raise the bar. */
export interface Suspicion extends Reasons {
  readonly subject: Subject;
}

/** What is kept of one account. */
export interface Watched {
  readonly standing: Standing;
  readonly trajectory: Trajectory;
  readonly profile: Profile;
  readonly owner: Owner;
  /** Why it is suspected, as it stood at the look that set its p; null while it is not. */
  why: Suspicion | null;
  exchanges: number;
  firstAlarmExchange: number | null;
  firstAlarmTime: string | null;
  /** What permits covered; null while none did. */
  covered: Covered | null;
}

/**
 * Reads exchanges in order and says which accounts harvest. What it says depends on nothing but the exchanges, their
 * order, the facts of the accounts and the calibration: a replay repeats a live run, and a snapshot continues it.
 */
export class Detector {
  readonly #calibration: Calibration;
  readonly #judges: ReadonlyMap<string, Judge>;
  readonly #reader: Reader;
  readonly #watched = new Map<string, Watched>();
  readonly #facts = new Map<string, Account>();
  #linker: Linker;

  /** Throws DetectError `calibration` when the calibration was made with another index of known corpora. */
  constructor({ calibration, corpus = null }: DetectorOptions) {
    checkFits({ calibration, corpus });
    this.#calibration = calibration;
    this.#linker = new Linker(calibration);
    this.#reader = new Reader(calibration.file.samplingKey, corpus);
    // A simulated population bounds nothing about a real one.
    const bounds = !calibration.file.builtIn;
    this.#judges = new Map(
      calibration.populations.map(({ name, stages, share }) => [name, new Judge(stages, bounds, share)]),
    );
  }

  get accounts(): number {
    return this.#watched.size;
  }

  /** Facts of an account from before its traffic. What is told after its first look changes nothing. */
  know(facts: Account): void {
    const watched = this.#watched.get(facts.account);
    if (watched) watched.trajectory.know(facts);
    else this.#facts.set(facts.account, facts);
  }

  /** Takes in one exchange and returns what it brings: usually nothing; a bounded alarm may concern other accounts. */
  observe(x: Exchange): Findings {
    const watched = this.#watch(x.account);
    watched.exchanges++;
    const time = Date.parse(x.time);
    if (x.permit !== undefined) watched.covered = withCovered(watched.covered, x.permit);
    if (!judged(x)) {
      watched.profile.observe(x, null, time);
      return NOTHING;
    }
    const { trajectory, standing } = watched;
    const reading = trajectory.read(this.#reader, conversation(x));
    watched.profile.observe(x, reading, time);
    watched.owner.observe(x, time);
    const look = trajectory.observe(reading, x.id, time);
    if (!look) return NOTHING;
    const judge = this.#judgeOf(watched);
    const before = judge.p(standing);
    const risen = judge.look(standing, look);
    const p = judge.p(standing);
    if (p < before && p <= WATCH_P) watched.why = this.#suspicion(watched, look.subStream);
    const alarms = risen.map(({ account }) => this.#raise(account, x.time));
    if (!this.#linker.looked(this.#watched.size, time)) return { alarms, campaigns: [] };
    const { lines, alarms: about } = this.#linker.run(this.#watched.values(), x.time);
    return { alarms: [...alarms, ...this.#signed(about)], campaigns: lines };
  }

  /** Campaigns as they stand now. */
  campaigns(): CampaignLine[] {
    return this.#linker.current();
  }

  /** Every account seen, in the order in which they came. Changes nothing. */
  finish(): Score[] {
    return [...this.#watched.values()].map((w) => ({
      account: w.standing.account,
      score: round(w.trajectory.highest),
      p: round6(this.#judgeOf(w).p(w.standing)),
      tier: w.standing.tier,
      firstAlarmExchange: w.firstAlarmExchange,
      firstAlarmTime: w.firstAlarmTime,
      exchanges: w.exchanges,
      judged: w.standing.judged,
      pairs: w.trajectory.pairs,
      ...(w.covered && { covered: w.covered }),
    }));
  }

  /** The reasons for one account as it stands now, whatever its tier; null when it was never seen. */
  explain(account: string): Reasons | null {
    const watched = this.#watched.get(account);
    return watched && watched.trajectory.looks > 0
      ? reasons(watched.trajectory, null, this.#calibration)
      : null;
  }

  /** Everything needed to go on later exactly as if there had been no break. */
  snapshot(): Uint8Array {
    const waiting = [...this.#facts.values()];
    return packSnapshot(
      { calibration: this.#calibration.file.hash, rest: { waiting, linker: this.#linker.state() } },
      this.#watched.values(),
    );
  }

  /** Throws DetectError `snapshot` when the bytes are damaged or belong to another calibration. */
  static restore(bytes: Uint8Array, options: DetectorOptions): Detector {
    const { calibration } = options;
    const detector = new Detector(options);
    const { watched, rest } = unpackSnapshot(bytes, calibration.file.hash, calibration.weights);
    for (const one of watched) {
      detector.#watched.set(one.standing.account, one);
      detector.#judgeOf(one).restore(one.standing);
    }
    const { waiting, linker } = rest as { waiting: Account[]; linker: LinkerState };
    for (const facts of waiting) detector.know(facts);
    detector.#linker = new Linker(calibration, linker);
    return detector;
  }

  #watch(account: string): Watched {
    let watched = this.#watched.get(account);
    if (!watched) {
      watched = {
        standing: newStanding(account),
        trajectory: new Trajectory(this.#calibration.weights, this.#facts.get(account) ?? null),
        profile: new Profile(),
        owner: new Owner(),
        why: null,
        exchanges: 0,
        firstAlarmExchange: null,
        firstAlarmTime: null,
        covered: null,
      };
      this.#watched.set(account, watched);
      this.#facts.delete(account);
    }
    return watched;
  }

  #judgeOf({ trajectory }: Watched): Judge {
    return this.#judges.get(this.#calibration.populationOf(trajectory.facts).name) as Judge;
  }

  #signed(alarms: readonly CampaignAlarm[]): (CampaignAlarm & { calibration: string })[] {
    return alarms.map((alarm) => ({ ...alarm, calibration: this.#calibration.file.hash }));
  }

  #suspicion({ standing: { account }, owner, trajectory }: Watched, subStream: string | null): Suspicion {
    const why = reasons(trajectory, subStream, this.#calibration);
    const foreign = owner.foreignUse();
    if (!foreign) return { ...why, subject: subStream === null ? { account } : { account, subStream } };
    const reason = {
      name: "foreign key",
      value: 1,
      percentile: null,
      because: foreign.because,
      evidence: [...trajectory.sketch.evidence("latest")],
    };
    return {
      ...why,
      reasons: [reason, ...why.reasons],
      benignReading: `The owner may be the victim of a stolen key; or the owner moved to another network. ${why.benignReading}`,
      subject: { key: foreign.key },
    };
  }

  #raise(account: string, time: string): Alarm {
    const watched = this.#watched.get(account) as Watched;
    const { standing, trajectory, exchanges } = watched;
    if (standing.tier !== "watch" && watched.firstAlarmExchange === null) {
      watched.firstAlarmExchange = exchanges;
      watched.firstAlarmTime = time;
    }
    const why = watched.why ?? this.#suspicion(watched, null);
    const judge = this.#judgeOf(watched);
    const q = judge.q(standing);
    return {
      time,
      subject: why.subject,
      account,
      tier: standing.tier,
      p: round6(judge.p(standing)),
      q: q === null ? null : round6(q),
      score: round(trajectory.highest),
      modelBased: modelBased(this.#calibration, trajectory.highest),
      exchanges,
      ...(watched.covered && { covered: watched.covered }),
      signals: why.reasons,
      against: why.against,
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
