import type { Account } from "../../src/exchange/account.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import type { Random } from "../../src/stats/random.ts";
import type { Actor, Archetype, Ask, Scene } from "./actor.ts";
import { arrivals, DAY, HOUR, RELEASE, type Rhythm, START } from "./clock.ts";
import { type Disguise, disguised, DISGUISES, type Evasion } from "./disguise.ts";
import { factsOf, placeKindOf, ZONES } from "./facts.ts";
import { place, type Place } from "./infrastructure.ts";
import { type Log, logOf } from "./log.ts";
import type { Language } from "./words.ts";
import { items, type Worklist } from "./worklist.ts";

/** An account of the world: what the provider knows, and what only the world knows. */
export interface Citizen {
  readonly account: Account;
  readonly archetype: Archetype;
  readonly language: Language;
  readonly harvests: boolean;
  /** What a harvest belongs to; null for the honest. */
  readonly family: string | null;
  /** What an honest account belongs to (accounts that share one are not independent); null for harvests. */
  readonly application: string | null;
  readonly lineage: string;
  readonly evasion: Evasion;
  /** The honest archetype behind the cover traffic. */
  readonly cover: string | null;
  readonly campaign: string | null;
  readonly cohort: string | null;
  /** When the provider stopped the account, if it did: nothing comes later. ISO 8601. */
  readonly blockedAt: string | null;
  /** Exchanges that it will have in a world, where its operation says so. */
  readonly total: number | null;
  /** What of its operation's worklist it works off, if it has a part of its own. */
  readonly worklist: Worklist | null;
  /** So many exchanges, in time order (fewer if the account is stopped or has nothing more to ask). The same call gives the same exchanges. */
  exchanges(count: number): Generator<Exchange>;
  /** The same, each with the truth about it. */
  acts(count: number): Generator<Act>;
}

export interface Act {
  readonly exchange: Exchange;
  /** False for the exchanges of honest accounts and for cover traffic. */
  readonly harvest: boolean;
}

/** What is not drawn from the account's own generator. */
export interface Circumstances {
  readonly language?: Language | undefined;
  readonly evasion?: Evasion | undefined;
  /** Behind the cover traffic of a disguise. */
  readonly cover?: Archetype | undefined;
  /** Where templates' wordings are drawn from. */
  readonly template?: Random | undefined;
  readonly wordings?: number | undefined;
  readonly worklist?: Worklist | undefined;
  readonly facts?: Partial<Account> | undefined;
  /** Makes a place anew, so that the same call gives the same addresses. */
  readonly place?: (() => Place) | undefined;
  readonly rhythm?: Rhythm | undefined;
  readonly perDay?: number | undefined;
  /** Exchanges in total, whatever the world's others have. */
  readonly total?: number | undefined;
  readonly zone?: number | undefined;
  readonly start?: number | undefined;
  readonly blockedAt?: number | undefined;
  readonly movesAt?: number | undefined;
  readonly campaign?: string | undefined;
  readonly cohort?: string | undefined;
}

/** One account of an archetype, without more than is given. */
export function settle(random: Random, id: string, archetype: Archetype, given: Circumstances = {}): Citizen {
  const language = given.language ?? random.fork("language").pick(archetype.languages);
  const harvests = archetype.kind === "harvest";
  const evasion = harvests ? (given.evasion ?? 0) : 0;
  const disguise = DISGUISES[evasion];
  const start = given.start ?? START + Math.floor(21 * DAY * random.fork("start").uniform() ** 1.5);
  const account = { ...factsOf(random.fork("facts"), id, archetype, language, start), ...given.facts };
  const cover = disguise.cover > 0 ? given.cover : undefined;
  function* acts(count: number): Generator<Act> {
    const ask = asking(random, archetype, language, disguise, cover, given);
    const where = given.place?.() ?? placeOf(random.fork("place"), archetype, disguise, evasion);
    const rhythm = given.rhythm ?? rhythmOf(random.fork("rhythm"), archetype, disguise);
    const zone = given.zone ?? ZONES[account.country ?? ""] ?? 0;
    const clock = arrivals(random.fork("clock"), {
      rhythm,
      zone,
      perDay: given.perDay ?? (harvests ? harvestPace(random.fork("pace"), account, disguise) : undefined),
    });
    const log: Log = logOf(random.fork("log"), {
      account,
      language,
      where,
      movesAt: given.movesAt ?? movesAt(random.fork("moves"), harvests),
    });
    let at = start;
    for (let i = 0; i < count; i++) {
      const next = ask();
      if (next === null) return;
      at = next.ask.pause === undefined ? clock(at) : at + next.ask.pause;
      if (given.blockedAt !== undefined && at > given.blockedAt) return;
      yield { exchange: log(i, next.ask, at), harvest: next.harvest };
    }
  }
  return {
    account,
    archetype,
    language,
    harvests,
    family: harvests ? archetype.name : null,
    application: harvests ? null : archetype.name,
    lineage: archetype.lineage ?? archetype.name,
    evasion,
    cover: cover?.name ?? null,
    campaign: given.campaign ?? null,
    cohort: given.cohort ?? null,
    blockedAt: given.blockedAt === undefined ? null : new Date(given.blockedAt).toISOString(),
    total: given.total ?? null,
    worklist: given.worklist ?? null,
    acts,
    *exchanges(count) {
      for (const { exchange } of acts(count)) yield exchange;
    },
  };
}

/** The account's requests: its archetype's, mixed with those of its cover. */
function asking(
  random: Random,
  archetype: Archetype,
  language: Language,
  disguise: Disguise,
  cover: Archetype | undefined,
  given: Circumstances,
): () => { ask: Ask; harvest: boolean } | null {
  const harvests = archetype.kind === "harvest";
  const scene = (name: string): Scene => {
    const own = random.fork(`scene ${name}`);
    const list = { name: `${own.uint32()}`, size: 2000 + own.below(40_000) };
    const from = own.below(list.size);
    return {
      template: own.fork("template"),
      wordings: 1,
      item: items({ ...list, part: { kind: "slice", from, to: from + list.size } }, own),
    };
  };
  const main = scene(archetype.name);
  const mine: Scene = {
    template: given.template?.fork(archetype.name) ?? main.template,
    wordings: given.wordings ?? disguise.wordings,
    item: given.worklist ? items(given.worklist, random.fork("worklist")) : main.item,
  };
  const own: Actor = archetype.actor(random.fork(`actor ${archetype.name}`), language, mine);
  const actor = harvests ? disguised(own, disguise, random.fork("disguise"), language) : own;
  const other = cover?.actor(
    random.fork(`cover ${cover.name}`),
    languageOf(cover, language),
    scene(`cover ${cover.name}`),
  );
  const mix = random.fork("mix");
  return () => {
    const covered = other !== undefined && mix.chance(disguise.cover);
    const ask = covered ? other() : actor();
    return ask === null ? null : { ask, harvest: harvests && !covered };
  };
}

function languageOf(archetype: Archetype, wanted: Language): Language {
  return archetype.languages.includes(wanted) ? wanted : (archetype.languages[0] as Language);
}

function placeOf(random: Random, archetype: Archetype, disguise: Disguise, evasion: Evasion): Place {
  return place(random, evasion > 0 ? random.pick(disguise.places) : placeKindOf(random, archetype));
}

function rhythmOf(random: Random, archetype: Archetype, disguise: Disguise): Rhythm {
  if (archetype.kind === "harvest") {
    if (disguise.diurnal) return random.pick(["traffic", "office", "person"]);
    return archetype.rhythm ?? random.pick(["machine", "machine", "batch", "office"]);
  }
  const byKind = { person: "person", application: "traffic", evaluator: "batch" } as const;
  return archetype.rhythm ?? byKind[archetype.kind];
}

/** Exchanges a day of somebody who collects: some go to the limit of the account, the careful ask seldom. */
function harvestPace(random: Random, { limits }: Account, { pace }: Disguise): number | undefined {
  if (pace !== null) return pace;
  if (!random.chance(0.15)) return undefined;
  const { requestsPerMinute = 500, requestsPerDay = Infinity } = limits;
  return Math.min(0.95 * requestsPerDay, 0.85 * 1440 * requestsPerMinute);
}

/** When the account's model becomes the new one: some at once, most slowly, some never. */
function movesAt(random: Random, harvests: boolean): number {
  if (random.chance(harvests ? 0.4 : 0.06)) return RELEASE + random.below(24 * HOUR);
  return random.chance(0.25) ? Infinity : RELEASE - Math.log(1 - random.uniform()) * 25 * DAY;
}
