import { FNV_START, avalanche, fnvStep, hashText } from "../../stats/hash.ts";
import type { Member } from "./member.ts";
import { HOUR } from "./profile.ts";

/** The three kinds of evidence. A cluster formed on one of them is tested on the others. */
export type Modality = "content" | "means" | "time";

/**
 * What an account is indexed under, at most 29 tokens (field/detection.md, 7); the place in this list is the kind's number.
 * Software (JA4, user agent) comes with a program as its template does, so it is no second witness of a shared template.
 */
export const KINDS = [
  { name: "template", modality: "content", most: 12 },
  { name: "wording", modality: "content", most: 4 },
  { name: "network", modality: "means", most: 3 },
  { name: "asn", modality: "means", most: 1 },
  { name: "ja4", modality: "means", most: 1 },
  { name: "agent", modality: "means", most: 1 },
  { name: "payment", modality: "means", most: 1 },
  { name: "mail", modality: "means", most: 1 },
  { name: "signup", modality: "time", most: 1 },
  { name: "start", modality: "time", most: 1 },
  { name: "stop", modality: "time", most: 1 },
  { name: "rhythm", modality: "time", most: 1 },
  { name: "release", modality: "time", most: 1 },
] as const satisfies readonly { name: string; modality: Modality; most: number }[];

export type Kind = (typeof KINDS)[number]["name"];
export const MAX_TOKENS = 29;

const NUMBER_OF = Object.fromEntries(KINDS.map(({ name }, i) => [name, i])) as Record<Kind, number>;

export function kindNumber(kind: Kind): number {
  return NUMBER_OF[kind];
}

/** Bits of the kinds, for tests of membership in inner loops. */
export function maskOf(kinds: readonly Kind[]): number {
  return kinds.reduce((mask, kind) => mask | (1 << NUMBER_OF[kind]), 0);
}

export const SOFTWARE = maskOf(["ja4", "agent"]);
export const MONEY = maskOf(["payment", "mail"]);
/** What an operator has for itself, where networks and programs are the whole world's. */
export const OWN_MEANS = maskOf(["network", "payment", "mail"]);
export const MASK_OF: Readonly<Record<Modality, number>> = {
  content: maskOf(["template", "wording"]),
  means: maskOf(["network", "asn", "ja4", "agent", "payment", "mail"]),
  time: maskOf(["signup", "start", "stop", "rhythm", "release"]),
};

/** A token is kind × 2^32 + a 32-bit hash: exact in a float. */
export function kindOfCode(code: number): number {
  return Math.floor(code / 2 ** 32);
}

/** When the population begins and ends (ms since the epoch), and when each model was first used in it. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly releases: ReadonlyMap<number, number>;
}

const BUCKET = 6 * HOUR;
const DAY = 24 * HOUR;
/** An account that was quiet for the last two days has stopped. */
const QUIET = 2 * DAY;
/** Of the heaviest wording: more are as likely to be another template's. */
const WORDING_READ = 24;
const BAND_ROWS = 2;
const RHYTHM_HOURS = 3;
const RHYTHM_MIN = 8;

/** Calls `emit(kind, hash)` for each token of an account, at most 29 times. */
export function tokensOf(member: Member, span: Span, emit: (kind: number, hash: number) => void): void {
  const { profile, facts } = member;
  const put = (kind: Kind, hash: number): void => emit(NUMBER_OF[kind], hash >>> 0);
  for (const hash of firstDistinct(member.templates, KINDS[0].most)) put("template", hash);
  for (const band of bandsOf(member.wording)) put("wording", band);

  for (const { key } of profile.frequent("network", 3)) put("network", key);
  for (const kind of ["asn", "ja4", "agent"] as const)
    for (const { key } of profile.frequent(kind, 1)) put(kind, key);
  if (facts?.payment) put("payment", hashText(facts.payment));
  if (facts?.emailDomain) put("mail", hashText(facts.emailDomain.toLowerCase()));

  if (facts?.createdAt) put("signup", bucket(Date.parse(facts.createdAt)));
  if (profile.first === 0) return;
  put("start", bucket(profile.first));
  if (profile.last < span.end - QUIET) put("stop", bucket(profile.last));
  const rhythm = rhythmOf(profile.activeHours(Math.floor(span.end / HOUR)));
  if (rhythm !== null) put("rhythm", rhythm);
  const reaction = reactionOf(member, span);
  if (reaction !== null) put("release", reaction);
}

/** MinHash bands of the wording that returns: two accounts whose templates share most of their wording share one. */
function bandsOf(wording: readonly number[]): number[] {
  const heavy = firstDistinct(wording, WORDING_READ);
  if (heavy.length < BAND_ROWS) return [];
  return Array.from({ length: KINDS[1].most }, (_, band) => {
    let hash = fnvStep(FNV_START, band);
    for (let row = 0; row < BAND_ROWS; row++) {
      let least = 0xffffffff;
      const seed = avalanche(band * BAND_ROWS + row + 1);
      for (const triple of heavy) least = Math.min(least, avalanche(triple ^ seed));
      hash = fnvStep(hash, least);
    }
    return avalanche(hash);
  });
}

/** Equal with the probability of their Jaccard similarity cubed for two sets of active hours. */
function rhythmOf(hours: readonly number[]): number | null {
  if (hours.length < RHYTHM_MIN) return null;
  let hash = FNV_START;
  for (let row = 0; row < RHYTHM_HOURS; row++) {
    const seed = avalanche(row + 101);
    let least = 0xffffffff;
    for (const hour of hours) least = Math.min(least, avalanche(hour ^ seed));
    hash = fnvStep(hash, least);
  }
  return avalanche(hash);
}

/** The model that an account already at work took up within a day of its release, and in which two hours. */
function reactionOf(member: Member, span: Span): number | null {
  for (const { key, first } of member.profile.models()) {
    const released = span.releases.get(key);
    if (released === undefined || released < span.start + DAY) continue;
    const after = first - released;
    if (member.profile.first < released - DAY && after >= 0 && after < DAY)
      return avalanche(fnvStep(fnvStep(FNV_START, key), Math.floor(after / (2 * HOUR))));
  }
  return null;
}

function bucket(time: number): number {
  return Number.isFinite(time) ? avalanche(Math.floor(time / BUCKET)) : 0;
}

function firstDistinct(list: readonly number[], limit: number): number[] {
  return [...new Set(list.slice(0, 8 * limit))].slice(0, limit);
}
