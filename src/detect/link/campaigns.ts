import { createHash } from "node:crypto";
import type { JsonObject } from "../../exchange/exchange.ts";
import { higher, type Tier, tierOf, WATCH_P } from "../tier.ts";
import type { Cluster, Clusters } from "./clusters.ts";
import { CONCEALED_BAR } from "./declared.ts";
import { adjustedBy, type Harvest, type Judged, toldOf } from "./judged.ts";
import { isMostlyIn } from "./merge.ts";

/** False discovery rate of the bounded tier, over all runs together. */
const BOUNDED_Q = 0.05;
/** A cluster continues a campaign when so much of the smaller one of them is in the other. */
const SAME = 0.5;

/** What is known of accounts beside their links. */
export interface Judging {
  readonly harvest: (accounts: readonly string[]) => Harvest;
  /** The account looks like harvesting by itself, at watch or above. */
  readonly standsOut: (account: string) => boolean;
}

/** A line of campaigns.jsonl (contract.md). The last line for an id is current. */
export interface CampaignLine {
  readonly time: string;
  readonly campaign: string;
  readonly accounts: readonly string[];
  readonly link: number;
  readonly harvest: number;
  readonly concealed: number;
  /** As it stands now: bounded lasts, the others follow the evidence. */
  readonly tier: Tier;
  readonly because: readonly string[];
}

/** An alarm about a campaign, as a line of alarms.jsonl. */
export interface CampaignAlarm {
  readonly time: string;
  readonly subject: { readonly campaign: string };
  readonly tier: Tier;
  /** The larger one of link and harvest: both must hold. */
  readonly p: number;
  /** Adjusted p of the error-controlled procedure; null in runs and calibrations that bound nothing. */
  readonly q: number | null;
  readonly signals: readonly {
    readonly name: string;
    readonly value: number;
    readonly percentile: null;
    readonly because: string;
    readonly evidence: readonly string[];
  }[];
  readonly benignReading: string;
}

/** The journal's event for a line. */
export function campaignEvent(line: CampaignLine): JsonObject {
  return { type: "campaign", ...(line as unknown as JsonObject) };
}

export interface CampaignState {
  readonly runs: number;
  readonly campaigns: readonly Kept[];
}

interface Kept {
  /** The current line. */
  readonly line: CampaignLine;
  /** The highest tier it ever had: alarms are raised only upwards, and what never had one is not told. */
  readonly highest: Tier;
  /** Runs in a row that did not find it. */
  readonly missed: number;
}

/** Not found so often, a campaign is withdrawn: an early look at few accounts can see what is not there. */
const WITHDRAWN_AFTER = 2;

/**
 * Campaigns over successive runs of linking: a campaign keeps its id while its accounts come and go, it is told again only when
 * something changed, and withdrawn when it is not found again. An alarm is raised when its tier is higher than ever before.
 *
 * Reported apart: `link` (they are one operation), `harvest` (their pooled traffic harvests), `concealed` (no identity
 * covers them). A campaign is all three: clusters come here gated on link and concealment, and p = max(link, harvest).
 *
 * Bounded: Benjamini-Hochberg over the clusters gated in one run, on p. What is controlled at 0.05 is the false discovery
 * rate of the claim *harvests* (its p is conformal against at least 99 honest groups that were formed in the same way, and p
 * is at least that; those groups did not pass the gate, so it holds if the few honest ones that would score like the others);
 * the claim *linked* must hold beside it at linkQ <= 0.05, false discovery rate over all clusters formed. Watch and review go by
 * p of one cluster in one run: nothing pays for the number of clusters and runs there. Bounded pays for both: only runs
 * 1, 2, 4, 8 … can bound, the j-th at 0.05 / (j (j + 1)); these levels sum to 0.05, and V / max(1, R)
 * over all runs is at most the sum over runs.
 */
export class Campaigns {
  readonly #bounds: boolean;
  #runs: number;
  /** By first sighting. */
  readonly #campaigns: Map<string, Kept>;

  /** @param options bounded: false for a calibration that bounds nothing: the built-in one, or fewer than 99 honest groups */
  constructor({ bounded }: { readonly bounded: boolean }, state?: CampaignState) {
    this.#bounds = bounded;
    this.#runs = state?.runs ?? 0;
    this.#campaigns = new Map(state?.campaigns.map((kept) => [kept.line.campaign, kept]));
  }

  /** Whether the next run can bound anything. */
  get nextBounds(): boolean {
    return this.#bounds && levelOf(this.#runs + 1) > 0;
  }

  /** As plain JSON; `new Campaigns(options, state)` goes on exactly from here. */
  state(): CampaignState {
    return { runs: this.#runs, campaigns: [...this.#campaigns.values()] };
  }

  /** @param time of the exchange up to which traffic was read */
  update(
    { operations, formed }: Pick<Clusters, "operations" | "formed">,
    time: string,
    { harvest, standsOut }: Judging,
  ): { lines: CampaignLine[]; alarms: CampaignAlarm[] } {
    this.#runs++;
    const judged = operations.map((cluster): Judged => {
      const harvested = harvest(cluster.accounts);
      return { cluster, harvested, p: Math.max(cluster.link, harvested.p) };
    });
    const level = this.#bounds ? levelOf(this.#runs) : 0;
    const adjusted = adjustedBy(judged);
    const told = toldOf(judged);
    const ids = this.#continued(told.map(({ cluster }) => cluster));

    const lines: CampaignLine[] = [];
    const alarms: CampaignAlarm[] = [];
    for (const [i, { cluster, harvested, p, of }] of told.entries()) {
      const least = Math.min(...of.map((each) => adjusted.get(each) ?? 1));
      const q = level === 0 ? 1 : (least * BOUNDED_Q) / level;
      const id = ids[i] ?? newId(cluster, time);
      const before = this.#campaigns.get(id);
      const highest = before?.highest ?? "none";
      const tier = highest === "bounded" || boundedBy(cluster, q) ? "bounded" : tierOf(p);
      const joining = tier === "none" ? [] : joiningOf(cluster, standsOut);
      const line: CampaignLine = {
        time,
        campaign: id,
        accounts: [...cluster.accounts, ...joining].sort(),
        link: upTo(cluster.link),
        harvest: upTo(harvested.p),
        concealed: Math.round(cluster.concealed * 1000) / 1000,
        tier,
        because: [
          ...(tier === "none" && highest !== "none"
            ? [
                `withdrawn: still linked, but the pooled traffic no longer stands out (harvest p = ${upTo(harvested.p)})`,
              ]
            : []),
          ...cluster.because,
          ...(joining.length > 0
            ? [
                `${joining.length} of those are listed all the same: each looks like harvesting by itself as well`,
              ]
            : []),
          ...harvested.because,
        ],
      };
      const rises = higher(tier, highest);
      this.#campaigns.set(id, { line, highest: rises ? tier : highest, missed: 0 });
      // Linked accounts that never looked like harvesting are nobody's business.
      if ((rises || highest !== "none") && !(before && same(before.line, line))) lines.push(line);
      if (rises) alarms.push(alarmOf(line, cluster, harvested, level === 0 ? null : q));
    }
    const passed = [...this.#campaigns.values()].filter(
      ({ line }) => line.time === time || ids.includes(line.campaign),
    );
    lines.push(
      ...this.#missed(
        passed.map(({ line }) => line),
        formed,
        time,
      ),
    );
    return { lines, alarms };
  }

  /**
   * Counts the runs that speak against those that were not found, and withdraws what was not found for a while. Bounded lasts.
   * What was found at p <= 0.002 need not be found so clearly again: as long as about the same accounts are formed and tested
   * at p <= 0.05, a run does not speak against it, unless they are now in another campaign.
   */
  #missed(found: readonly CampaignLine[], formed: readonly Cluster[], time: string): CampaignLine[] {
    const withdrawn: CampaignLine[] = [];
    const told = new Set(found.map(({ campaign }) => campaign));
    const elsewhere = new Set(
      found.filter(({ tier }) => tier !== "none").flatMap(({ accounts }) => accounts),
    );
    for (const [id, kept] of this.#campaigns) {
      if (told.has(id)) continue;
      if (
        kept.line.tier !== "none" &&
        !isMostlyIn(kept.line, elsewhere) &&
        isStillLinked(kept.line, formed)
      ) {
        this.#campaigns.set(id, { ...kept, missed: 0 });
        continue;
      }
      const missed = kept.missed + 1;
      const gone = missed >= WITHDRAWN_AFTER && kept.line.tier !== "none" && kept.highest !== "bounded";
      const line: CampaignLine = gone
        ? {
            ...kept.line,
            time,
            tier: "none",
            because: [
              `withdrawn: with more traffic the link was not found again in ${missed} runs`,
              ...kept.line.because,
            ],
          }
        : kept.line;
      this.#campaigns.set(id, { line, highest: kept.highest, missed });
      if (gone) withdrawn.push(line);
    }
    return withdrawn;
  }

  /** For each cluster the id of the campaign it continues: the pairs that overlap most first, each id once. */
  #continued(clusters: readonly Cluster[]): (string | undefined)[] {
    const holders = new Map<string, string[]>();
    for (const { line } of this.#campaigns.values()) {
      const { campaign, accounts } = line;
      for (const account of accounts) {
        const list = holders.get(account);
        if (list) list.push(campaign);
        else holders.set(account, [campaign]);
      }
    }
    const overlaps = clusters.flatMap(({ accounts }, at) => {
      const shared = new Map<string, number>();
      for (const account of accounts)
        for (const id of holders.get(account) ?? []) shared.set(id, (shared.get(id) ?? 0) + 1);
      return [...shared].map(([id, n]) => ({ at, id, n }));
    });
    const ids: (string | undefined)[] = clusters.map(() => undefined);
    const taken = new Set<string>();
    for (const { at, id, n } of overlaps.sort((a, b) => b.n - a.n || (a.id < b.id ? -1 : 1) || a.at - b.at)) {
      const sizes = [clusters[at]?.accounts.length ?? 0, this.#campaigns.get(id)?.line.accounts.length ?? 0];
      if (ids[at] !== undefined || taken.has(id) || n < SAME * Math.min(...sizes)) continue;
      ids[at] = id;
      taken.add(id);
    }
    return ids;
  }
}

/**
 * Who sends the wording of a harvesting operation and looks like harvesting by itself is listed with it, linked by more or not:
 * one in twenty honest users of that wording is as well. They take no part in any p-value of the campaign.
 */
function joiningOf({ formedOn, besides }: Cluster, standsOut: (account: string) => boolean): string[] {
  return formedOn === "content" ? besides.filter(standsOut) : [];
}

/** Whether about the same accounts (half of either in the other) were formed again and are linked at the level of watch. */
function isStillLinked({ accounts }: CampaignLine, formed: readonly Cluster[]): boolean {
  const listed = new Set(accounts);
  return formed.some(({ accounts: its, concealed, link }) => {
    if (concealed <= CONCEALED_BAR || link > WATCH_P) return false;
    return its.filter((account) => listed.has(account)).length >= SAME * Math.max(its.length, listed.size);
  });
}

/** Level of a run, counted from 1: 0 for runs that bound nothing. */
export function levelOf(run: number): number {
  const j = Math.log2(run) + 1;
  return Number.isInteger(j) ? BOUNDED_Q / (j * (j + 1)) : 0;
}

/** Where most of the accounts are unknown to the accounts file, that they conceal who they are is no finding. */
function boundedBy({ linkQ, known }: Cluster, q: number): boolean {
  return q <= BOUNDED_Q && linkQ <= BOUNDED_Q && known >= 0.5;
}

function newId({ accounts, formedOn }: Cluster, time: string): string {
  const hash = createHash("sha256");
  for (const part of [time, formedOn, ...accounts]) hash.update(`${part}\n`);
  return `camp_${hash.digest("hex").slice(0, 20)}`;
}

/** But for the time and the reasons, whose figures move with every exchange. */
function same(a: CampaignLine, b: CampaignLine): boolean {
  return (
    a.tier === b.tier &&
    a.link === b.link &&
    a.harvest === b.harvest &&
    a.concealed === b.concealed &&
    a.accounts.length === b.accounts.length &&
    a.accounts.every((account, i) => account === b.accounts[i])
  );
}

function alarmOf(line: CampaignLine, cluster: Cluster, harvested: Harvest, q: number | null): CampaignAlarm {
  const signal = (
    name: string,
    value: number,
    because: readonly string[],
    evidence: readonly string[] = [],
  ): CampaignAlarm["signals"][number] => ({
    name,
    value,
    percentile: null,
    because: because.join("; "),
    evidence,
  });
  return {
    time: line.time,
    subject: { campaign: line.campaign },
    tier: line.tier,
    p: Math.max(line.link, line.harvest),
    q: q === null ? null : upTo(Math.min(1, q)),
    signals: [
      signal("link", line.link, cluster.because),
      signal("harvest", Math.round(harvested.score * 1e4) / 1e4, harvested.because, harvested.evidence),
      signal("concealment", line.concealed, [identityOf(cluster)]),
    ],
    benignReading:
      "Could also be one company, class or reseller whose accounts do not say that they belong together, or people of one " +
      "place who use one program. Linked is not guilty: ask who they are before acting on all of them.",
  };
}

function identityOf({ concealed, known, accounts }: Cluster): string {
  const unknown =
    known < 1 ? ` (${Math.round((1 - known) * accounts.length)} are not in the accounts file)` : "";
  return `${Math.round(100 * concealed)} % of the ${accounts.length} accounts stand under no common declared identity${unknown}`;
}

/** Two significant digits, upwards: a p-value may only get larger by it. */
function upTo(p: number): number {
  if (!(p > 0)) return 0;
  const unit = 10 ** (Math.floor(Math.log10(p)) - 1);
  return Math.min(1, Number((Math.ceil(p / unit - 1e-9) * unit).toPrecision(2)));
}
