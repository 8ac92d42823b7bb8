import type { Member } from "./member.ts";

/** An e-mail domain that more of all accounts have, without one organisation behind it, is a public mail service. */
const PUBLIC_SHARE = 0.02;
const PUBLIC_FLOOR = 20;
/** Accounts of one domain that were registered within this time were registered by a machine, unless they say more than the domain. */
const BULK = 72 * 3_600_000;

/** Of a campaign most of the accounts must not stand under one declared identity. */
export const CONCEALED_BAR = 0.5;

/** How openly the accounts of a cluster belong together. */
export interface Declared {
  /** The identity that most of them declare, e.g. `organisation Acme`; null when none covers two. */
  readonly identity: string | null;
  /** Share of the accounts that it covers, 0..1. */
  readonly share: number;
  /** Share of the accounts that the accounts file knows. */
  readonly known: number;
}

/** E-mail domains of a population: how many accounts each has, and whether one organisation stands behind most of them. */
export class Domains {
  readonly #public = new Set<string>();
  readonly #owned = new Set<string>();

  constructor(members: readonly Member[]) {
    const counts = new Map<string, Map<string, number>>();
    for (const { facts } of members) {
      const domain = facts?.emailDomain?.toLowerCase();
      if (!domain) continue;
      const organizations = counts.get(domain) ?? new Map<string, number>();
      counts.set(domain, organizations);
      const name = nameOf(facts?.organization);
      organizations.set(name, (organizations.get(name) ?? 0) + 1);
    }
    const most = Math.max(PUBLIC_FLOOR, PUBLIC_SHARE * members.length);
    for (const [domain, organizations] of counts) {
      let accounts = 0;
      let largest = 0;
      for (const [name, n] of organizations) {
        accounts += n;
        if (name !== "") largest = Math.max(largest, n);
      }
      if (largest >= accounts / 2) this.#owned.add(domain);
      else if (accounts > most) this.#public.add(domain);
    }
  }

  isPublic(domain: string): boolean {
    return this.#public.has(domain.toLowerCase());
  }

  /** One organisation is named by at least half of all accounts that have the domain. */
  isOwned(domain: string): boolean {
    return this.#owned.has(domain.toLowerCase());
  }
}

/**
 * The identity declared by most of a cluster. An organisation counts where more than its name stands for it: a verified
 * account, a business plan, or a domain of its own or means of payment that most of those who name it share; anybody can
 * type a name. A domain counts where one organisation, verification or a business plan stands behind most of its accounts:
 * in a population of a few hundred a public mail service has too few accounts to be told by their number. A shared means
 * of payment is no declaration: it names nobody, and verified faces with one card are how pools of accounts are bought
 * (field/detection.md, 1). It links them.
 */
export function declaredBy(members: readonly Member[], domains: Domains): Declared {
  const known = members.filter(({ facts }) => facts !== null).length / members.length;
  const claims = standing(members, domains).sort(
    (a, b) => b.who.length - a.who.length || (a.identity < b.identity ? -1 : 1),
  );
  const [widest] = claims;
  return {
    identity: widest?.identity ?? null,
    share: widest ? widest.who.length / members.length : 0,
    known,
  };
}

/** For each account the number (from 1) of the declared identity it stands under with another one; 0 = none. */
export function unitsOf(members: readonly Member[], domains: Domains): Uint32Array {
  const units = new Uint32Array(members.length);
  const place = new Map(members.map((member, i) => [member, i]));
  let unit = 0;
  for (const { who } of standing(members, domains)) {
    unit++;
    for (const member of who) {
      const at = place.get(member) as number;
      if (units[at] === 0) units[at] = unit;
    }
  }
  return units;
}

/**
 * One account of each declared identity, and all without one: that a company's accounts coincide is no news, and three
 * companies are three, whatever they have inside. Tests are between such.
 */
export function oneOfEach(accounts: Uint32Array, units: Uint32Array): Uint32Array {
  const met = new Set<number>();
  return accounts.filter((account) => {
    const unit = units[account] as number;
    if (unit === 0) return true;
    if (met.has(unit)) return false;
    met.add(unit);
    return true;
  });
}

/** The accounts of a population that `oneOfEach` would drop. */
export function repeatsOf(units: Uint32Array): Set<number> {
  const kept = new Set(oneOfEach(Uint32Array.from(units.keys()), units));
  return new Set([...units.keys()].filter((account) => !kept.has(account)));
}

interface Claim {
  readonly identity: string;
  readonly who: readonly Member[];
}

function claimsBy(members: readonly Member[], identityOf: (member: Member) => string | null): Claim[] {
  const who = new Map<string, Member[]>();
  for (const member of members) {
    const identity = identityOf(member);
    if (identity === null) continue;
    const list = who.get(identity);
    if (list) list.push(member);
    else who.set(identity, [member]);
  }
  return [...who].filter(([, list]) => list.length >= 2).map(([identity, list]) => ({ identity, who: list }));
}

function organizationOf({ facts }: Member): string | null {
  const name = nameOf(facts?.organization);
  return name === "" ? null : `organisation ${name}`;
}

function domainOf({ facts }: Member, domains: Domains): string | null {
  const domain = facts?.emailDomain?.toLowerCase();
  return domain && !domains.isPublic(domain) ? `e-mail domain ${domain}` : null;
}

function standing(members: readonly Member[], domains: Domains): Claim[] {
  return [
    ...claimsBy(members, organizationOf).filter(({ who }) => stands(who, domains)),
    ...claimsBy(members, (m) => domainOf(m, domains)).filter(({ who }) => domainStands(who, domains)),
  ];
}

function stands(who: readonly Member[], domains: Domains): boolean {
  if (backed(who)) return true;
  const shared = [
    ...claimsBy(who, ({ facts }) => {
      const domain = facts?.emailDomain?.toLowerCase();
      return domain && domains.isOwned(domain) ? domain : null;
    }),
    ...claimsBy(who, (m) => m.facts?.payment ?? null),
  ];
  return shared.some((claim) => claim.who.length >= who.length / 2);
}

function domainStands(who: readonly Member[], domains: Domains): boolean {
  if (backed(who)) return true;
  const organized = claimsBy(who, organizationOf).some((claim) => claim.who.length >= who.length / 2);
  // One domain for all of them: the first one's.
  return organized && domains.isOwned(who[0]?.facts?.emailDomain ?? "") && !inBulk(who);
}

/** Verification or a contract stands behind at least half of them. */
function backed(who: readonly Member[]): boolean {
  const which = who.filter(
    ({ facts }) => facts?.verified || facts?.plan === "business" || facts?.plan === "enterprise",
  );
  return which.length >= who.length / 2;
}

function inBulk(who: readonly Member[]): boolean {
  const created = who
    .map(({ facts }) => (facts?.createdAt ? Date.parse(facts.createdAt) : Number.NaN))
    .filter((time) => Number.isFinite(time))
    .sort((a, b) => a - b);
  // Any window that holds half of them.
  const half = Math.ceil(who.length / 2);
  for (let i = 0; i + half <= created.length; i++) {
    if (half >= 3 && (created[i + half - 1] as number) - (created[i] as number) <= BULK) return true;
  }
  return false;
}

/** One spelling, cut to what a sentence can carry. */
function nameOf(organization: string | null | undefined): string {
  return (organization ?? "").trim().toLowerCase().replace(/\s+/g, " ").slice(0, 80);
}
