import { seeded } from "../stats/random.ts";
import type { Calibration } from "./calibration.ts";
import { Campaigns, type CampaignAlarm, type CampaignLine, type CampaignState } from "./link/campaigns.ts";
import { findClusters } from "./link/clusters.ts";
import { type Linked, memberOf, pool, type Pooled } from "./pool.ts";
import { judgePooled } from "./pooled.ts";

/** Linking runs again when so many looks were taken since the last run, in shares of the accounts, and at least so many … */
const LOOKS_SHARE = 0.25;
const LOOKS_MIN = 20;
/** … or fewer when so much time of the traffic has passed. */
const LATER_SHARE = 0.05;
const LATER_MIN = 5;
const LATER_MS = 6 * 3_600_000;
/** Fewer exchanges say nothing about whom an account belongs to. */
const LEAST_EXCHANGES = 5;

export interface Found {
  readonly lines: CampaignLine[];
  readonly alarms: CampaignAlarm[];
}

export interface LinkerState {
  readonly looks: number;
  readonly ran: number;
  readonly campaigns: CampaignState;
}

/**
 * Looks for campaigns now and then. When it does depends on the looks taken at accounts and on nothing else, so a replay
 * links at the same exchanges as a live run did.
 */
export class Linker {
  readonly #calibration: Calibration;
  readonly #campaigns: Campaigns;
  #looks: number;
  /** Time of the traffic at the last run, milliseconds. */
  #ran: number;

  constructor(calibration: Calibration, state?: LinkerState) {
    this.#calibration = calibration;
    this.#campaigns = new Campaigns({ bounded: !calibration.file.builtIn }, state?.campaigns);
    this.#looks = state?.looks ?? 0;
    this.#ran = state?.ran ?? 0;
  }

  state(): LinkerState {
    return { looks: this.#looks, ran: this.#ran, campaigns: this.#campaigns.state() };
  }

  /** Current campaigns that reached a tier. */
  current(): CampaignLine[] {
    return this.#campaigns.state().campaigns.filter(({ tier }) => tier !== "none");
  }

  /** A look was taken; true when it is time to link. */
  looked(accounts: number, time: number): boolean {
    this.#looks++;
    if (this.#looks >= Math.max(LOOKS_MIN, LOOKS_SHARE * accounts)) return true;
    return time - this.#ran >= LATER_MS && this.#looks >= Math.max(LATER_MIN, LATER_SHARE * accounts);
  }

  /** @param time of the exchange at which this happens */
  run(accounts: Iterable<Linked>, time: string): Found {
    this.#looks = 0;
    this.#ran = Date.parse(time);
    return link(this.#campaigns, accounts, time, this.#calibration);
  }
}

function link(
  campaigns: Campaigns,
  accounts: Iterable<Linked>,
  time: string,
  calibration: Calibration,
): Found {
  const known = new Map<string, Linked>();
  for (const one of accounts)
    if (one.profile.exchanges >= LEAST_EXCHANGES) known.set(one.standing.account, one);
  const clusters = findClusters([...known.values()].map(memberOf), {
    end: Date.parse(time),
    random: seeded("linking"),
  });
  const found = campaigns.update(clusters, time, (members) =>
    judgePooled(pooledOf(members, known), calibration),
  );
  // Linked accounts that do not harvest are nobody's business.
  return { lines: found.lines.filter(({ tier }) => tier !== "none"), alarms: found.alarms };
}

function pooledOf(members: readonly string[], known: ReadonlyMap<string, Linked>): Pooled {
  return pool(members.flatMap((account) => known.get(account) ?? []));
}
