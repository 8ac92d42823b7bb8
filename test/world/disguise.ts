import type { Random } from "../../src/stats/random.ts";
import { type Actor, type Ask, endUsers, type Message } from "./actor.ts";
import type { PlaceKind } from "./infrastructure.ts";
import { around, prose } from "./text.ts";
import type { Language } from "./words.ts";

/** How hard an account hides what it collects: see `DISGUISES`. */
export type Evasion = 0 | 1 | 2;

export interface Disguise {
  /** Share of the exchanges that are an honest archetype's. */
  readonly cover: number;
  /** Wordings of each template that an account takes turns with. */
  readonly wordings: number;
  /** Share of the harvest's prompts with unrelated sentences before or behind. */
  readonly padding: number;
  readonly users: "none" | "new each call" | "returning";
  /** Works in one time zone's days instead of round the clock. */
  readonly diurnal: boolean;
  /** Median exchanges a day; null: whatever the account has. */
  readonly pace: number | null;
  readonly places: readonly PlaceKind[];
}

export const DISGUISES: Readonly<Record<Evasion, Disguise>> = {
  0: {
    cover: 0,
    wordings: 1,
    padding: 0,
    users: "none",
    diurnal: false,
    pace: null,
    places: ["cloud", "cloud", "serverless", "vpn", "home"],
  },
  1: {
    cover: 0.5,
    wordings: 4,
    padding: 0.4,
    users: "new each call",
    diurnal: true,
    pace: 200,
    places: ["cloud", "vpn", "home", "proxies"],
  },
  2: {
    cover: 0.75,
    wordings: 8,
    padding: 0.7,
    users: "returning",
    diurnal: true,
    pace: 40,
    places: ["proxies", "home", "mobile"],
  },
};

/** The harvest's requests as they go out under a disguise. */
export function disguised(actor: Actor, disguise: Disguise, random: Random, language: Language): Actor {
  if (disguise.padding === 0 && disguise.users === "none") return actor;
  const returning = endUsers(random.fork("users"), 40 + random.below(200));
  return () => {
    const ask = actor();
    if (ask === null) return null;
    const padded = random.chance(disguise.padding) ? pad(random, language, ask) : ask;
    if (disguise.users === "none") return padded;
    return {
      ...padded,
      user: disguise.users === "returning" ? returning() : `u${random.uint32().toString(36)}`,
    };
  };
}

/** Unrelated sentences around the last message. */
function pad(random: Random, language: Language, ask: Ask): Ask {
  const last = ask.messages.at(-1) as Message;
  const before = random.chance(0.6) ? `${prose(random, language, around(random, 2, 0.6))}\n\n` : "";
  const behind = random.chance(0.6) ? `\n\n${prose(random, language, around(random, 2, 0.6))}` : "";
  return {
    ...ask,
    messages: [...ask.messages.slice(0, -1), { ...last, content: before + last.content + behind }],
  };
}
