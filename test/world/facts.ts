import type { Account, Limits } from "../../src/exchange/account.ts";
import type { Random } from "../../src/stats/random.ts";
import type { Archetype } from "./actor.ts";
import { DAY, HOUR, RELEASE, START } from "./clock.ts";
import type { PlaceKind } from "./infrastructure.ts";
import type { Language } from "./words.ts";

export type Plan = "free" | "self-serve" | "business" | "enterprise";

/** What a provider knows of a plausible customer before any traffic; a harvester's look no different, but for their age. */
export function factsOf(
  random: Random,
  id: string,
  archetype: Archetype,
  language: Language,
  start: number,
): Account {
  const plan = planOf(random, archetype);
  const country = random.pick(COUNTRIES[language]);
  const company = plan === "business" || plan === "enterprise" || random.chance(0.15);
  const firm = `${random.pick(FIRM)}-${random.pick(TRADE)}`;
  return {
    account: id,
    createdAt: new Date(signUp(random, archetype.kind === "harvest" ? 0.5 : 0.15, start)).toISOString(),
    plan,
    organization: company && random.chance(0.8) ? firm : null,
    emailDomain: company ? `${firm}${random.below(40)}.example` : random.pick(MAIL[language] ?? PUBLIC),
    payment: plan === "free" ? null : `pay-${random.uint32().toString(16)}`,
    country,
    verified: random.chance(company ? 0.8 : 0.4),
    limits: LIMITS[plan],
  };
}

function planOf(random: Random, { kind }: Archetype): Plan {
  const u = random.uniform();
  if (kind === "person") return u < 0.45 ? "free" : u < 0.92 ? "self-serve" : "business";
  if (kind === "harvest")
    return u < 0.25 ? "free" : u < 0.8 ? "self-serve" : u < 0.97 ? "business" : "enterprise";
  return u < 0.08 ? "free" : u < 0.5 ? "self-serve" : u < 0.87 ? "business" : "enterprise";
}

export const LIMITS: Readonly<Record<Plan, Limits>> = {
  free: { requestsPerMinute: 20, requestsPerDay: 1500 },
  "self-serve": { requestsPerMinute: 500, tokensPerDay: 5_000_000 },
  business: { requestsPerMinute: 3000 },
  enterprise: { requestsPerMinute: 10_000 },
};

/** Days on which many signed up at once: launches. */
const LAUNCHES = [START - 210 * DAY, START - 60 * DAY, RELEASE];

/** When the account was made: mostly long ago, some just before their first request, many on a launch day. */
function signUp(random: Random, fresh: number, start: number): number {
  const launch = random.pick(LAUNCHES) + random.below(24) * HOUR + random.below(HOUR);
  if (random.chance(0.15) && launch < start) return launch;
  if (random.chance(fresh))
    return start - HOUR * random.uniform() - DAY * Math.floor(30 * random.uniform() ** 2);
  return start - HOUR - Math.floor(-Math.log(1 - random.uniform()) * 250) * DAY - random.below(24) * HOUR;
}

/** Hours east of Greenwich, about. */
export const ZONES: Readonly<Record<string, number>> = {
  US: -6,
  CA: -5,
  MX: -6,
  BR: -3,
  AR: -3,
  CO: -5,
  GB: 0,
  NG: 1,
  KE: 3,
  DE: 1,
  AT: 1,
  CH: 1,
  FR: 1,
  BE: 1,
  ES: 1,
  PT: 0,
  SE: 1,
  IN: 5,
  CN: 8,
  SG: 8,
  TW: 8,
  JP: 9,
};

const COUNTRIES: Readonly<Record<Language, readonly string[]>> = {
  en: ["US", "US", "US", "GB", "IN", "IN", "CA", "NG", "KE", "SE", "SG", "DE", "BR", "CN"],
  de: ["DE", "DE", "AT", "CH"],
  es: ["ES", "MX", "AR", "CO"],
  zh: ["CN", "CN", "CN", "TW", "SG"],
  fr: ["FR", "FR", "BE", "CA"],
  pt: ["BR", "BR", "PT"],
  ja: ["JP"],
};

export const PUBLIC = [
  "gmail.com",
  "gmail.com",
  "gmail.com",
  "outlook.com",
  "hotmail.com",
  "yahoo.com",
  "proton.me",
  "icloud.com",
];
const MAIL: Readonly<Partial<Record<Language, readonly string[]>>> = {
  de: ["gmail.com", "gmx.de", "web.de", "outlook.com"],
  fr: ["gmail.com", "orange.fr", "outlook.fr", "free.fr"],
  ja: ["gmail.com", "yahoo.co.jp", "outlook.jp"],
  zh: ["qq.com", "163.com", "gmail.com", "126.com", "outlook.com"],
};
const FIRM = [
  "north",
  "blue",
  "alder",
  "quick",
  "stone",
  "river",
  "bright",
  "open",
  "prime",
  "green",
  "iron",
  "clear",
  "high",
  "next",
  "silver",
  "union",
  "delta",
  "urban",
];
const TRADE = [
  "logistics",
  "retail",
  "health",
  "labs",
  "media",
  "insurance",
  "travel",
  "legal",
  "foods",
  "motors",
  "games",
  "bank",
  "energy",
  "school",
  "studio",
  "systems",
];

/** Where accounts of a kind usually ask from. */
export function placeKindOf(random: Random, { kind }: Archetype): PlaceKind {
  const u = random.uniform();
  if (kind === "person")
    return u < 0.55 ? "home" : u < 0.7 ? "mobile" : u < 0.82 ? "office" : u < 0.92 ? "vpn" : "cloud";
  if (kind === "harvest") return u < 0.6 ? "cloud" : u < 0.75 ? "vpn" : u < 0.9 ? "home" : "serverless";
  return u < 0.6 ? "cloud" : u < 0.85 ? "serverless" : u < 0.95 ? "office" : "home";
}
