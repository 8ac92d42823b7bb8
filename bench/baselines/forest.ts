import type { Exchange } from "../../src/exchange/exchange.ts";
import { seeded, type Random } from "../../src/stats/random.ts";
import { AccountFigures } from "./account-figures.ts";
import type { Baseline } from "./baseline.ts";
import { see } from "./seen.ts";

const TREES = 100;
const SAMPLE = 256;
/** An honest account is learned at these lengths, so that a short one is not odd for being short. */
const LENGTHS = [25, 50, 100, 200, 400, 800];

/** Few cuts single out what is unlike the rest, in figures that any provider has of an account. */
export function isolationForest(seed: number | string = "forest"): Baseline {
  let forest: readonly Tree[] = [];
  let usual = 1;
  return {
    name: "isolation forest",
    cite: "Liu, Ting and Zhou, Isolation Forest (ICDM 2008); 100 trees of 256, the paper's choice",
    adapted: "19 figures per account chosen before any measurement; grown on honest accounts only",
    interleaved: false,
    fit(honest) {
      const rows = [...honest].flatMap(snapshots);
      if (rows.length < 2) throw new RangeError("an isolation forest needs at least two honest accounts");
      const random = seeded(seed);
      const size = Math.min(SAMPLE, rows.length);
      const depth = Math.ceil(Math.log2(size));
      forest = Array.from({ length: TREES }, () => grown(sample(rows, size, random), depth, random));
      usual = averagePath(size);
    },
    start() {
      if (forest.length === 0) throw new Error("an isolation forest is grown first: fit() comes first");
      const figures = new AccountFigures();
      return {
        observe: (seen) => figures.add(seen),
        score: () => (figures.n < LENGTHS[0]! ? 0 : anomaly(forest, usual, figures.row())),
      };
    },
  };
}

function snapshots(exchanges: readonly Exchange[]): Float64Array[] {
  const figures = new AccountFigures();
  const rows: Float64Array[] = [];
  for (const x of exchanges) {
    figures.add(see(x));
    if (LENGTHS.includes(figures.n) && figures.n < exchanges.length) rows.push(figures.row());
  }
  if (figures.n >= LENGTHS[0]!) rows.push(figures.row());
  return rows;
}

/** 2^(-mean path / usual path): near 1 = singled out at once, 0.5 and less = ordinary (equation 2 of the paper). */
export function anomaly(forest: readonly Tree[], usual: number, row: Float64Array): number {
  const mean = forest.reduce((sum, tree) => sum + pathOf(tree, row, 0), 0) / forest.length;
  return 2 ** (-mean / usual);
}

export type Tree =
  | { readonly figure: number; readonly cut: number; readonly low: Tree; readonly high: Tree }
  | { readonly size: number };

export function grown(rows: readonly Float64Array[], depth: number, random: Random): Tree {
  if (depth === 0 || rows.length <= 1) return { size: rows.length };
  // Only figures that differ can be cut.
  const ranges = Array.from({ length: rows[0]!.length }, (_, figure) => {
    let [low, high] = [Infinity, -Infinity];
    for (const row of rows) {
      low = Math.min(low, row[figure]!);
      high = Math.max(high, row[figure]!);
    }
    return { figure, low, high };
  }).filter(({ low, high }) => high > low);
  if (ranges.length === 0) return { size: rows.length };
  const { figure, low, high } = random.pick(ranges);
  const cut = low + (high - low) * random.uniform();
  const below = rows.filter((row) => row[figure]! <= cut);
  const above = rows.filter((row) => row[figure]! > cut);
  return { figure, cut, low: grown(below, depth - 1, random), high: grown(above, depth - 1, random) };
}

function pathOf(tree: Tree, row: Float64Array, length: number): number {
  if ("size" in tree) return length + averagePath(tree.size);
  return pathOf(row[tree.figure]! <= tree.cut ? tree.low : tree.high, row, length + 1);
}

/** Mean path of an unsuccessful search in a binary tree of n (equation 1 of the paper). */
export function averagePath(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + 0.5772156649) - (2 * (n - 1)) / n;
}

function sample(rows: readonly Float64Array[], size: number, random: Random): Float64Array[] {
  const pool = [...rows];
  for (let i = 0; i < size; i++) {
    const j = i + random.below(pool.length - i);
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
  }
  return pool.slice(0, size);
}
