import { Domains } from "./declared.ts";
import { byAccount, type Member } from "./member.ts";
import { HOUR, HOURS_KEPT } from "./profile.ts";
import { kindNumber, kindOfCode, MASK_OF, MAX_TOKENS, type Span, tokensOf } from "./token.ts";

/** A token that more than this share of the accounts have says nothing about two of them (field/detection.md, 7) … */
const COMMON_SHARE = 0.05;
/** … but in a small population one campaign can be the larger part of it. */
const COMMON_FLOOR = 400;
/** A template may be a large campaign's (published ones had thousands of accounts), so it is capped less tightly. */
const COMMON_TEMPLATE_SHARE = 0.25;

const MAIL = kindNumber("mail");

/** All accounts with their tokens, as flat arrays. An account or token is named by its place. */
export interface Population {
  /** By account id, whatever order they were given in. */
  readonly members: readonly Member[];
  readonly domains: Domains;
  readonly span: Span;
  /** Tokens that at least two accounts have and not too many. Those of account i: tokens[offsets[i] .. offsets[i + 1]]. */
  readonly offsets: Uint32Array;
  readonly tokens: Uint32Array;
  readonly kinds: Uint8Array;
  /** Accounts that have the token. */
  readonly frequency: Uint32Array;
  /** 0 for tokens that are common: those form clusters, they do not witness. */
  readonly weight: Float64Array;
  /** Active hours of account i in the last two weeks, 0..335: hours[hourOffsets[i] .. hourOffsets[i + 1]]. */
  readonly hourOffsets: Uint32Array;
  readonly hours: Uint16Array;
}

/** @param end when the population is looked at (ms since the epoch); accounts whose clock runs ahead count as there. */
export function populationOf(given: readonly Member[], end: number): Population {
  const members = [...given].sort(byAccount);
  const domains = new Domains(members);
  const span = spanOf(members, end);
  const { codes, owners } = collect(members, span, domains);
  return { members, domains, span, ...index(codes, owners, members.length), ...activity(members, span) };
}

function spanOf(members: readonly Member[], end: number): Span {
  let start = end;
  const releases = new Map<number, number>();
  for (const { profile } of members) {
    if (profile.first > 0) start = Math.min(start, profile.first);
    for (const { key, first } of profile.models()) {
      if (first < (releases.get(key) ?? Infinity)) releases.set(key, first);
    }
  }
  return { start, end, releases };
}

function collect(
  members: readonly Member[],
  span: Span,
  domains: Domains,
): { codes: Float64Array; owners: Uint32Array } {
  const codes = new Float64Array(members.length * MAX_TOKENS);
  const owners = new Uint32Array(codes.length);
  let filled = 0;
  for (const [i, member] of members.entries()) {
    tokensOf(member, span, (kind, hash) => {
      // A public mail service joins nobody, and consumers use one more than companies do.
      if (kind === MAIL && domains.isPublic(member.facts?.emailDomain ?? "")) return;
      codes[filled] = kind * 2 ** 32 + hash;
      owners[filled] = i;
      filled++;
    });
  }
  return { codes: codes.subarray(0, filled), owners: owners.subarray(0, filled) };
}

/** Numbers the tokens by sorting: a hash table of millions of strangers' keys could be flooded. */
function index(
  codes: Float64Array,
  owners: Uint32Array,
  accounts: number,
): Pick<Population, "offsets" | "tokens" | "kinds" | "frequency" | "weight"> {
  const sorted = codes.slice().sort();
  const kept: { code: number; frequency: number }[] = [];
  const cap = Math.max(COMMON_SHARE * accounts, Math.min(COMMON_FLOOR, accounts / 2));
  const templateCap = Math.max(cap, COMMON_TEMPLATE_SHARE * accounts);
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    const code = sorted[from] as number;
    while (to < sorted.length && sorted[to] === code) to++;
    const content = (MASK_OF.content >>> kindOfCode(code)) & 1;
    if (to - from >= 2 && to - from <= (content ? templateCap : cap))
      kept.push({ code, frequency: to - from });
  }
  const known = Float64Array.from(kept, ({ code }) => code);
  const offsets = new Uint32Array(accounts + 1);
  const tokens = new Uint32Array(codes.length);
  let filled = 0;
  for (let at = 0, account = 0; account < accounts; account++) {
    offsets[account] = filled;
    for (; at < codes.length && owners[at] === account; at++) {
      const id = placeOf(known, codes[at] as number);
      if (id >= 0 && !tokens.subarray(offsets[account], filled).includes(id)) tokens[filled++] = id;
    }
  }
  offsets[accounts] = filled;
  return {
    offsets,
    tokens: tokens.slice(0, filled),
    kinds: Uint8Array.from(kept, ({ code }) => kindOfCode(code)),
    frequency: Uint32Array.from(kept, ({ frequency }) => frequency),
    // Squared, so that the many coincidences of common tokens do not drown the few of rare ones.
    weight: Float64Array.from(kept, ({ frequency }) =>
      frequency > cap ? 0 : Math.log(accounts / frequency) ** 2,
    ),
  };
}

function activity(members: readonly Member[], span: Span): Pick<Population, "hourOffsets" | "hours"> {
  const endHour = Math.floor(span.end / HOUR);
  const firstHour = endHour - HOURS_KEPT + 1;
  const hourOffsets = new Uint32Array(members.length + 1);
  let hours = new Uint16Array(members.length * 32 + HOURS_KEPT);
  let filled = 0;
  for (const [i, { profile }] of members.entries()) {
    hourOffsets[i] = filled;
    if (filled + HOURS_KEPT > hours.length) {
      const larger = new Uint16Array(hours.length * 2);
      larger.set(hours);
      hours = larger;
    }
    for (const hour of profile.activeHours(endHour)) hours[filled++] = hour - firstHour;
  }
  hourOffsets[members.length] = filled;
  return { hourOffsets, hours: hours.slice(0, filled) };
}

/** Place of a value in an ascending array without repeats; -1 when it is not there. */
export function placeOf(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === value ? low : -1;
}
