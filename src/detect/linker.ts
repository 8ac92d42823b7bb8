import { seeded } from "../stats/random.ts";
import type { Calibration } from "./calibration.ts";
import { Campaigns, type CampaignAlarm, type CampaignLine, type CampaignState } from "./link/campaigns.ts";
import { findClusters } from "./link/clusters.ts";
import { DRAWS_EXPLORING } from "./link/link-test.ts";
import { type Linked, linkable, memberOf, pool, type Pooled } from "./pool.ts";
import { boundsCampaigns, judgePooled } from "./pooled.ts";

/** Linking runs again when so many looks were taken since the last run, in shares of the accounts and of all looks before … */
const LOOKS_SHARE = 0.25;
const LOOKS_GROWTH = 0.3;
const LOOKS_MIN = 20;
/** … or fewer when so much time of the traffic has passed: a run may take a second for each thousand accounts. */
const LATER_SHARE = 0.1;
const LATER_MIN = 5;
const LATER_MS = 24 * 3_600_000;

export interface Found {
  readonly lines: CampaignLine[];
  readonly alarms: CampaignAlarm[];
}

export interface LinkerState {
  readonly looks: number;
  readonly looksBefore: number;
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
  /** Looks up to the last run. */
  #looksBefore: number;
  /** Time of the traffic at the last run, milliseconds. */
  #ran: number;

  constructor(calibration: Calibration, state?: LinkerState) {
    this.#calibration = calibration;
    this.#campaigns = new Campaigns({ bounded: boundsCampaigns(calibration) }, state?.campaigns);
    this.#looks = state?.looks ?? 0;
    this.#looksBefore = state?.looksBefore ?? 0;
    this.#ran = state?.ran ?? 0;
  }

  state(): LinkerState {
    return {
      looks: this.#looks,
      looksBefore: this.#looksBefore,
      ran: this.#ran,
      campaigns: this.#campaigns.state(),
    };
  }

  /** Current campaigns that reached a tier. */
  current(): CampaignLine[] {
    return this.#campaigns
      .state()
      .campaigns.map(({ line }) => line)
      .filter(({ tier }) => tier !== "none");
  }

  /** A look was taken; true when it is time to link. */
  looked(accounts: number, time: number): boolean {
    this.#looks++;
    const enough = Math.max(LOOKS_MIN, LOOKS_SHARE * accounts, LOOKS_GROWTH * this.#looksBefore);
    if (this.#looks >= enough) return true;
    return time - this.#ran >= LATER_MS && this.#looks >= Math.max(LATER_MIN, LATER_SHARE * accounts);
  }

  /** @param time of the exchange at which this happens */
  run(accounts: Iterable<Linked>, time: string): Found {
    this.#looksBefore += this.#looks;
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
  const known = linkable(accounts);
  const clusters = findClusters([...known.values()].map(memberOf), {
    end: Date.parse(time),
    random: seeded("linking"),
    // Smaller p-values are only needed where a run can bound something.
    ...(campaigns.nextBounds ? {} : { draws: DRAWS_EXPLORING }),
  });
  return campaigns.update(clusters, time, {
    harvest: (members) => judgePooled(pooledOf(members, known), calibration),
    standsOut: (account) => (known.get(account)?.standing.tier ?? "none") !== "none",
  });
}

function pooledOf(members: readonly string[], known: ReadonlyMap<string, Linked>): Pooled {
  return pool(members.flatMap((account) => known.get(account) ?? []));
}
