import type { Exchange } from "../../src/exchange/exchange.ts";
import { type Random, seeded } from "../../src/stats/random.ts";
import { type CampaignPlan, campaignOf } from "./campaign.ts";
import { presets } from "./campaigns.ts";
import type { Act, Citizen } from "./citizen.ts";
import { type CohortPlan, cohortOf } from "./cohort.ts";
import { lookAlikes } from "./cohorts.ts";
import type { Corpora } from "./corpora.ts";
import { corpusArchetypes } from "./corpus-actor.ts";
import type { Evasion } from "./disguise.ts";
import { harvesters } from "./harvesters.ts";
import { merged } from "./merge.ts";
import { citizen, drawn, honest } from "./population.ts";
import { around } from "./text.ts";

export type { Act, Citizen } from "./citizen.ts";
export { citizen, honest } from "./population.ts";

export interface WorldOptions {
  readonly seed: number | string;
  readonly accounts: number;
  /** Median of an account's exchanges; accounts differ by a factor of about two. */
  readonly exchangesPerAccount: number;
  /** Share of the accounts that harvest. */
  readonly harvest?: number;
  /** How the lone harvesters hide: one level for all, or "mixed". Default 0. */
  readonly evasion?: Evasion | "mixed";
  /** So many of the presets, in turn, or plans of one's own; their accounts come on top of `accounts`. */
  readonly campaigns?: number | readonly CampaignPlan[];
  /** Honest groups that look like campaigns; they too come on top. */
  readonly cohorts?: number | readonly CohortPlan[];
  /** Text of others: its archetypes take half of the draws. */
  readonly corpora?: Corpora;
}

export interface World {
  readonly citizens: readonly Citizen[];
  /** Everything that happens, in time order. */
  exchanges(): Generator<Exchange>;
  /** The same with the truth. */
  acts(): Generator<Act>;
}

/**
 * A provider's customers and what they send: seeded, endless in variety. It shares no code or constant with the detector,
 * but it has the same author, and how common the hard neighbours are moves the built-in calibration's bars: detection
 * rates measured in here are upper bounds of what strangers' traffic would give.
 */
export function generateWorld(options: WorldOptions): World {
  const { seed, exchangesPerAccount } = options;
  const random = seeded(seed);
  const citizens = [
    ...loners(random, options),
    ...grouped(random, options.campaigns, presets, "campaign", campaignOf),
    ...grouped(random, options.cohorts, lookAlikes, "cohort", cohortOf),
  ];
  const streams = (): Generator<Act>[] =>
    citizens.map((c, i) => c.acts(c.total ?? around(random.fork(`count ${i}`), exchangesPerAccount, 0.4)));
  const acts = (): Generator<Act> => merged(streams(), ({ exchange }) => exchange.time);
  return {
    citizens,
    acts,
    *exchanges() {
      for (const { exchange } of acts()) yield exchange;
    },
  };
}

/** Accounts that have nothing to do with each other. */
function loners(random: Random, options: WorldOptions): Citizen[] {
  const { accounts, harvest = 0, evasion = 0, corpora } = options;
  const read = corpora === undefined ? [] : corpusArchetypes(corpora);
  const good = [...honest, ...read.filter((a) => a.kind !== "harvest")];
  const bad = [...harvesters, ...read.filter((a) => a.kind === "harvest")];
  return Array.from({ length: accounts }, (_, i) => {
    const own = random.fork(`account ${i}`);
    const harvests = own.fork("harvests").chance(harvest);
    return citizen(own, `acc_${String(i).padStart(5, "0")}`, drawn(own, harvests ? bad : good), {
      evasion: evasion === "mixed" ? own.fork("evasion").pick([0, 1, 2] as const) : evasion,
      cover: drawn(own.fork("cover"), good),
    });
  });
}

type Founding<Plan> = (plan: Plan, nth: number, random: Random, idOf: (i: number) => string) => Citizen[];

function grouped<Plan>(
  random: Random,
  wanted: number | readonly Plan[] = 0,
  known: readonly Plan[],
  word: string,
  found: Founding<Plan>,
): Citizen[] {
  const plans =
    typeof wanted === "number"
      ? Array.from({ length: wanted }, (_, i) => known[i % known.length] as Plan)
      : wanted;
  return plans.flatMap((plan, nth) => {
    const own = random.fork(`${word} ${nth}`);
    const salt = own.uint32();
    // Names that tell nothing: multiplication by an odd number is one-to-one on 32 bits.
    return found(
      plan,
      nth,
      own,
      (i) => `acc_${(Math.imul(salt + i, 0x9e3779b1) >>> 0).toString(36).padStart(7, "0")}`,
    );
  });
}
