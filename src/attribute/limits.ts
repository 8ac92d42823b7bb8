import { nullMoments, type Lattice } from "./lattice.ts";
import type { PermutationP } from "./permutation.ts";
import type { ScoredItem } from "./scores.ts";

/** What the numbers do not show, and what about this file makes them weaker or would make them wrong. */
export function limitsOf(
  items: readonly ScoredItem[],
  lattice: Lattice,
  accounts: number,
  tested: PermutationP,
): string[] {
  return [
    "A small p says that what was served reached the suspect: through its training, a retrieval cache or a republished copy. It does not say who carried it there; a large p does not say that nothing was learned.",
    "It holds if a secret coin chose each served sibling before anybody could know this suspect, if items were chosen without regard to what was served, and if test, items and alpha were settled before the suspect was asked. This file cannot show that; commitments in the ledger can.",
    "The e-value holds under stopping at any time, for items in the order of the file; it does not pay for trying several tests. The interval of the effect takes items as independent, p and e-value do not need that.",
    ...aboutScores(items, lattice),
    ...aboutServed(items),
    ...aboutAccounts(items, accounts),
    ...(tested.method === "monte-carlo" ? ["p is by Monte Carlo: another seed moves it a little."] : []),
  ];
}

function aboutScores(items: readonly ScoredItem[], lattice: Lattice): string[] {
  const said: string[] = [];
  const { informative } = nullMoments(lattice);
  if (informative < items.length)
    said.push(
      `${items.length - informative} of ${items.length} items say nothing: their siblings have the same score, or no weight.`,
    );
  const referenced = items.filter((item) => item.referenced).length;
  if (referenced === 0)
    said.push(
      "No reference scores: subtracting those of the teacher or, better, of the suspect's base model brought the items needed down to a seventh and a twenty-fourth in one laboratory run.",
    );
  else if (referenced < items.length)
    said.push(
      `Only ${referenced} of ${items.length} items have reference scores. That is valid if what was served had no part in it, and mixes two scales.`,
    );
  const smallest = items.reduce((chance, { scores }) => chance - Math.log10(scores.length), 0);
  if (smallest > -6) said.push(`So few items cannot give a p below ${(10 ** smallest).toPrecision(2)}.`);
  return said;
}

// A coin gives every place its share: with k places and 20 items or more one place alone has a chance of k^-19.
function aboutServed(items: readonly ScoredItem[]): string[] {
  const first = items[0]?.served ?? 0;
  if (items.length < 20 || items.some(({ served }) => served !== first)) return [];
  return [
    `"served" is ${first} in all ${items.length} items, so the file does not keep the order in which upstream gave the siblings. p is right only if a coin chose the served one all the same; siblings that were made later or otherwise than the served one make it wrong.`,
  ];
}

function aboutAccounts(items: readonly ScoredItem[], accounts: number): string[] {
  const without = items.filter(({ account }) => account === null).length;
  if (accounts === 0) return [];
  const said = [
    `pHolm pays for the ${accounts} ${accounts === 1 ? "account" : "accounts"} in this file and for no other: accounts left out after a look at the suspect would have to be paid for too.`,
  ];
  if (without > 0) said.push(`${without} items have no account; they count in the whole and name nobody.`);
  return said;
}
