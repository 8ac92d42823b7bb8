import { Calibration } from "../../src/detect/calibration.ts";
import { CourseRecorder } from "../../src/detect/course.ts";
import { Detector, judged } from "../../src/detect/detector.ts";
import { groupScores } from "../../src/detect/groups.ts";
import type { CampaignLine } from "../../src/detect/link/campaigns.ts";
import { type Cluster, type Clusters, findClusters } from "../../src/detect/link/clusters.ts";
import { Profile } from "../../src/detect/link/profile.ts";
import { makeCalibration } from "../../src/detect/make-calibration.ts";
import { memberOf } from "../../src/detect/pool.ts";
import { Reader } from "../../src/detect/reading.ts";
import { unpackSnapshot } from "../../src/detect/snapshot.ts";
import { builtInWeights } from "../../src/detect/weights.ts";
import { conversation } from "../../src/exchange/conversation.ts";
import { seeded } from "../../src/stats/random.ts";
import type { CampaignPlan } from "../../test/world/campaign.ts";
import { presets } from "../../test/world/campaigns.ts";
import { lookAlikes } from "../../test/world/cohorts.ts";
import { generateWorld, type World } from "../../test/world/world.ts";
import { type Agreement, agreementOf } from "./agreement.ts";

export interface CampaignOptions {
  readonly seed: string;
  /** Unrelated accounts, one in fifty of them a lone harvester. */
  readonly accounts: number;
  readonly exchangesPerAccount: number;
  /** Members of a campaign or cohort at most. */
  readonly largest: number;
  readonly onProgress: (what: string) => void;
}

export interface Truth {
  readonly plan: CampaignPlan;
  readonly id: string;
  readonly members: readonly string[];
  /** Accounts that took over from a stopped one, and when that was stopped (milliseconds). */
  readonly successors: readonly { readonly account: string; readonly since: number }[];
}

/** What became of one real campaign. */
export interface Fate {
  readonly name: string;
  readonly templates: CampaignPlan["templates"];
  readonly families: readonly string[];
  readonly evasion: number;
  readonly members: number;
  /** Overlap (Jaccard) with the nearest cluster that linking formed, before overlapping clusters are made one; and whether that one passes the gate. */
  readonly nearest: { readonly overlap: number; readonly gated: boolean };
  /** Share of the members in an alarmed campaign that is mostly this one, at review or above. */
  readonly alarmed: number;
  /** Share in a cluster that passes the gate at the end, whatever its harvest score. */
  readonly linked: number;
  /** The smallest link and harvest p of its lines; null without any (a line needs p <= 0.05). */
  readonly p: { readonly link: number; readonly harvest: number } | null;
}

export interface CampaignFigures {
  readonly accounts: number;
  readonly exchanges: number;
  readonly calibration: { readonly accounts: number; readonly groups: number };
  readonly fates: readonly Fate[];
  readonly alarmed: { readonly all: number; readonly real: number };
  readonly watched: { readonly all: number; readonly real: number };
  readonly gated: { readonly all: number; readonly real: number; readonly sizes: readonly number[] };
  readonly agreement: Agreement;
  readonly linkAgreement: Agreement;
  readonly recovered: { readonly shared: number; readonly other: number };
  /** Look-alike cohorts that most accounts of an alarm come from. */
  readonly cohorts: {
    readonly all: number;
    readonly alarmed: readonly string[];
    readonly gated: readonly string[];
  };
  readonly failover: {
    readonly successors: number;
    readonly relinked: number;
    readonly hours: readonly number[];
  };
}

/** Campaigns among cohorts that look like them, over a detector with a calibration of its own (honest accounts and cohorts of another world). */
export function campaigns(options: CampaignOptions): CampaignFigures {
  const { seed, onProgress } = options;
  onProgress("a calibration of its own");
  const calibration = calibrationOf(options);
  const world = worldOf(options, `bench campaigns ${seed}`, true);
  onProgress(`${world.citizens.length} accounts, campaigns and look-alikes among them`);
  const detector = new Detector({ calibration });
  for (const { account } of world.citizens) detector.know(account);
  const lines: CampaignLine[] = [];
  let exchanges = 0;
  let end = 0;
  for (const x of world.exchanges()) {
    exchanges++;
    end = Date.parse(x.time);
    lines.push(...detector.observe(x).campaigns);
  }
  onProgress("linking once more, to see what the harvest bar holds back");
  const { watched } = unpackSnapshot(detector.snapshot(), calibration.file.hash, calibration.weights);
  const clusters = findClusters(watched.map(memberOf), { end, random: seeded("bench campaigns") });
  return figuresOf(world, detector.campaigns(), lines, clusters, {
    exchanges,
    calibration: { accounts: calibration.accounts, groups: calibration.file.groups.length },
  });
}

function worldOf(
  { accounts, exchangesPerAccount, largest }: CampaignOptions,
  seed: string,
  hostile: boolean,
): World {
  const capped = <Plan extends { readonly accounts: number }>(plans: readonly Plan[]): Plan[] =>
    plans.map((plan) => ({ ...plan, accounts: Math.min(plan.accounts, largest) }));
  return generateWorld({
    seed,
    accounts,
    exchangesPerAccount,
    harvest: hostile ? 0.02 : 0,
    evasion: "mixed",
    campaigns: hostile ? capped(presets) : 0,
    cohorts: capped(lookAlikes),
  });
}

/** As `stillwatch calibrate` makes it of an operator's traffic. */
function calibrationOf(options: CampaignOptions): Calibration {
  const weights = builtInWeights();
  const world = worldOf(options, `bench campaigns calibration ${options.seed}`, false);
  const reader = new Reader();
  let end = 0;
  const followed = new Map(
    world.citizens.map(({ account }) => {
      const course = new CourseRecorder(weights, account);
      const { trajectory } = course;
      return [account.account, { standing: account, course, trajectory, profile: new Profile() }];
    }),
  );
  for (const x of world.exchanges()) {
    const one = followed.get(x.account);
    if (!one) continue;
    end = Date.parse(x.time);
    const reading = judged(x) ? one.course.trajectory.read(reader, conversation(x)) : null;
    one.profile.observe(x, reading, end);
    if (reading) one.course.observe(reading, x);
  }
  const accounts = [...followed.values()];
  return new Calibration(
    makeCalibration(
      accounts.map(({ course }) => course),
      {
        source: "bench",
        codeVersion: "bench",
        builtIn: false,
        weights,
        samplingKey: 0,
        groups: groupScores(accounts, end, weights),
      },
    ),
  );
}

function figuresOf(
  world: World,
  current: readonly CampaignLine[],
  lines: readonly CampaignLine[],
  { formed, gated }: Clusters,
  about: Pick<CampaignFigures, "exchanges" | "calibration">,
): CampaignFigures {
  const truths = truthsOf(world);
  const campaignOf = new Map(truths.flatMap(({ id, members }) => members.map((m) => [m, id])));
  const cohortOf = new Map(
    world.citizens.flatMap((c) => (c.cohort === null ? [] : [[c.account.account, c.cohort]])),
  );
  const alarmed = current.filter(({ tier }) => tier !== "watch");
  const real = (groups: readonly Group[]): { all: number; real: number } => ({
    all: groups.length,
    real: groups.filter(({ accounts }) => mostly(accounts, campaignOf) !== null).length,
  });
  const fates = truths.map((truth) => ({
    ...fateOf(truth, alarmed, current, gated, campaignOf),
    nearest: nearestOf(truth, formed),
  }));
  const cohorts = (groups: readonly Group[]): string[] =>
    [...new Set(groups.flatMap(({ accounts }) => mostly(accounts, cohortOf) ?? []))].sort();
  const share = (some: readonly Fate[]): number =>
    some.reduce((sum, { alarmed: a, members }) => sum + a * members, 0) /
    some.reduce((sum, f) => sum + f.members, 0);
  return {
    ...about,
    accounts: world.citizens.length,
    fates,
    alarmed: real(alarmed),
    watched: real(current),
    gated: { ...real(gated), sizes: gated.map(({ accounts }) => accounts.length).sort((a, b) => b - a) },
    agreement: agreementOf(campaignOf, alarmed),
    linkAgreement: agreementOf(campaignOf, gated),
    recovered: {
      shared: share(fates.filter(({ templates }) => templates === "shared")),
      other: share(fates.filter(({ templates }) => templates !== "shared")),
    },
    cohorts: { all: new Set(cohortOf.values()).size, alarmed: cohorts(alarmed), gated: cohorts(gated) },
    failover: relinked(truths, lines, campaignOf),
  };
}

interface Group {
  readonly accounts: readonly string[];
}

/** The campaigns of the world. Successors stand last in theirs, in the order of those whose work they took over (test/world/campaign.ts). */
function truthsOf({ citizens }: World): Truth[] {
  const members = Map.groupBy(
    citizens.filter(({ campaign }) => campaign !== null),
    ({ campaign }) => campaign as string,
  );
  return [...members].map(([id, its]) => {
    const stopped = its.filter(({ blockedAt }) => blockedAt !== null);
    return {
      id,
      plan: presets.find(({ name }) => id.startsWith(`${name} `)) as CampaignPlan,
      members: its.map(({ account }) => account.account),
      successors: stopped.map(({ blockedAt }, i) => ({
        account: (its[its.length - stopped.length + i] as (typeof its)[number]).account.account,
        since: Date.parse(blockedAt as string),
      })),
    };
  });
}

function fateOf(
  { id, plan, members }: Truth,
  alarmed: readonly CampaignLine[],
  current: readonly CampaignLine[],
  gated: readonly Cluster[],
  campaignOf: ReadonlyMap<string, string>,
): Omit<Fate, "nearest"> {
  const its = <G extends Group>(groups: readonly G[]): G[] =>
    groups.filter(({ accounts }) => mostly(accounts, campaignOf) === id);
  const within = (groups: readonly Group[]): number => {
    const covered = new Set(its(groups).flatMap(({ accounts }) => accounts));
    return members.filter((m) => covered.has(m)).length / members.length;
  };
  const lines = its(current);
  return {
    name: plan.name,
    templates: plan.templates,
    families: plan.families,
    evasion: plan.evasion,
    members: members.length,
    alarmed: within(alarmed),
    linked: within(gated),
    p:
      lines.length === 0
        ? null
        : {
            link: Math.min(...lines.map(({ link }) => link)),
            harvest: Math.min(...lines.map(({ harvest }) => harvest)),
          },
  };
}

function nearestOf({ members }: Truth, formed: readonly Cluster[]): Fate["nearest"] {
  const own = new Set(members);
  let nearest = { overlap: 0, gated: false };
  for (const { accounts, gated } of formed) {
    const shared = accounts.filter((a) => own.has(a)).length;
    const overlap = shared / (accounts.length + members.length - shared);
    if (overlap > nearest.overlap) nearest = { overlap, gated };
  }
  return nearest;
}

/** What at least half of the accounts belong to. */
function mostly(accounts: readonly string[], groupOf: ReadonlyMap<string, string>): string | null {
  const counts = new Map<string, number>();
  for (const account of accounts) {
    const group = groupOf.get(account);
    if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  for (const [group, count] of counts) if (count >= accounts.length / 2) return group;
  return null;
}

/** From the time an account is stopped to the first line that has its successor among others of the campaign. */
function relinked(
  truths: readonly Truth[],
  lines: readonly CampaignLine[],
  campaignOf: ReadonlyMap<string, string>,
): CampaignFigures["failover"] {
  let successors = 0;
  const hours: number[] = [];
  for (const { id, successors: its } of truths) {
    const own = lines.filter(({ accounts }) => mostly(accounts, campaignOf) === id);
    for (const { account, since } of its) {
      successors++;
      const first = own.find(({ accounts }) => accounts.includes(account));
      if (first) hours.push((Date.parse(first.time) - since) / 3_600_000);
    }
  }
  return { successors, relinked: hours.length, hours: hours.sort((a, b) => a - b) };
}
