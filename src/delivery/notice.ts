import { hash } from "node:crypto";
import type { Json, JsonObject } from "../exchange/exchange.ts";
import type { Tier } from "../detect/tier.ts";
import type { OpenedRecord } from "../ledger/opened.ts";

/** A tier that somebody may want to hear of. */
export type NoticeTier = Exclude<Tier, "none">;

/** From the least to the most certain. */
export const NOTICE_TIERS = ["watch", "review", "bounded"] as const satisfies readonly NoticeTier[];

interface Common {
  /** Derived from the leaf hash, so the same event has the same id in every attempt and after every restart. */
  readonly id: string;
  /** Index of the event in the ledger's tree: where to find its proof. */
  readonly leaf: number;
  /** ISO 8601. */
  readonly time: string;
}

/** What leaves the machine about an alarm: ids, numbers and our own sentences, never a text of a caller. */
export interface AlarmNotice extends Common {
  readonly kind: "alarm";
  readonly tier: NoticeTier;
  /** {account}, {account, subStream} or {key}. */
  readonly subject: Readonly<Record<string, string>>;
  /** Whose traffic it is, also when the subject is a key. */
  readonly account: string;
  readonly p: number | null;
  readonly q: number | null;
  readonly score: number | null;
  /** Share of honest accounts that a fitted tail expects to score as high; null without a model. */
  readonly modelBased: number | null;
  readonly exchanges: number | null;
  readonly signals: readonly SignalNotice[];
  /** What speaks against it. */
  readonly against: readonly SignalNotice[];
  readonly benignReading: string;
  readonly calibration: string;
}

export interface SignalNotice {
  readonly name: string;
  readonly value: number | null;
  /** 0..100 */
  readonly percentile: number | null;
  readonly because: string;
  /** Ids of exchanges. */
  readonly evidence: readonly string[];
}

export interface CampaignNotice extends Common {
  readonly kind: "campaign";
  /** "none": withdrawn, and `because` begins with why. */
  readonly tier: Tier;
  /** The tier that the receiver was told before; null for a new one. */
  readonly was: NoticeTier | null;
  readonly campaign: string;
  /** How many there are; `accounts` lists the first 200. */
  readonly accountCount: number;
  readonly accounts: readonly string[];
  readonly link: number | null;
  readonly harvest: number | null;
  /** 0..1 */
  readonly concealed: number | null;
  readonly because: readonly string[];
}

export type Notice = AlarmNotice | CampaignNotice;

/** The tier by which it is decided who is told and when: of a campaign that is withdrawn the one that was told. */
export function tierOf(notice: Notice): NoticeTier | null {
  return notice.kind === "campaign" && notice.tier === "none" ? notice.was : (notice.tier as NoticeTier);
}

/**
 * What an event of the journal says to people outside, or null when it is neither an alarm nor a campaign of a tier that is
 * told. An alarm about a campaign is none of these: the campaign's own line comes with it and says more. Fields are named one by one: what a later version adds to an event does not leave the machine by itself.
 */
export function noticeOf(
  leaf: number,
  { entry, event }: Extract<OpenedRecord, { kind: "event" }>,
): Notice | null {
  const kind = event["type"];
  const tier = event["tier"];
  const common = { id: noticeId(entry), leaf, time: text(event["time"], 40) };
  if (kind === "campaign" && (isTold(tier) || tier === "none")) return campaign(common, tier, event);
  if (kind !== "alarm" || !isTold(tier) || object(event["subject"])["campaign"] !== undefined) return null;
  return alarm(common, tier, event);
}

/** 128 bits of the leaf hash (RFC 9162, 2.1.1: SHA-256 over 0x00 and the entry). */
function noticeId(entry: Uint8Array): string {
  return `sw_${hash("sha256", Buffer.concat([Buffer.of(0), entry]), "hex").slice(0, 32)}`;
}

function alarm(common: Common, tier: NoticeTier, event: JsonObject): AlarmNotice {
  const subject = object(event["subject"]);
  return {
    kind: "alarm",
    ...common,
    tier,
    subject: Object.fromEntries(
      ["account", "subStream", "key"].flatMap((name) =>
        typeof subject[name] === "string" ? [[name, text(subject[name], 128)]] : [],
      ),
    ),
    account: text(event["account"] ?? subject["account"], 128),
    p: number(event["p"]),
    q: number(event["q"]),
    score: number(event["score"]),
    modelBased: number(event["modelBased"]),
    exchanges: number(event["exchanges"]),
    signals: signals(event["signals"]),
    against: signals(event["against"]),
    benignReading: text(event["benignReading"], 2000),
    calibration: text(event["calibration"], 128),
  };
}

function signals(value: Json | undefined): SignalNotice[] {
  return list(value, 20).map((each) => {
    const signal = object(each);
    return {
      name: text(signal["name"], 64),
      value: number(signal["value"]),
      percentile: number(signal["percentile"]),
      because: text(signal["because"], 1000),
      evidence: list(signal["evidence"], 20).map((id) => text(id, 128)),
    };
  });
}

/** `was` is for those to say who know what a receiver was told (campaigns.ts). */
function campaign(common: Common, tier: Tier, event: JsonObject): CampaignNotice {
  const accounts = list(event["accounts"], Infinity);
  return {
    kind: "campaign",
    ...common,
    tier,
    was: null,
    campaign: text(event["campaign"], 128),
    accountCount: accounts.length,
    accounts: accounts.slice(0, 200).map((id) => text(id, 128)),
    link: number(event["link"]),
    harvest: number(event["harvest"]),
    concealed: number(event["concealed"]),
    because: list(event["because"], 20).map((sentence) => text(sentence, 1000)),
  };
}

function isTold(tier: Json | undefined): tier is NoticeTier {
  return NOTICE_TIERS.includes(tier as NoticeTier);
}

/** Whether a tier is at least another. */
export function reaches(tier: NoticeTier, least: NoticeTier): boolean {
  return NOTICE_TIERS.indexOf(tier) >= NOTICE_TIERS.indexOf(least);
}

function object(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function list(value: Json | undefined, most: number): readonly Json[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function number(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function text(value: Json | undefined, most: number): string {
  return typeof value === "string" ? value.slice(0, most).toWellFormed() : "";
}
