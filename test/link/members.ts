// Accounts for tests and benches of linking: made from profiles directly, without texts. Written to be awkward for it:
// tools and languages go with countries and plans, offices share addresses, launch days share everything about sign-up.
import type { Member } from "../../src/detect/link/member.ts";
import { HOUR, Profile } from "../../src/detect/link/profile.ts";
import { Reading } from "../../src/detect/reading.ts";
import type { Account } from "../../src/exchange/account.ts";
import type { Client, Exchange } from "../../src/exchange/exchange.ts";
import { hashText } from "../../src/stats/hash.ts";
import type { Random } from "../../src/stats/random.ts";

export const END = Date.parse("2026-06-30T00:00:00.000Z");
export const DAY = 24 * HOUR;
/** Traffic covers the last four weeks; sign-ups go back half a year. */
const TRAFFIC = 28 * DAY;

/** What an account is before it is turned into a profile; everything has an honest default. */
export interface Sketched {
  account: string;
  plan: string;
  country: string;
  organization: string | null;
  emailDomain: string | null;
  payment: string;
  verified: boolean;
  createdAt: number;
  template: string | null;
  items: readonly string[];
  clients: readonly Client[];
  start: number;
  stop: number;
  /** Hours (ms since the epoch) at which it sends one exchange each. */
  hours: readonly number[];
  /** A refusal (403) ends it. */
  blocked: boolean;
}

const COUNTRIES = ["US", "DE", "IN", "BR", "JP", "GB", "FR", "CN", "NG", "ID"];
const ZONES = [-6, 1, 5, -3, 9, 0, 1, 8, 1, 7];
const PUBLIC_MAIL = ["gmail.example", "outlook.example", "proton.example", "qq.example"];
/** Some programs are written for a plan or a country; their template and their users come together. */
const FRAMEWORKS = 16;

const reading = new Reading();

export function memberOf(s: Sketched): Member {
  const profile = new Profile();
  const base = { id: "ex", endpoint: "/v1/chat/completions", request: {}, response: null, time: "" };
  const segments = s.template === null ? [] : segmentsOf(s.template);
  for (const [i, time] of s.hours.entries()) {
    const item = s.items[i % Math.max(1, s.items.length)];
    reading.segments = 0;
    for (const segment of [...segments, ...(item === undefined ? [] : [hashText(item)])]) {
      reading.segmentHash[reading.segments] = segment;
      reading.segmentTokens[reading.segments] = 12;
      reading.segments++;
    }
    const client = s.clients[i % Math.max(1, s.clients.length)];
    const x: Exchange = {
      ...base,
      account: s.account,
      status: 200,
      model: "m-large",
      ...(client ? { client } : {}),
    };
    profile.observe(x, reading, time);
  }
  if (s.blocked) profile.observe({ ...base, account: s.account, status: 403 }, null, s.stop);
  const facts: Account = {
    account: s.account,
    createdAt: new Date(s.createdAt).toISOString(),
    plan: s.plan,
    organization: s.organization,
    emailDomain: s.emailDomain,
    payment: s.payment,
    country: s.country,
    verified: s.verified,
    limits: {},
  };
  return {
    account: s.account,
    facts,
    profile,
    templates: segments,
    wording: s.template === null ? [] : Array.from({ length: 14 }, (_, i) => hashText(`${s.template}/w${i}`)),
  };
}

function segmentsOf(template: string): number[] {
  return [0, 1, 2].map((i) => hashText(`${template}/s${i}`));
}

/** An ordinary customer. `i` only names it. */
export function honest(i: number, random: Random, exchanges = 40): Sketched {
  const at = Math.floor(COUNTRIES.length * random.uniform() ** 1.6);
  const country = COUNTRIES[at] as string;
  const business = random.chance(at % 2 === 0 ? 0.35 : 0.1);
  const launch = random.chance(0.06);
  const createdAt = launch
    ? END - 20 * DAY + random.below(14 * HOUR)
    : END - Math.floor(180 * DAY * random.uniform());
  const start = Math.max(createdAt, END - TRAFFIC) + Math.floor(2 * DAY * random.uniform() ** 2);
  const stop = random.chance(0.3) ? start + Math.floor((END - start) * random.uniform()) : END;
  const uses = random.uniform();
  return {
    account: `acc_${String(i).padStart(7, "0")}`,
    plan: business ? "business" : random.chance(0.5) ? "free" : "self-serve",
    country,
    organization: business ? `org ${i}` : null,
    emailDomain: business || random.chance(0.2) ? `own${i}.example` : random.pick(PUBLIC_MAIL),
    payment: `pay ${i}`,
    verified: business && random.chance(0.7),
    createdAt,
    template:
      uses < 0.25 ? `own template ${i}` : uses < 0.45 ? framework(at, business, launch, random) : null,
    // A few run a public list, or parts of it.
    items: random.chance(0.03)
      ? Array.from({ length: 60 }, () => `list item ${random.below(1200)}`)
      : Array.from({ length: 12 }, (_, k) => `item ${i} ${k}`),
    clients: [clientOf(country, random), clientOf(country, random)],
    start,
    stop,
    hours: daily(random, start, stop, ZONES[at] as number, business, exchanges),
    blocked: false,
  };
}

/** Frameworks go with plan, country and launch day: what strata are for. */
function framework(country: number, business: boolean, launch: boolean, random: Random): string {
  const own = launch ? 0 : business ? 1 + (country % 5) : 6 + (country % 10);
  return `framework ${random.chance(0.8) ? own : random.below(FRAMEWORKS)}`;
}

export function clientOf(country: string, random: Random): Client {
  const asn = 64_000 + (hashText(country) % 97) * 10 + Math.floor(5 * random.uniform() ** 2);
  const software = Math.floor(40 * random.uniform() ** 2);
  return {
    ip: `${10 + (asn % 200)}.${random.below(200)}.${random.below(250)}.${random.below(250)}`,
    asn,
    userAgent: `agent ${software}`,
    ja4: `ja4 ${software % 25}`,
  };
}

/** Working hours of the zone; business keeps weekdays. */
export function daily(
  random: Random,
  start: number,
  stop: number,
  zone: number,
  weekdays: boolean,
  exchanges: number,
): number[] {
  const hours: number[] = [];
  const days = Math.max(1, Math.ceil((stop - start) / DAY));
  for (let k = 0; k < exchanges; k++) {
    const day = random.below(days);
    const local = 9 + Math.floor(12 * (random.uniform() + random.uniform())) / 2;
    const time = Math.floor(start / DAY) * DAY + day * DAY + (local - zone) * HOUR + random.below(HOUR);
    const weekday = new Date(time).getUTCDay();
    if (weekdays && (weekday === 0 || weekday === 6)) continue;
    if (time >= start && time <= stop) hours.push(time);
  }
  if (hours.length === 0) hours.push(start);
  return hours.sort((a, b) => a - b);
}

/** Companies: one organisation, domain, office address, template and working week. */
export function company(name: string, size: number, first: number, random: Random): Sketched[] {
  const zone = random.below(COUNTRIES.length);
  const office = clientOf(COUNTRIES[zone] as string, random);
  return Array.from({ length: size }, (_, k) => {
    const one = honest(first + k, random);
    return {
      ...one,
      plan: "business",
      country: COUNTRIES[zone] as string,
      organization: name,
      emailDomain: `${name}.example`,
      payment: `pay ${name}`,
      template: `${name} template`,
      clients: [office, ...one.clients],
      hours: daily(random, one.start, one.stop, ZONES[zone] as number, true, 40),
    };
  });
}

/** A course: same template and sheet, signed up in the first lesson, active in lessons, half of them with the campus address. */
export function cohort(name: string, size: number, first: number, random: Random): Sketched[] {
  const zone = random.below(COUNTRIES.length);
  const country = COUNTRIES[zone] as string;
  const campus = clientOf(country, random);
  const begin = END - 25 * DAY + random.below(5 * DAY);
  const sheet = Array.from({ length: 30 }, (_, k) => `${name} exercise ${k}`);
  return Array.from({ length: size }, (_, k) => {
    const one = honest(first + k, random);
    const start = begin + random.below(3 * HOUR);
    const lessons = [0, 7, 14, 21].flatMap((d) =>
      Array.from({ length: 8 }, () => begin + d * DAY + random.below(3 * HOUR)),
    );
    const home = daily(random, start, END, ZONES[zone] as number, false, 15);
    return {
      ...one,
      plan: "free",
      country,
      organization: null,
      emailDomain: random.pick(PUBLIC_MAIL),
      createdAt: start - random.below(HOUR),
      template: `${name} template`,
      items: sheet.filter(() => random.chance(0.8)),
      clients: random.chance(0.5) ? [campus, ...one.clients] : one.clients,
      start,
      stop: END,
      hours: [...lessons, ...home].filter((t) => t >= start && t <= END).sort((a, b) => a - b),
      blocked: false,
    };
  });
}

/** People behind one office or VPN address who have nothing else in common. */
export function sharedAddress(size: number, first: number, random: Random): Sketched[] {
  const zone = random.below(COUNTRIES.length);
  const country = COUNTRIES[zone] as string;
  const exit = clientOf(country, random);
  return Array.from({ length: size }, (_, k) => {
    const one = honest(first + k, random);
    const machine = clientOf(country, random);
    return {
      ...one,
      country,
      clients: [{ ...machine, ip: exit.ip as string, asn: exit.asn as number }],
      hours: daily(random, one.start, one.stop, ZONES[zone] as number, one.plan === "business", 40),
    };
  });
}

export interface CampaignPlan {
  readonly size: number;
  /** False: no recurring wording at all. */
  readonly template: boolean;
  /** Share of the accounts that go through the campaign's own pool of addresses; the others have residential ones. */
  readonly pooled: number;
  readonly pool: number;
  /** Share of the active hours that follow the campaign's schedule. */
  readonly together: number;
  readonly payments: number | null;
  /** Items of one list: each account has its own piece (`divided`) or draws at random. */
  readonly list: { readonly size: number; readonly divided: boolean } | null;
  /** This share of the accounts is blocked half-way; as many others start within hours. */
  readonly relinked: number;
}

export const PLAIN: CampaignPlan = {
  size: 300,
  template: true,
  pooled: 1,
  pool: 30,
  together: 0.6,
  payments: 20,
  list: null,
  relinked: 0,
};

/** One operation over many accounts, registered over three weeks under invented people. */
export function campaign(name: string, plan: CampaignPlan, first: number, random: Random): Sketched[] {
  const pool = Array.from({ length: plan.pool }, (_, k) => ({
    ip: `198.${hashText(name) % 200}.${k}.7`,
    asn: 65_000 + (hashText(name) % 50),
    userAgent: `agent ${k % 3}`,
    ja4: `ja4 ${k % 2}`,
  }));
  const schedule = Array.from({ length: 90 }, () => END - 14 * DAY + random.below(14 * 24) * HOUR);
  const list = Array.from({ length: plan.list?.size ?? 0 }, (_, k) => `list item ${k}`);
  const block = END - 8 * DAY;
  return Array.from({ length: plan.size }, (_, k) => {
    const one = honest(first + k, random);
    const createdAt = END - 24 * DAY + random.below(10 * DAY);
    const ends = plan.relinked > 0 && k < plan.relinked * plan.size;
    const successor = plan.relinked > 0 && !ends && k < 2 * plan.relinked * plan.size;
    const start = successor ? block + HOUR + random.below(10 * HOUR) : createdAt + random.below(DAY);
    const stop = ends ? block : END;
    const scheduled = schedule.filter((t) => t >= start && t < stop && random.chance(0.6 * plan.together));
    const own = Array.from({ length: Math.ceil(40 * (1 - plan.together)) }, () =>
      Math.floor(start + (stop - start) * random.uniform()),
    );
    const hours = [...scheduled.map((t) => t + random.below(HOUR - 1)), ...own].sort((a, b) => a - b);
    const piece = plan.list === null ? [] : list.slice(Math.floor((k * list.length) / plan.size));
    return {
      ...one,
      plan: "self-serve",
      organization: null,
      emailDomain: random.pick(PUBLIC_MAIL),
      verified: false,
      payment: plan.payments === null ? one.payment : `${name} card ${random.below(plan.payments)}`,
      createdAt: successor ? start - HOUR : createdAt,
      template: plan.template ? `${name} template` : null,
      items:
        plan.list === null
          ? one.items
          : plan.list.divided
            ? piece.slice(0, Math.ceil(list.length / plan.size))
            : Array.from({ length: 30 }, () => random.pick(list)),
      clients: random.chance(plan.pooled) ? [random.pick(pool), random.pick(pool)] : one.clients,
      start,
      stop,
      hours: hours.length > 0 ? hours : [start],
      blocked: ends,
    };
  });
}

/** Ordinary people, companies, cohorts and shared addresses; no campaign. */
export function honestWorld(size: number, random: Random): Sketched[] {
  const all: Sketched[] = [];
  for (let c = 0; all.length < size * 0.05; c++)
    all.push(...company(`company${c}`, 4 + random.below(30), all.length, random));
  for (let c = 0; c < Math.min(10, size / 400); c++)
    all.push(...cohort(`course${c}`, 15 + random.below(30), all.length, random));
  for (let c = 0; c < size / 800; c++) all.push(...sharedAddress(10 + random.below(40), all.length, random));
  while (all.length < size) all.push(honest(all.length, random));
  return all;
}
