import type { Random } from "../../stats/random.ts";

/** Part of a document that fits a row: `length` positions from `start`, each predicting the token after it. */
export interface Piece {
  readonly document: number;
  readonly start: number;
  readonly length: number;
}

/** Where pieces lie in a batch: for each row, one after another from position 0. */
export type Plan = readonly (readonly Piece[])[];

/** Pieces that fitted nowhere and wait for the next batch; more of them fill rows better and delay longer. */
const WAITING = 64;

/** A document of n tokens has n - 1 positions. One that is too long is cut; each token but its first is still predicted once. */
export function cutPieces(lengths: readonly number[], row: number): Piece[] {
  return lengths.flatMap((tokens, document) => {
    const pieces: Piece[] = [];
    for (let start = 0; start < tokens - 1; start += row)
      pieces.push({ document, start, length: Math.min(row, tokens - 1 - start) });
    return pieces;
  });
}

/**
 * Batches without end: every epoch all pieces once, in an order of its own that `random` decides (in the given order without it),
 * each put into the fullest row that has room. The same arguments give the same batches.
 */
export class Packer {
  readonly #pieces: readonly Piece[];
  readonly #rows: number;
  readonly #length: number;
  readonly #random: Random | null;
  #order: Uint32Array = new Uint32Array();
  #next = 0;
  #waiting: Piece[] = [];
  /** Pieces that were put into a batch so far. */
  placed = 0;

  constructor(pieces: readonly Piece[], rows: number, length: number, random: Random | null) {
    this.#pieces = pieces;
    this.#rows = rows;
    this.#length = length;
    this.#random = random;
  }

  /** The next batch. No more than `last` pieces are taken in all, so that a pass ends where it should. */
  next(last: number): Plan {
    const rows: Piece[][] = Array.from({ length: this.#rows }, () => []);
    const room = new Int32Array(this.#rows).fill(this.#length);
    const place = (piece: Piece): boolean => {
      let best = -1;
      for (let r = 0; r < room.length; r++)
        if ((room[r] as number) >= piece.length && (best < 0 || (room[r] as number) < (room[best] as number)))
          best = r;
      if (best < 0) return false;
      (rows[best] as Piece[]).push(piece);
      room[best] = (room[best] as number) - piece.length;
      this.placed++;
      return true;
    };
    this.#waiting = this.#waiting.filter((piece) => !place(piece));
    while (
      this.#waiting.length < WAITING &&
      this.placed + this.#waiting.length < last &&
      room.some((left) => left > 0)
    ) {
      const piece = this.#take();
      if (!place(piece)) this.#waiting.push(piece);
    }
    return rows;
  }

  #take(): Piece {
    const at = this.#next % this.#pieces.length;
    if (at === 0) this.#order = this.#shuffled(this.#next / this.#pieces.length);
    this.#next++;
    return this.#pieces[this.#order[at] as number] as Piece;
  }

  /** Fisher and Yates. */
  #shuffled(epoch: number): Uint32Array {
    const order = Uint32Array.from(this.#pieces.keys());
    const random = this.#random?.fork(`epoch ${epoch}`);
    if (random === undefined) return order;
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      const kept = order[i] as number;
      order[i] = order[j] as number;
      order[j] = kept;
    }
    return order;
  }
}
