import type { Random } from "../../stats/random.ts";
import type { BatchSize } from "../graph/training-graph.ts";
import { writeTarget, type Document } from "./documents.ts";
import { cutPieces, Packer, type Piece } from "./packing.ts";

/** The inputs of the training graph but weights; the arrays are used again by the next batch. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly segments: Int32Array;
  readonly ids: Int32Array;
  readonly probs: Float32Array;
  readonly weight: Float32Array;
  /** Positions that hold a document's token. */
  readonly filled: number;
  /** Sum of `weight`. */
  readonly total: number;
}

/** Documents as batches, in an order that the seed decides; one batch is in memory at a time. */
export class Batches {
  readonly #documents: readonly Document[];
  readonly #size: BatchSize;
  readonly #random: Random | null;
  readonly #pieces: readonly Piece[];
  readonly #arrays: Omit<Batch, "filled" | "total">;
  #packer: Packer;
  #last = Number.POSITIVE_INFINITY;
  /** Documents that are longer than a row and were cut. */
  readonly cut: number;

  constructor(documents: readonly Document[], size: BatchSize, random: Random | null) {
    this.#documents = documents;
    this.#size = size;
    this.#random = random;
    this.#pieces = cutPieces(
      documents.map((document) => document.tokens.length),
      size.length,
    );
    this.cut = documents.filter((document) => document.tokens.length - 1 > size.length).length;
    const n = size.rows * size.length;
    this.#arrays = {
      tokens: new Int32Array(n),
      segments: new Int32Array(n),
      ids: new Int32Array(n * size.targets),
      probs: new Float32Array(n * size.targets),
      weight: new Float32Array(n),
    };
    this.#packer = this.#start();
  }

  /** Lets the stream end when every document was seen `epochs` times, and says after how many batches that is. */
  limit(epochs: number): number {
    this.#last = Math.max(1, Math.round(epochs * this.#pieces.length));
    const packer = this.#start();
    let steps = 0;
    for (; packer.placed < this.#last; steps++) packer.next(this.#last);
    return steps;
  }

  /** The next batch of a stream that is endless without `limit`. */
  next(): Batch {
    return this.#fill(this.#packer.next(this.#last));
  }

  /** Goes on as if `steps` batches had been taken from the beginning. */
  seek(steps: number): void {
    this.#packer = this.#start();
    for (let i = 0; i < steps; i++) this.#packer.next(this.#last);
  }

  /** All documents once; the last batch may be partly empty. */
  *once(): Generator<Batch> {
    const packer = this.#start();
    while (packer.placed < this.#pieces.length) yield this.#fill(packer.next(this.#pieces.length));
  }

  #start(): Packer {
    return new Packer(this.#pieces, this.#size.rows, this.#size.length, this.#random);
  }

  #fill(plan: readonly (readonly Piece[])[]): Batch {
    const arrays = this.#arrays;
    // Segment 0 is what is left empty: it sees itself only, with no weight.
    for (const array of Object.values(arrays)) array.fill(0);
    let filled = 0;
    let total = 0;
    for (const [r, row] of plan.entries()) {
      let at = r * this.#size.length;
      for (const [i, piece] of row.entries()) {
        total += this.#put(piece, at, i + 1);
        at += piece.length;
        filled += piece.length;
      }
    }
    return { ...arrays, filled, total };
  }

  #put({ document, start, length }: Piece, at: number, segment: number): number {
    const { tokens, weights, soft } = this.#documents[document] as Document;
    const { targets } = this.#size;
    const arrays = this.#arrays;
    let total = 0;
    for (let i = 0; i < length; i++) {
      const place = at + i;
      const from = start + i;
      const weight = weights === undefined ? 1 : (weights[from + 1] as number);
      arrays.tokens[place] = tokens[from] as number;
      arrays.segments[place] = segment;
      arrays.weight[place] = weight;
      total += weight;
      const target = soft?.[from + 1];
      const row = place * targets;
      if (target === null || target === undefined) {
        arrays.ids[row] = tokens[from + 1] as number;
        arrays.probs[row] = 1;
      } else
        writeTarget(
          arrays.ids.subarray(row, row + targets),
          arrays.probs.subarray(row, row + targets),
          target,
        );
    }
    return total;
  }
}
