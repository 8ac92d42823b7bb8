/** What a pair of tokens becomes; the lowest rank is joined first. */
export interface Join {
  readonly rank: number;
  readonly made: number;
}

/**
 * The tokens that are left when the pair of lowest rank is joined, everywhere it stands and from the left, until no pair
 * can be joined. For n tokens O(n log n): pairs wait in a heap by rank and place, and tokens are a linked list over their
 * first places. `joinOf` must give each pair a rank of its own, and make a token that is neither of the two.
 */
export function joinLongWord(
  tokens: readonly number[],
  joinOf: (left: number, right: number) => Join | undefined,
): number[] {
  const n = tokens.length;
  // The end of the list is n; a token that was joined to the one before it is -1.
  const token = Int32Array.from(tokens);
  const next = Int32Array.from({ length: n }, (_, i) => i + 1);
  const before = Int32Array.from({ length: n + 1 }, (_, i) => i - 1);
  const joinAt = (at: number): Join | undefined => {
    const after = at < 0 ? n : (next[at] as number);
    return after < n ? joinOf(token[at] as number, token[after] as number) : undefined;
  };
  const waiting = new Heap(2 * n);
  const wait = (at: number): void => {
    const join = joinAt(at);
    // Below 2^53 for a million ranks and any text that fits memory.
    if (join !== undefined) waiting.push(join.rank * n + at);
  };
  for (let at = 0; at + 1 < n; at++) wait(at);

  const places: number[] = [];
  while (waiting.size > 0) {
    // All of one rank before what comes of them, which in a foreign vocabulary may have a lower rank.
    const rank = Math.floor(waiting.least / n);
    places.length = 0;
    while (waiting.size > 0 && waiting.least < (rank + 1) * n) places.push(waiting.pop() - rank * n);
    for (const at of places) {
      // Not when another join took one of the two.
      if (token[at] === -1) continue;
      const join = joinAt(at);
      if (join?.rank !== rank) continue;
      const gone = next[at] as number;
      const after = next[gone] as number;
      token[at] = join.made;
      token[gone] = -1;
      next[at] = after;
      before[after] = at;
      wait(before[at] as number);
      wait(at);
    }
  }
  return Array.from(token.filter((id) => id >= 0));
}

/** Numbers by size, in a binary heap. */
class Heap {
  size = 0;
  readonly #items: Float64Array;

  /** At most `most` at a time. */
  constructor(most: number) {
    this.#items = new Float64Array(most);
  }

  get least(): number {
    return this.#items[0] as number;
  }

  push(item: number): void {
    const items = this.#items;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent] as number) <= item) break;
      items[at] = items[parent] as number;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const items = this.#items;
    const least = this.least;
    const item = items[--this.size] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && (items[child + 1] as number) < (items[child] as number)) child++;
      if ((items[child] as number) >= item) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = item;
    return least;
  }
}
