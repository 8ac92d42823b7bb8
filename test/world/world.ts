import type { Account } from "../../src/exchange/account.ts";
import type { Exchange, JsonObject } from "../../src/exchange/exchange.ts";
import { type Random, seeded } from "../../src/stats/random.ts";
import type { Archetype, Ask } from "./actor.ts";
import { applications } from "./applications.ts";
import { harvesters } from "./harvesters.ts";
import { evaluators, neighbours } from "./neighbours.ts";
import { people } from "./people.ts";
import { answerOf, around } from "./text.ts";
import type { Language } from "./words.ts";

export const honest: readonly Archetype[] = [...applications, ...people, ...neighbours, ...evaluators];

/** An account of the world: what the provider knows, and what only the world knows. */
export interface Citizen {
  readonly account: Account;
  readonly archetype: Archetype;
  readonly language: Language;
  readonly harvests: boolean;
  /** So many exchanges, in time order. The same call gives the same exchanges. */
  exchanges(count: number): Generator<Exchange>;
}

export interface WorldOptions {
  readonly seed: number | string;
  readonly accounts: number;
  /** Median of an account's exchanges; accounts differ by a factor of about two. */
  readonly exchangesPerAccount: number;
  /** Share of the accounts that harvest. */
  readonly harvest?: number;
}

export interface World {
  readonly citizens: readonly Citizen[];
  /** Everything that happens, in time order. */
  exchanges(): Generator<Exchange>;
}

/**
 * A provider's customers and what they send: seeded, endless in variety. It shares no code or constant with the detector,
 * but it has the same author, and how common the hard neighbours are moves the built-in calibration's bars: detection
 * rates measured in here are upper bounds of what strangers' traffic would give.
 */
export function generateWorld({ seed, accounts, exchangesPerAccount, harvest = 0 }: WorldOptions): World {
  const random = seeded(seed);
  const citizens = Array.from({ length: accounts }, (_, i) => {
    const own = random.fork(`account ${i}`);
    const harvests = own.chance(harvest);
    return citizen(own, `acc_${String(i).padStart(5, "0")}`, weighted(own, harvests ? harvesters : honest));
  });
  const counts = citizens.map((_, i) => around(random.fork(`count ${i}`), exchangesPerAccount, 0.4));
  return { citizens, exchanges: () => inTimeOrder(citizens.map((c, i) => c.exchanges(counts[i] as number))) };
}

/** One account of an archetype. */
export function citizen(random: Random, id: string, archetype: Archetype): Citizen {
  const language = random.pick(archetype.languages);
  // Facts of a plausible customer; a harvester's look no different.
  const facts = random.fork("facts");
  const account: Account = {
    account: id,
    createdAt: new Date(START - facts.below(200) * 86_400_000).toISOString(),
    plan: facts.pick(["free", "self-serve", "self-serve", "business", "enterprise"]),
    organization: null,
    emailDomain: facts.pick(["example.com", "example.org", "mail.example", "shop.example"]),
    payment: `pay-${facts.uint32().toString(16)}`,
    country: facts.pick(["DE", "US", "IN", "BR", "CN", "SE", "KE"]),
    verified: facts.chance(0.5),
    limits: { requestsPerMinute: 500 },
  };
  return {
    account,
    archetype,
    language,
    harvests: archetype.kind === "harvest",
    *exchanges(count) {
      const actor = archetype.actor(random.fork("actor"), language);
      const detail = random.fork("detail");
      const recorded = recording(detail);
      const clock = arrivals(random.fork("clock"), archetype.kind === "person");
      for (let i = 0; i < count; i++) yield exchange(id, i, actor(), clock(), recorded, detail, language);
    },
  };
}

const START = Date.UTC(2026, 2, 2);

/** What the provider's log keeps of answers: the text, only its size, or nothing. */
type Recorded = "text" | "size" | "nothing";

function recording(random: Random): Recorded {
  const u = random.uniform();
  return u < 0.9 ? "text" : u < 0.96 ? "size" : "nothing";
}

function exchange(
  id: string,
  nth: number,
  ask: Ask,
  at: number,
  recorded: Recorded,
  random: Random,
  language: Language,
): Exchange {
  const tokens = Math.round(ask.answerWords * 1.35);
  const content = recorded === "text" ? answerOf(random, language, ask.answerWords) : null;
  const response: JsonObject = {
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens },
  };
  return {
    id: `ex_${id}_${nth}`,
    time: new Date(at).toISOString(),
    account: id,
    key: `key_${id}`,
    endpoint: "/v1/chat/completions",
    model: "m-large",
    request: {
      model: "m-large",
      messages: ask.messages.map(({ role, content: text }) => ({ role, content: text })),
      ...(ask.user !== undefined && { user: ask.user }),
      ...(ask.parameters as JsonObject | undefined),
    },
    response: recorded === "nothing" ? null : response,
    status: 200,
    latencyMs: 200 + 12 * tokens,
  };
}

/** Times of exchanges: bursts apart by hours; people sleep, machines do not. */
function arrivals(random: Random, sleeps: boolean): () => number {
  let at = START + random.below(86_400_000);
  const offset = random.below(24);
  const gap = around(random, sleeps ? 90_000 : 20_000, 1);
  return () => {
    at += Math.ceil(-Math.log(1 - random.uniform()) * gap * (random.chance(0.03) ? 60 : 1));
    const hour = (Math.floor(at / 3_600_000) + offset) % 24;
    if (sleeps && hour < 7) at += (7 - hour) * 3_600_000;
    return at;
  };
}

function weighted(random: Random, archetypes: readonly Archetype[]): Archetype {
  let left = random.uniform() * archetypes.reduce((sum, a) => sum + a.weight, 0);
  return archetypes.find((a) => (left -= a.weight) < 0) ?? (archetypes.at(-1) as Archetype);
}

/** Merges by time; the number of accounts is small enough for a linear search of the earliest. */
function* inTimeOrder(streams: readonly Generator<Exchange>[]): Generator<Exchange> {
  const heads = streams.flatMap((stream) => {
    const { value, done } = stream.next();
    return done ? [] : [{ stream, value }];
  });
  while (heads.length > 0) {
    let first = 0;
    for (let i = 1; i < heads.length; i++) {
      if ((heads[i] as { value: Exchange }).value.time < (heads[first] as { value: Exchange }).value.time)
        first = i;
    }
    const head = heads[first] as (typeof heads)[number];
    yield head.value;
    const { value, done } = head.stream.next();
    if (done) heads.splice(first, 1);
    else head.value = value;
  }
}
