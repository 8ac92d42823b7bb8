import type { Random } from "../../stats/random.ts";
import { linkedAcross } from "./across.ts";
import { type Candidate, candidatesOf, MIN_ACCOUNTS } from "./candidates.ts";
import { CONCEALED_BAR, declaredBy, oneOfEach, repeatsOf, unitsOf } from "./declared.ts";
import { identity, reasonsFor } from "./because.ts";
import { DRAWS, DRAWS_DECLARED, DRAWS_EXPLORING, STOP_EXPLORING, testLink } from "./link-test.ts";
import type { Member } from "./member.ts";
import { linkedOnes } from "./membership.ts";
import { asOne, familiesOf, operationsOf, type Related } from "./merge.ts";
import { type Population, populationOf } from "./population.ts";
import { type Measured, Statistic } from "./statistic.ts";
import { type Strata, strataOf } from "./strata.ts";
import { MASK_OF, type Modality, MONEY, OWN_MEANS, SOFTWARE } from "./token.ts";
import { type Worklist, Worklists } from "./worklist.ts";

/**
 * A cluster passes at this link p. It is a bar for one cluster and no error rate of the procedure: of F clusters of unrelated
 * accounts that are formed, 0.002 F pass (field/detection.md, T7: some 1,000 formed, 5 or 6 passed, at most one of them
 * wrongly). `linkQ` says what share of the clusters that pass is expected to be wrong (Benjamini and Hochberg over all
 * that were formed), and a campaign is called bounded only where that is small too. What is controlled beyond that is the
 * claim that a campaign harvests: its p-values come from honest accounts and honest groups (groups.ts).
 */
export const LINK_BAR = 0.002;
/** With thousands of accounts a trifle is significant: the excess must concern a twentieth of the accounts. */
const STRENGTH_BAR = 0.05;

const TOGETHER_ONLY =
  "they coincide as a whole: for fewer than 4 of them alone it can be shown, so all are listed, also such as may only share what they were found by";

export interface Cluster {
  /** Ascending; of a gated cluster those that are linked themselves (membership.ts). */
  readonly accounts: readonly string[];
  /** The others that it was formed of: they share what it was formed on and nothing else. */
  readonly besides: readonly string[];
  readonly formedOn: Modality;
  /** P-value of the link, on what the cluster was not formed on. */
  readonly link: number;
  /** Adjusted over all clusters formed in this run. */
  readonly linkQ: number;
  /** 0 = one declared identity covers all, 1 = none covers two. */
  readonly concealed: number;
  /** The identity that covers at least half of the accounts. */
  readonly declared: string | null;
  /** Share of the accounts that the accounts file knows. */
  readonly known: number;
  /** Share of the accounts that the excess of coincidences concerns; 1 for a divided worklist. */
  readonly strength: number;
  readonly worklist: Worklist;
  /** Accounts that started within a day after another one was blocked, and the median of the hours between. */
  readonly failover: { readonly accounts: number; readonly hours: number } | null;
  readonly because: readonly string[];
  /** Linked, concealed, and by more than a trifle. */
  readonly gated: boolean;
}

export interface Clusters {
  /** Everything that was formed and tested. */
  readonly formed: readonly Cluster[];
  /** Those that pass the gate, what holds several operations taken apart. They may overlap: one operation seen by several kinds of evidence. */
  readonly operations: readonly Cluster[];
  /** The same, overlapping ones made one. */
  readonly gated: readonly Cluster[];
}

/** Rounds in which the campaigns that comparisons must leave out are found; they settle in two or three. */
const ROUNDS = 4;
/** More of the population than this is never left out. */
const MOST_LEFT_OUT = 0.5;

/**
 * Which accounts are one operation. Clusters are formed on one kind of evidence and tested on the others. Depends on
 * nothing but the members (in any order), `end` and `random`. Groups of a calibration are formed by the same call; as hardly an
 * honest cluster passes the gate, all that were formed and are concealed are what a harvest score is compared with.
 *
 * Where several campaigns are in one population, the comparison sets of one are full of the others, which hides a weak
 * one and makes honest clusters look different. So what passes is left out of the comparisons of everything else, until
 * that settles, and only the last test counts. (It conditions the null on accounts that other clusters' tests picked; the
 * test's own accounts always take part.)
 * @param end when the population is looked at (ms since the epoch)
 */
export function findClusters(
  members: readonly Member[],
  {
    end,
    random,
    draws = DRAWS,
  }: {
    readonly end: number;
    readonly random: Random;
    /** Most draws of a test: its smallest p. */ readonly draws?: number;
  },
): Clusters {
  const population = populationOf(members, end);
  const { domains } = population;
  const units = unitsOf(population.members, domains);
  const looking = {
    population,
    units,
    statistic: new Statistic(population),
    random,
    draws,
  };
  const worklists = new Worklists(population);
  const candidates = candidatesOf(population).map((candidate) => ({
    candidate,
    worklist: worklists.of(
      oneOfEach(candidate.accounts, units),
      random.fork(`items/${nameOf(candidate, population)}`),
    ),
  }));
  const repeats = repeatsOf(units);
  let passed = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const strata = strataOf(population, new Set([...passed, ...repeats]));
    const found = new Set<number>();
    for (const each of candidates) {
      if (!judge({ ...looking, strata, draws: DRAWS_EXPLORING, stopAt: STOP_EXPLORING }, each).gated)
        continue;
      for (const account of each.candidate.accounts) found.add(account);
    }
    const settled = found.size === passed.size && [...found].every((account) => passed.has(account));
    if (settled || found.size > MOST_LEFT_OUT * members.length) break;
    passed = found;
  }
  const strata = strataOf(population, new Set([...passed, ...repeats]));
  const judged = candidates.map((each) => judge({ ...looking, strata }, each));
  return adjusted(judged, relatedIn(population, strata, random));
}

/** Whether two parts of a cluster are linked to each other, by addresses and money. */
function relatedIn(population: Population, strata: Strata, random: Random): Related {
  const place = new Map(population.members.map(({ account }, i) => [account, i]));
  const placesOf = ({ accounts }: Cluster): Uint32Array =>
    Uint32Array.from(accounts, (account) => place.get(account) as number);
  return (a, b, within) => {
    // Of a cluster joined by means nothing is left to tell by. Times are no one's own: operations begin with a release as well.
    if (within.formedOn === "means") return false;
    const name = [a, b]
      .map(({ accounts }) => `${accounts.length}/${accounts[0]}/${accounts.at(-1)}`)
      .join("/");
    return linkedAcross(
      population,
      strata,
      { a: placesOf(a), b: placesOf(b), mask: OWN_MEANS },
      random.fork(`across/${within.formedOn}/${name}`),
    );
  };
}

interface Looking {
  readonly population: Population;
  readonly strata: Strata;
  readonly units: Uint32Array;
  readonly statistic: Statistic;
  readonly random: Random;
  readonly draws: number;
  readonly stopAt?: number;
}

function judge(
  { population, strata, units, statistic, random, draws, stopAt }: Looking,
  { candidate, worklist }: { readonly candidate: Candidate; readonly worklist: Worklist },
): Cluster {
  const name = nameOf(candidate, population);
  const what = measuredOf(candidate, worklist);
  const who = [...candidate.accounts].map((place) => population.members[place] as Member);
  const declared = declaredBy(who, population.domains);
  const concealed = 1 - declared.share;
  const hidden = concealed > CONCEALED_BAR;
  // Whoever stands under one name cannot pass: its test is only told.
  const most = hidden ? draws : Math.min(draws, DRAWS_DECLARED);
  const apart = oneOfEach(candidate.accounts, units);
  const test = testLink(population, strata, statistic, apart, what, random.fork(name), most, stopAt);
  const link = combined(test.p, candidate, worklist);
  const tells = hidden && link <= LINK_BAR;
  const why = reasonsFor(
    { population, strata, statistic, candidate, apart, test, worklist, link },
    tells ? random.fork(`why/${name}`) : null,
  );
  const gated = tells && why.strength >= STRENGTH_BAR;
  const narrowed = gated
    ? linkedOnes({ population, strata, units, accounts: candidate.accounts, test, worklist })
    : candidate.accounts;
  const few = narrowed.length < MIN_ACCOUNTS;
  const listed = few ? new Set(candidate.accounts) : new Set(narrowed);
  const members = who.filter((_, i) => listed.has(candidate.accounts[i] as number));
  const said = gated ? declaredBy(members, population.domains) : declared;
  return {
    accounts: members.map(({ account }) => account),
    besides: who.filter((_, i) => !listed.has(candidate.accounts[i] as number)).map(({ account }) => account),
    formedOn: candidate.formedOn,
    link,
    linkQ: link,
    concealed: 1 - said.share,
    declared: said.share >= CONCEALED_BAR ? said.identity : null,
    known: said.known,
    strength: why.strength,
    worklist,
    failover: why.failover,
    because: [...why.because, ...(few ? [TOGETHER_ONLY] : []), identity(said)],
    gated: gated && 1 - said.share > CONCEALED_BAR,
  };
}

function adjusted(judged: readonly Cluster[], related: Related): Clusters {
  const qs = stepUp(judged.map(({ link }) => link));
  const formed = judged.map((cluster, i) => ({ ...cluster, linkQ: qs[i] as number }));
  const passed = formed.filter((cluster) => cluster.gated);
  const operations = operationsOf(passed, formed, related);
  return { formed, operations, gated: familiesOf(operations).map(asOne) };
}

/** What a cluster may be tested on: nothing that it was formed on, and nothing that comes along with that. */
export function measuredOf({ formedOn }: Candidate, { sameSheet }: Worklist): Measured {
  // People who work through one sheet sit in one room at one time with one program. They do not share a means of payment.
  if (sameSheet) return { mask: formedOn === "means" ? 0 : MONEY, together: false, failover: false };
  switch (formedOn) {
    case "content":
      return { mask: (MASK_OF.means & ~SOFTWARE) | MASK_OF.time, together: true, failover: true };
    case "means":
      return { mask: MASK_OF.content | MASK_OF.time, together: true, failover: true };
    case "time":
      return { mask: MASK_OF.content | MASK_OF.means, together: false, failover: false };
  }
}

/** A shared template with a divided list of items is a second test of the same claim: Bonferroni over the two. */
function combined(p: number, { formedOn }: Candidate, { divided }: Worklist): number {
  if (formedOn !== "content" || divided === null) return p;
  return Math.min(1, 2 * Math.min(p, divided.p));
}

/** Draws depend on the cluster, not on how many were tested before it. */
function nameOf({ formedOn, accounts }: Candidate, { members }: Population): string {
  const first = members[accounts[0] as number]?.account ?? "";
  const last = members[accounts.at(-1) as number]?.account ?? "";
  return `${formedOn}/${accounts.length}/${first}/${last}`;
}

/** Benjamini-Hochberg adjusted p-values. */
export function stepUp(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => (ps[b] as number) - (ps[a] as number));
  const adjusted: number[] = [];
  let least = 1;
  for (const [rank, i] of order.entries()) {
    least = Math.min(least, ((ps[i] as number) * ps.length) / (ps.length - rank));
    adjusted[i] = least;
  }
  return adjusted;
}
