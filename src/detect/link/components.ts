/** Disjoint sets over 0..size-1 (union by smaller root, so that the result does not depend on the order of joining). */
export class Components {
  readonly #parent: Uint32Array;

  constructor(size: number) {
    this.#parent = Uint32Array.from({ length: size }, (_, i) => i);
  }

  /** The smallest element of the set. */
  root(of: number): number {
    const parent = this.#parent;
    let root = of;
    while ((parent[root] as number) !== root) root = parent[root] as number;
    for (let at = of; at !== root;) {
      const next = parent[at] as number;
      parent[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const x = this.root(a);
    const y = this.root(b);
    if (x < y) this.#parent[y] = x;
    else this.#parent[x] = y;
  }
}
