import { LmError } from "../error.ts";

/** log(sum(exp(row))), with the largest taken out so that nothing overflows. -Infinity entries count nothing. */
export function logSumExp(row: ArrayLike<number>): number {
  const top = row[highest(row)] as number;
  let total = 0;
  for (let i = 0; i < row.length; i++) total += Math.exp((row[i] as number) - top);
  return top + Math.log(total);
}

/** Natural logarithms of the softmax of a row, written over it. */
export function logSoftmax(row: Float32Array): Float32Array {
  const normaliser = logSumExp(row);
  for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) - normaliser;
  return row;
}

/** The place of the largest entry, the first of equal ones. Throws LmError "sampling" when no entry is finite. */
export function highest(row: ArrayLike<number>): number {
  let at = 0;
  let top = -Infinity;
  for (let i = 0; i < row.length; i++) {
    const x = row[i] as number;
    if (x > top) {
      top = x;
      at = i;
    }
  }
  if (!Number.isFinite(top))
    throw new LmError("sampling", `no token can be drawn: the largest of ${row.length} logits is ${top}`);
  return at;
}

/** The places of the `count` largest entries, best first; of equal ones the first. For small counts. */
export function best(row: ArrayLike<number>, count: number): number[] {
  const places: number[] = [];
  if (count === 0) return places;
  let worst = -Infinity;
  for (let i = 0; i < row.length; i++) {
    const x = row[i] as number;
    if (places.length === count && !(x > worst)) continue;
    let at = places.length === count ? count - 1 : places.length;
    for (; at > 0 && x > (row[places[at - 1] as number] as number); at--)
      places[at] = places[at - 1] as number;
    places[at] = i;
    worst = row[places.at(-1) as number] as number;
  }
  return places;
}

/**
 * Orders the first `size` places of `heap` so that `pop` takes them in falling order of `weights`, the first of equal
 * ones first. It touches each place about twice, and only what is taken is sorted: a nucleus of 50 tokens costs no sort
 * of 50,000.
 */
export function heapify(weights: Float64Array, heap: Int32Array, size: number): void {
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(weights, heap, at, size);
}

/** The place of the largest weight left; `size` places are, and then one fewer. */
export function pop(weights: Float64Array, heap: Int32Array, size: number): number {
  const place = heap[0] as number;
  heap[0] = heap[size - 1] as number;
  sink(weights, heap, 0, size - 1);
  return place;
}

function sink(weights: Float64Array, heap: Int32Array, start: number, size: number): void {
  const place = heap[start] as number;
  let at = start;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && before(weights, heap[child + 1] as number, heap[child] as number)) child++;
    if (!before(weights, heap[child] as number, place)) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = place;
}

function before(weights: Float64Array, a: number, b: number): boolean {
  const x = weights[a] as number;
  const y = weights[b] as number;
  return x > y || (x === y && a < b);
}
