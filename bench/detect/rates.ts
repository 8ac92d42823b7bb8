import { type Random, seeded } from "../../src/stats/random.ts";

/** An account as one method judges it. */
export interface Judged {
  /** Application or family. */
  readonly name: string;
  readonly lineage: string;
  readonly score: number;
}

/** Scores of one application or family, descending, and the lineage it stands or falls with. */
interface Group {
  readonly lineage: string;
  readonly scores: readonly number[];
}

/** Where the honest lie: every application weighs the same, however many accounts it has. */
export class Honest {
  readonly #groups: readonly Group[];
  readonly #lineages: readonly string[];
  /** Every account, the highest first. */
  readonly #descending: readonly { readonly score: number; readonly group: number }[];

  readonly #redrawn = new Map<number, readonly number[]>();

  constructor(accounts: readonly Judged[]) {
    this.#groups = groupsOf(accounts);
    this.#lineages = [...new Set(this.#groups.map(({ lineage }) => lineage))];
    this.#descending = this.#groups
      .flatMap(({ scores }, group) => scores.map((score) => ({ score, group })))
      .sort((a, b) => b.score - a.score);
  }

  /** What accounts cannot be independent beyond. */
  get lineages(): number {
    return this.#lineages.length;
  }

  /** The lowest bar that at most the share `level` of the honest lies above. `times`: how often each lineage counts. */
  bar(level: number, times?: ReadonlyMap<string, number>): number {
    const weights = this.#groups.map(
      ({ lineage, scores }) => (times ? (times.get(lineage) ?? 0) : 1) / scores.length,
    );
    const total = this.#groups.reduce(
      (sum, { scores }, i) => sum + scores.length * (weights[i] as number),
      0,
    );
    let above = 0;
    for (const { score, group } of this.#descending) {
      above += (weights[group] as number) / total;
      if (above > level + 1e-12) return score;
    }
    return -Infinity;
  }

  /** Accounts above a bar, and from how many lineages they come. */
  above(bar: number): { readonly accounts: number; readonly lineages: number } {
    const over = this.#descending.filter(({ score }) => score > bar);
    return {
      accounts: over.length,
      lineages: new Set(over.map(({ group }) => this.#groups[group]?.lineage)).size,
    };
  }

  /** The bar at a level for each of `REPEATS` draws of the lineages with replacement. */
  redrawnBars(level: number): readonly number[] {
    let bars = this.#redrawn.get(level);
    if (!bars) {
      const random = seeded(`bars ${level}`);
      bars = Array.from({ length: REPEATS }, () => this.bar(level, drawn(this.#lineages, random)));
      this.#redrawn.set(level, bars);
    }
    return bars;
  }
}

export interface Rate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const REPEATS = 400;

/**
 * Mean over families of the share of their accounts above the bar at `level`. 95 % interval by bootstrap in which the honest
 * lineages (and with them the bar), the harvest lineages and the accounts of each family are drawn anew.
 */
export function meanRate(families: readonly Judged[], honest: Honest, level: number, random: Random): Rate {
  const groups = groupsOf(families);
  const lineages = [...new Set(groups.map(({ lineage }) => lineage))];
  const bar = honest.bar(level);
  const means: number[] = [];
  for (const moved of honest.redrawnBars(level)) {
    const times = lineages.length > 1 ? drawn(lineages, random) : null;
    let [sum, of] = [0, 0];
    for (const { lineage, scores } of groups) {
      const weight = times ? (times.get(lineage) ?? 0) : 1;
      if (weight === 0) continue;
      const share = shareAbove(scores, moved);
      let found = 0;
      for (let i = 0; i < scores.length; i++) if (random.uniform() < share) found++;
      sum += (weight * found) / scores.length;
      of += weight;
    }
    means.push(sum / of);
  }
  means.sort((a, b) => a - b);
  const at = (q: number): number => means[Math.round(q * (REPEATS - 1))] as number;
  return { mean: mean(groups.map(({ scores }) => shareAbove(scores, bar))), low: at(0.025), high: at(0.975) };
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Ascending order statistic; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

function groupsOf(accounts: readonly Judged[]): Group[] {
  return [...Map.groupBy(accounts, ({ name, lineage }) => `${lineage} ${name}`).values()].map((its) => ({
    lineage: its[0]?.lineage ?? "",
    scores: its.map(({ score }) => score).sort((a, b) => b - a),
  }));
}

function shareAbove(descending: readonly number[], bar: number): number {
  let above = 0;
  while (above < descending.length && (descending[above] as number) > bar) above++;
  return above / descending.length;
}

function drawn(names: readonly string[], random: Random): Map<string, number> {
  const times = new Map<string, number>();
  for (let i = 0; i < names.length; i++) {
    const name = random.pick(names);
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return times;
}
