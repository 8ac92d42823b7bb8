import { type Random, seeded } from "../../src/stats/random.ts";

/** Items to be worked off, by number: an item's text is drawn from its number, so that the same list is the same texts. */
export interface Worklist {
  readonly name: string;
  readonly size: number;
  /** The part of the list that one account works off. */
  readonly part:
    | { readonly kind: "slice"; readonly from: number; readonly to: number }
    | { readonly kind: "residue"; readonly modulus: number; readonly residue: number }
    | { readonly kind: "any" };
}

/** Numbers of items in the order in which an account takes them; from the beginning again when all are done. */
export function numbers({ size, part }: Worklist, random: Random): () => number {
  let at = -1;
  switch (part.kind) {
    case "slice":
      return () => part.from + (++at % Math.max(1, part.to - part.from));
    case "residue": {
      const many = Math.max(1, Math.ceil((size - part.residue) / part.modulus));
      return () => part.residue + part.modulus * (++at % many);
    }
    case "any":
      return () => random.below(size);
  }
}

export function items(list: Worklist, random: Random): () => Random {
  const next = numbers(list, random);
  return () => seeded(`${list.name}/${next()}`);
}
