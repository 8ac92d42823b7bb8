import type { ModelShape } from "../model/shape.ts";

/** Places by which the table grows: larger steps copy less often, smaller ones multiply fewer empty columns. */
const PLACES = 32;

/**
 * Keys and values of sequences that grow together: for each layer a block [sequence, head, place, entry], as the step
 * graph takes it. A sequence is a row of it; the rows of open sequences stay next to each other.
 */
export class KeyValueTable {
  /** Places of a row; at least the length of the longest sequence. */
  places = 0;
  /** Rows in use. */
  rows = 0;
  /** keys[layer] and values[layer]; the first rows x heads x places x entries numbers are in use. */
  readonly keys: Float32Array[];
  readonly values: Float32Array[];
  readonly #heads: number;
  readonly #size: number;

  constructor({ layers, heads, width }: ModelShape) {
    this.#heads = heads;
    this.#size = width / heads;
    this.keys = Array.from({ length: layers }, () => new Float32Array(0));
    this.values = Array.from({ length: layers }, () => new Float32Array(0));
  }

  get rowSize(): number {
    return this.#heads * this.places * this.#size;
  }

  /** Makes room for `rows` rows whose longest holds `length` places, now or soon. */
  fit(rows: number, length: number): void {
    const needed = Math.ceil(length / PLACES) * PLACES;
    const places = needed > this.places || needed * 2 < this.places ? needed : this.places;
    const rowSize = this.#heads * places * this.#size;
    const enough = (this.keys[0] as Float32Array).length >= rows * rowSize;
    if (places === this.places && enough) return;
    const room = Math.ceil(rows * 1.25);
    for (const blocks of [this.keys, this.values])
      for (const [layer, block] of blocks.entries()) {
        const moved = new Float32Array(room * rowSize);
        const kept = Math.min(places, this.places) * this.#size;
        for (let band = 0; band < this.rows * this.#heads; band++) {
          const from = band * this.places * this.#size;
          moved.set(block.subarray(from, from + kept), band * places * this.#size);
        }
        blocks[layer] = moved;
      }
    this.places = places;
  }

  /**
   * Copies the first `length` of `steps` new places of sequence `from` of a graph's output [sequence, head, step, entry]
   * to row `to`, at place `at`.
   */
  put(
    blocks: "keys" | "values",
    layer: number,
    output: Float32Array,
    steps: number,
    from: number,
    to: number,
    at: number,
    length: number,
  ): void {
    const block = this[blocks][layer] as Float32Array;
    const heads = this.#heads;
    const count = length * this.#size;
    for (let head = 0; head < heads; head++) {
      const source = (from * heads + head) * steps * this.#size;
      const target = ((to * heads + head) * this.places + at) * this.#size;
      for (let i = 0; i < count; i++) block[target + i] = output[source + i] as number;
    }
  }

  /** Copies a row over another. */
  copyRow(from: number, to: number): void {
    const size = this.rowSize;
    for (const block of [...this.keys, ...this.values])
      block.copyWithin(to * size, from * size, (from + 1) * size);
  }
}
