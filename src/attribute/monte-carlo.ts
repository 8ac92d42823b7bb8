import type { Random } from "../stats/random.ts";
import { siblings, type Lattice } from "./lattice.ts";

/** Joint choices of a group of items in one table: 32 KB, what a first-level cache holds. */
const TABLE = 4096;

/**
 * How many of `draws` redraws of all coins reach `sum`. Neighbouring items form groups of up to 4,096 joint choices whose sums are tabulated, so one random
 * number serves twelve pairs; draws of a group run together, so the tables are read from the cache. Sums are whole numbers in float64: ties count exactly.
 */
export function countAtLeast(lattice: Lattice, sum: number, draws: number, random: Random): number {
  const sums = new Float64Array(draws);
  const items = lattice.served.length;
  for (let first = 0; first < items;) {
    let after = first;
    let table = Float64Array.of(0);
    while (after < items && (after === first || table.length * siblings(lattice, after) <= TABLE))
      table = timesItem(table, lattice, after++);
    addDraws(sums, table, random);
    first = after;
  }
  let count = 0;
  for (let r = 0; r < draws; r++) if ((sums[r] as number) >= sum) count++;
  return count;
}

function timesItem(table: Float64Array, lattice: Lattice, item: number): Float64Array<ArrayBuffer> {
  const ways = siblings(lattice, item);
  const start = lattice.starts[item] as number;
  const next = new Float64Array(table.length * ways);
  for (let k = 0; k < ways; k++)
    for (let j = 0; j < table.length; j++)
      next[k * table.length + j] = (table[j] as number) + (lattice.values[start + k] as number);
  return next;
}

function addDraws(sums: Float64Array, table: Float64Array, random: Random): void {
  const size = table.length;
  if ((size & (size - 1)) === 0) {
    const mask = size - 1;
    for (let r = 0; r < sums.length; r++)
      sums[r] = (sums[r] as number) + (table[random.uint32() & mask] as number);
    return;
  }
  // Lemire (2019): the upper half of a 32 x 12 bit product, exact in float64; draws whose lower half would favour some choices are repeated.
  const uneven = 4294967296 % size;
  for (let r = 0; r < sums.length; r++) {
    let choice = 0;
    let lower = -1;
    while (lower < uneven) {
      const product = random.uint32() * size;
      choice = Math.floor(product / 4294967296);
      lower = product - choice * 4294967296;
    }
    sums[r] = (sums[r] as number) + (table[choice] as number);
  }
}
