import { hash } from "node:crypto";
import type { JsonObject } from "../exchange/exchange.ts";
import { NOTICE_TIERS, tierOf, type Notice, type NoticeTier } from "./notice.ts";

/** One thing to send: an alarm, a campaign, what came in over a while, or a test. */
export interface Message {
  /** The same in every attempt: receivers tell a repetition by it. */
  readonly id: string;
  readonly kind: "alarm" | "campaign" | "digest" | "test";
  /** ISO 8601. */
  readonly time: string;
  /** The highest of what it tells; null for a test, and when all that it tells is withdrawn. */
  readonly tier: NoticeTier | null;
  readonly notices: readonly Notice[];
  /** Notices that a digest counts and does not list. */
  readonly leftOut: number;
  readonly counts: Counts;
}

/** Alarms and campaigns of each tier, and campaigns that were withdrawn. */
export type Counts = Readonly<Record<NoticeTier | "withdrawn", number>>;

export function messageOf(notice: Notice): Message {
  const { id, kind, time } = notice;
  const tier = notice.tier === "none" ? null : notice.tier;
  return { id, kind, time, tier, notices: [notice], leftOut: 0, counts: { ...NONE, [countedAs(notice)]: 1 } };
}

export function testMessage(now: number, random: () => number): Message {
  const time = new Date(now).toISOString();
  const id = `sw_test_${hash("sha256", `${time} ${random()}`, "hex").slice(0, 16)}`;
  return { id, kind: "test", time, tier: null, notices: [], leftOut: 0, counts: NONE };
}

const NONE: Counts = { watch: 0, review: 0, bounded: 0, withdrawn: 0 };

function countedAs({ tier }: Notice): keyof Counts {
  return tier === "none" ? "withdrawn" : tier;
}

/** A digest lists so many, the highest tiers first, and counts the rest. */
export const MAX_LISTED = 100;

/** Gathers notices for one digest. Memory is bounded whatever comes. */
export class Digest {
  readonly #sink: string;
  readonly #listed: Notice[] = [];
  readonly #counts: Record<keyof Counts, number> = { ...NONE };
  #first: string | null = null;
  #last = "";
  #time = "";

  constructor(sink: string) {
    this.#sink = sink;
  }

  get size(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  add(notice: Notice): void {
    this.#first ??= notice.id;
    this.#last = notice.id;
    this.#time = notice.time;
    this.#counts[countedAs(notice)]++;
    this.#listed.push(notice);
    if (this.#listed.length > 2 * MAX_LISTED) this.#trim();
  }

  /** What was gathered, as one message. Its id says which notices it covers. */
  message(): Message {
    this.#trim();
    const tier = NOTICE_TIERS.findLast((x) => this.#counts[x] > 0) ?? null;
    return {
      id: `sw_${hash("sha256", `digest ${this.#sink} ${this.#first} ${this.#last}`, "hex").slice(0, 32)}`,
      kind: "digest",
      time: this.#time,
      tier,
      notices: [...this.#listed],
      leftOut: this.size - this.#listed.length,
      counts: { ...this.#counts },
    };
  }

  #trim(): void {
    const rank = (notice: Notice): number => NOTICE_TIERS.indexOf(tierOf(notice) ?? "watch");
    this.#listed.sort((a, b) => rank(b) - rank(a) || a.leaf - b.leaf);
    this.#listed.length = Math.min(this.#listed.length, MAX_LISTED);
  }
}

/** As JSON for programs: `{type, timestamp, id, data}` in the manner of Standard Webhooks. */
export function payloadOf(message: Message): JsonObject {
  const { id, kind, time, notices, counts, leftOut } = message;
  const data: JsonObject =
    kind === "test"
      ? { test: true, text: TEST_TEXT }
      : kind === "digest"
        ? { counts, leftOut, notices: notices.map(dataOf) }
        : dataOf(notices[0]!);
  return { type: `stillwatch.${kind}`, timestamp: time, id, data };
}

export const TEST_TEXT =
  "TEST from Stillwatch: nobody is accused of anything. The sink is configured correctly when you can read this.";

function dataOf(notice: Notice): JsonObject {
  return notice as unknown as JsonObject;
}
