import type { Message } from "./message.ts";
import type { AlarmNotice, CampaignNotice, NoticeTier } from "./notice.ts";
import { headline, subjectText } from "./wording.ts";

/**
 * ArcSight Common Event Format, version 0 (Implementing ArcSight CEF, rev. 25):
 *
 *     CEF:0|Stillwatch|Stillwatch|0.1.0|alarm.review|Account may be harvesting|6|rt=1772366400000 externalId=sw_… …
 *
 * Cut to `maxBytes` between fields, the least telling last, so that what is left is still CEF.
 */
export function cef(message: Message, version: string, maxBytes: number): string {
  const isWithdrawn = message.kind === "campaign" && message.tier === null;
  const name = isWithdrawn ? "Campaign withdrawn" : NAMES[message.kind];
  const what = isWithdrawn ? "withdrawn" : message.tier;
  const signature = what === null ? message.kind : `${message.kind}.${what}`;
  const header = ["CEF:0", "Stillwatch", "Stillwatch", version, signature, name, severity(message.tier)]
    .map((part, i) => (i === 0 ? part : cefHeader(String(part))))
    .join("|");
  const prefix = `${header}|`;
  let room = maxBytes - Buffer.byteLength(prefix);
  const extension: string[] = [];
  for (const [key, value, label] of fields(message)) {
    if (value === null || value === "") continue;
    // Custom fields carry their meaning in a label beside them.
    const field = `${label === undefined ? "" : `${key}Label=${label} `}${key}=${cefValue(String(value))}`;
    room -= Buffer.byteLength(field) + 1;
    if (room < 0) break;
    extension.push(field);
  }
  return prefix + extension.join(" ");
}

const NAMES: Record<Message["kind"], string> = {
  alarm: "Account may be harvesting outputs",
  campaign: "Campaign: accounts may be one harvesting operation",
  digest: "Digest of alarms and campaigns",
  test: "Test message",
};

/** 0 to 10, where 7 to 8 is high and 9 to 10 very high. */
function severity(tier: NoticeTier | null): number {
  return tier === null ? 0 : { watch: 3, review: 6, bounded: 9 }[tier];
}

type Fields = readonly (readonly [key: string, value: string | number | null, label?: string])[];

/** The most telling first. */
function fields(message: Message): Fields {
  const common: Fields = [
    ["rt", Date.parse(message.time) || null],
    ["externalId", message.id],
    ["msg", clip(headline(message), 500)],
  ];
  if (message.kind === "test") return common;
  if (message.kind === "digest") {
    const { bounded, review, watch, withdrawn } = message.counts;
    return [
      ...common,
      ["cn1", bounded, "bounded"],
      ["cn2", review, "review"],
      ["cn3", watch, "watch"],
      ["cfp1", withdrawn, "withdrawn"],
      ["cs1", clip(message.notices.map(nameOf).join(" "), 4000), "subjects"],
    ];
  }
  const notice = message.notices[0]!;
  return [...common, ...(notice.kind === "alarm" ? alarmFields(notice) : campaignFields(notice))];
}

function alarmFields(alarm: AlarmNotice): Fields {
  return [
    ["suid", alarm.account],
    ["cs1", subjectText(alarm), "subject"],
    ["cfp1", alarm.p, "p"],
    ["cfp2", alarm.q, "q"],
    ["cfp3", alarm.score, "score"],
    ["cn1", alarm.exchanges, "exchanges"],
    ["cn2", alarm.leaf, "leaf"],
    ["cs2", alarm.signals.map(({ name }) => name).join(" "), "signals"],
    ["cs3", clip(alarm.benignReading, 1000), "benignReading"],
    ["cs4", clip(alarm.signals.map(({ because }) => because).join(" "), 2000), "because"],
    ["cs5", clip(alarm.signals.flatMap(({ evidence }) => evidence).join(" "), 2000), "evidence"],
    ["cs6", alarm.calibration, "calibration"],
    ["cfp4", alarm.modelBased, "modelBased"],
    ["flexString1", clip(alarm.against.map(({ because }) => because).join(" "), 1000), "against"],
  ];
}

function campaignFields(campaign: CampaignNotice): Fields {
  return [
    ["cs1", campaign.campaign, "campaign"],
    ["cs4", campaign.was, "was"],
    ["cn1", campaign.accountCount, "accounts"],
    ["cn2", campaign.leaf, "leaf"],
    ["cfp1", campaign.link, "linkP"],
    ["cfp2", campaign.harvest, "harvestP"],
    ["cfp3", campaign.concealed, "concealed"],
    ["cs2", clip(campaign.because.join(" "), 2000), "because"],
    ["cs3", clip(campaign.accounts.join(" "), 4000), "accountIds"],
  ];
}

function nameOf(notice: AlarmNotice | CampaignNotice): string {
  return notice.kind === "campaign" ? notice.campaign : Object.values(notice.subject).join("/");
}

function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).toWellFormed()}…` : text;
}

/** In the header backslash and pipe are escaped, and there are no line breaks. */
export function cefHeader(text: string): string {
  return flat(text).replace(/[\\|]/g, "\\$&");
}

/** In a value backslash and equals sign are escaped, and line breaks are written \n and \r. */
export function cefValue(text: string): string {
  return flat(text.replace(/[\\=]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r"));
}

/** No control characters, and none of Unicode's other line ends: one event is one line. */
function flat(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
}
