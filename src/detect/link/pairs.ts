import type { Candidate } from "./candidates.ts";
import { Components } from "./components.ts";
import { placeOf, type Population } from "./population.ts";
import { runsOf } from "./runs.ts";
import { kindNumber, MASK_OF, maskOf, type Kind, type Modality } from "./token.ts";

/** One kind follows from the other: an address range has one network, a program one TLS hello, and who signs up starts. */
const DEPENDENT: readonly (readonly [Kind, Kind])[] = [
  ["network", "asn"],
  ["ja4", "agent"],
  ["signup", "start"],
];
/** A means of payment is shared on purpose: on its own it is ground enough for a candidate. */
const ALONE = maskOf(["payment"]);
const MIN_TOGETHER = 3;
/** Over-dense: that many times what independent tokens would give, beside the tail probability. */
const MIN_LIFT = 5;
const MARGIN = 5;
const MOSTLY = 0.7;
/** A component above this is taken apart … */
const LARGE_SHARE = 0.02;
const LARGE_FLOOR = 1000;
/** … and again above a quarter and a sixteenth of it: in a small population chance joins most accounts below the first size. */
const SCALES = [1, 4, 16];
const CUTS = 12;
const PAIR = 2 ** 26;

interface Key {
  readonly accounts: number[];
  /** Minus the log of the tail probability. */
  readonly surprise: number;
}

/**
 * Accounts joined by composite keys of one modality (an address range and a user agent, a sign-up bucket and a last
 * day …) that more accounts have than independent tokens would give: log P(Poisson(e) >= c) <= c - e - c log(c / e), with
 * e from the two margins (Chernoff).
 */
export function formOnPairs(population: Population, modality: Modality): Candidate[] {
  const keys = significantKeys(population, modality);
  const large = Math.max(LARGE_FLOOR, LARGE_SHARE * population.members.length);
  const found = new Map<string, Component>();
  for (const scale of SCALES) {
    const components = componentsOf(keys, population.members.length, large / scale, CUTS);
    for (const each of joinedByTokens(population, modality, components, large / scale)) {
      const name = each.accounts.join();
      if (!found.has(name)) found.set(name, each);
    }
  }
  return [...found.values()].map(({ accounts, surprise }) => ({ formedOn: modality, accounts, surprise }));
}

interface Component {
  readonly accounts: Uint32Array;
  readonly surprise: number;
}

/**
 * A token most of whose accounts are in some component joins those components: one pool of addresses paid with different
 * cards. A token of many others (a large provider, a popular program) joins nothing.
 */
function joinedByTokens(
  population: Population,
  modality: Modality,
  components: readonly Component[],
  large: number,
): Component[] {
  const { offsets, tokens, kinds, frequency, weight } = population;
  const inside = new Map<number, { accounts: number; components: Set<number> }>();
  for (const [at, { accounts }] of components.entries()) {
    for (const account of accounts) {
      for (let t = offsets[account] as number; t < (offsets[account + 1] as number); t++) {
        const token = tokens[t] as number;
        if (((MASK_OF[modality] >>> (kinds[token] as number)) & 1) === 0 || weight[token] === 0) continue;
        const met = inside.get(token) ?? { accounts: 0, components: new Set<number>() };
        met.accounts++;
        met.components.add(at);
        inside.set(token, met);
      }
    }
  }
  const sets = new Components(components.length);
  const sizes = components.map(({ accounts }) => accounts.length);
  for (const [token, met] of [...inside].sort((a, b) => a[0] - b[0])) {
    if (met.components.size < 2 || met.accounts < MOSTLY * (frequency[token] as number)) continue;
    const [first = 0, ...rest] = met.components;
    for (const other of rest) {
      const a = sets.root(first);
      const b = sets.root(other);
      const both = (sizes[a] as number) + (sizes[b] as number);
      if (a === b || both > large) continue;
      sets.join(a, b);
      sizes[sets.root(a)] = both;
    }
  }
  const grouped = new Map<number, Component[]>();
  for (const [at, component] of components.entries()) {
    const root = sets.root(at);
    const list = grouped.get(root);
    if (list) list.push(component);
    else grouped.set(root, [component]);
  }
  return [...grouped.values()].map((parts) => ({
    accounts: Uint32Array.from(new Set(parts.flatMap(({ accounts }) => [...accounts]))).sort(),
    surprise: parts.reduce((sum, { surprise }) => sum + surprise, 0),
  }));
}

function significantKeys(population: Population, modality: Modality): Key[] {
  const { members, frequency } = population;
  const codesAt = codesIn(population, modality);
  let size = 0;
  for (let i = 0; i < members.length; i++) size += codesAt(i).length;
  const codes = new Float64Array(size);
  let filled = 0;
  for (let i = 0; i < members.length; i++) for (const code of codesAt(i)) codes[filled++] = code;

  const counted = runsOf(codes)
    .filter(({ times }) => times >= MIN_TOGETHER)
    .toArray();
  const bar = Math.log(Math.max(1, size)) + MARGIN;
  const kept = counted.flatMap(({ value, times }) => {
    const a = Math.floor(value / PAIR);
    const b = value % PAIR;
    const expected = ((frequency[a] as number) * (frequency[b] as number)) / members.length;
    // A key of one token stands for itself; how surprising it is follows from its rarity.
    const surprise =
      a === b
        ? times * Math.log(members.length / times)
        : times <= MIN_LIFT * expected
          ? 0
          : times * Math.log(times / expected) + expected - times;
    return surprise >= bar ? [{ value, surprise }] : [];
  });

  const places = Float64Array.from(kept, ({ value }) => value);
  const keys: Key[] = kept.map(({ surprise }) => ({ accounts: [], surprise }));
  for (let i = 0; i < members.length; i++) {
    for (const code of codesAt(i)) {
      const key = placeOf(places, code);
      if (key >= 0) (keys[key] as Key).accounts.push(i);
    }
  }
  return keys;
}

/** Codes of the pairs of an account's tokens that may form a key; the returned list is reused. */
function codesIn(population: Population, modality: Modality): (account: number) => readonly number[] {
  const { offsets, tokens, kinds, weight } = population;
  const mask = MASK_OF[modality];
  const dependent = new Set(
    DEPENDENT.flatMap(([a, b]) => [
      pairOf(kindNumber(a), kindNumber(b)),
      pairOf(kindNumber(b), kindNumber(a)),
    ]),
  );
  const codes: number[] = [];
  return (account) => {
    codes.length = 0;
    const end = offsets[account + 1] as number;
    for (let i = offsets[account] as number; i < end; i++) {
      const a = tokens[i] as number;
      const kind = kinds[a] as number;
      if (((mask >>> kind) & 1) === 0 || weight[a] === 0) continue;
      if ((ALONE >>> kind) & 1) codes.push(a * PAIR + a);
      for (let j = i + 1; j < end; j++) {
        const b = tokens[j] as number;
        const other = kinds[b] as number;
        if (((mask >>> other) & 1) === 0 || weight[b] === 0 || dependent.has(pairOf(kind, other))) continue;
        codes.push(Math.min(a, b) * PAIR + Math.max(a, b));
      }
    }
    return codes;
  };
}

function pairOf(a: number, b: number): number {
  return a * 32 + b;
}

/**
 * Unions of keys that share accounts. One token that everybody has (a VPN's exit, a popular program) could join half the
 * population: such a component is taken apart into its stronger and its weaker keys, again and again; after the last cut
 * each key stands alone.
 */
function componentsOf(keys: readonly Key[], accounts: number, large: number, cuts: number): Component[] {
  const sets = new Components(accounts);
  for (const key of keys) for (const account of key.accounts) sets.join(key.accounts[0] as number, account);
  const byRoot = new Map<number, Key[]>();
  for (const key of keys) {
    const root = sets.root(key.accounts[0] as number);
    const list = byRoot.get(root);
    if (list) list.push(key);
    else byRoot.set(root, [key]);
  }
  return [...byRoot.values()].flatMap((joined) => {
    const all = unionOf(joined);
    if (all.length <= large || joined.length === 1) {
      return [
        { accounts: all, surprise: joined.reduce((most, { surprise }) => Math.max(most, surprise), 0) },
      ];
    }
    if (cuts === 0)
      return joined.map(({ accounts, surprise }) => ({
        accounts: unionOf([{ accounts, surprise }]),
        surprise,
      }));
    const ranked = joined.toSorted((a, b) => b.surprise - a.surprise);
    const half = Math.ceil(ranked.length / 2);
    return [ranked.slice(0, half), ranked.slice(half)].flatMap((part) =>
      componentsOf(part, accounts, large, cuts - 1),
    );
  });
}

function unionOf(keys: readonly Key[]): Uint32Array {
  return Uint32Array.from(new Set(keys.flatMap(({ accounts }) => accounts))).sort();
}
