import type { Candidate } from "./candidates.ts";
import { Components } from "./components.ts";
import type { Population } from "./population.ts";
import { runsOf } from "./runs.ts";
import { MASK_OF } from "./token.ts";

/** Tokens of one template are had by the same accounts; two whose accounts are less alike are two templates. */
const SAME_TEMPLATE = 0.5;
/** A template whose parts chain into more than this many times the accounts of its most frequent part has been chained to another. */
const MAX_GROWTH = 1.5;
const PAIR = 2 ** 26;

/**
 * Accounts that share a template or its wording. Tokens (not accounts) are joined, and only where their accounts are
 * mostly the same, so that a token shared by chance joins nothing.
 */
export function formOnContent(population: Population): Candidate[] {
  const { offsets, tokens, kinds, frequency, members } = population;
  const content = (token: number): boolean =>
    ((MASK_OF.content >>> (kinds[token] as number)) & 1) === 1 && (frequency[token] as number) >= 3;
  const mine: number[] = [];
  const tokensAt = (account: number): number[] => {
    mine.length = 0;
    for (let at = offsets[account] as number; at < (offsets[account + 1] as number); at++) {
      const token = tokens[at] as number;
      if (content(token)) mine.push(token);
    }
    return mine.sort((a, b) => a - b);
  };

  const groups = new Components(kinds.length);
  for (const { value, times } of runsOf(pairCodes(members.length, tokensAt))) {
    const a = Math.floor(value / PAIR);
    const b = value % PAIR;
    const either = (frequency[a] as number) + (frequency[b] as number) - times;
    if (times >= SAME_TEMPLATE * either) groups.join(a, b);
  }
  return accountsBy(population, tokensAt, groups);
}

function pairCodes(accounts: number, tokensAt: (account: number) => readonly number[]): Float64Array {
  let size = 0;
  for (let i = 0; i < accounts; i++) {
    const n = tokensAt(i).length;
    size += (n * (n - 1)) / 2;
  }
  const codes = new Float64Array(size);
  let filled = 0;
  for (let i = 0; i < accounts; i++) {
    const mine = tokensAt(i);
    for (let a = 0; a < mine.length; a++)
      for (let b = a + 1; b < mine.length; b++)
        codes[filled++] = (mine[a] as number) * PAIR + (mine[b] as number);
  }
  return codes;
}

function accountsBy(
  { members, frequency }: Population,
  tokensAt: (account: number) => readonly number[],
  groups: Components,
): Candidate[] {
  const largest = new Map<number, number>();
  for (let token = 0; token < frequency.length; token++) {
    const root = groups.root(token);
    largest.set(root, Math.max(largest.get(root) ?? 0, frequency[token] as number));
  }
  const found = new Map<number, number[]>();
  for (let i = 0; i < members.length; i++) {
    for (const root of new Set(tokensAt(i).map((token) => groups.root(token)))) {
      const list = found.get(root);
      if (list) list.push(i);
      else found.set(root, [i]);
    }
  }
  const candidates: Candidate[] = [];
  for (const [root, accounts] of found) {
    // Chained together out of many small overlaps: no one template, so nothing to say about all of them.
    if (accounts.length > MAX_GROWTH * (largest.get(root) as number) + 4) continue;
    const rarity = Math.log(members.length / accounts.length);
    candidates.push({
      formedOn: "content",
      accounts: Uint32Array.from(accounts),
      surprise: accounts.length * rarity,
    });
  }
  return candidates;
}
