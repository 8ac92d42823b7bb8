import { TEST_TEXT, type Message } from "./message.ts";
import {
  NOTICE_TIERS,
  type AlarmNotice,
  type CampaignNotice,
  type Notice,
  type SignalNotice,
} from "./notice.ts";

/** One line that fits a mail's subject and a syslog message. */
export function headline(message: Message): string {
  const { kind, notices, counts } = message;
  if (kind === "test") return "TEST message from Stillwatch";
  if (kind !== "digest") return noticeLine(notices[0]!);
  const parts = NOTICE_TIERS.toReversed().flatMap((tier) =>
    counts[tier] > 0 ? [`${counts[tier]} ${tier}`] : [],
  );
  if (counts.withdrawn > 0) parts.push(`${counts.withdrawn} withdrawn`);
  return `digest: ${parts.join(", ")}`;
}

function noticeLine(notice: Notice): string {
  if (notice.kind === "alarm")
    return `${notice.tier}: ${subjectText(notice)} may be harvesting outputs (p = ${notice.p ?? "unknown"})`;
  const { tier, was, campaign, accountCount } = notice;
  if (tier === "none") return `withdrawn: campaign ${campaign} (was ${was}), ${accountCount} accounts`;
  return `${tier}: campaign ${campaign}${was === null ? "" : ` (was ${was})`}, ${accountCount} accounts may be one harvesting operation`;
}

/** `account acc_1, sub-stream 3f…`, or `key key_1 of account acc_1`: its owner may be a victim. */
export function subjectText({ subject, account }: AlarmNotice): string {
  const named = Object.entries(subject)
    .map(([name, id]) => `${name === "subStream" ? "sub-stream" : name} ${id}`)
    .join(", ");
  return subject["account"] === undefined && account !== "" ? `${named} of account ${account}` : named;
}

/** The whole message as plain text for people. */
export function letter(message: Message): string {
  if (message.kind === "test") return `${TEST_TEXT}\n\nSent ${message.time}, id ${message.id}.\n`;
  const { notices, leftOut } = message;
  const rest =
    leftOut > 0
      ? `\nand ${leftOut} more of the same or a lower tier: \`stillwatch alarms\` lists all.\n`
      : "";
  return `${notices.map(section).join("\n" + "-".repeat(40) + "\n\n")}${rest}\n${FOOTER}`;
}

const FOOTER = `An alarm is a reason to look, never a verdict: linked is not guilty, alarmed is not guilty.
`;

function section(notice: Notice): string {
  const body = notice.kind === "alarm" ? alarmLines(notice) : campaignLines(notice);
  return [
    noticeLine(notice),
    "",
    ...body,
    "",
    `Time ${notice.time}; ledger leaf ${notice.leaf}; id ${notice.id}`,
    "",
  ].join("\n");
}

function alarmLines(alarm: AlarmNotice): string[] {
  const { p, q, modelBased, exchanges, signals, against, benignReading, account } = alarm;
  return [
    `p = ${p ?? "unknown"}${q === null ? "" : `, q = ${q}`}${exchanges === null ? "" : `, after ${exchanges} exchanges`}` +
      (modelBased === null
        ? ""
        : `; a fitted model expects ${modelBased} of honest accounts to score as high`),
    ...signals.flatMap((signal) => signalLines(signal, "")),
    ...against.flatMap((signal) => signalLines(signal, "against it, ")),
    benignReading,
    ...(account === "" ? [] : [`Look: stillwatch account ${account}`]),
  ];
}

function signalLines({ name, because, percentile, evidence }: SignalNotice, how: string): string[] {
  return [
    `- ${how}${name}: ${because}${percentile === null ? "" : ` (percentile ${percentile})`}`,
    ...(evidence.length > 0 ? [`  shown by ${evidence.slice(0, 5).join(" ")}`] : []),
  ];
}

function campaignLines(campaign: CampaignNotice): string[] {
  const { link, harvest, concealed, because, accounts, accountCount } = campaign;
  const shown = accounts.slice(0, 20).join(" ");
  return [
    `linked p = ${link ?? "unknown"}, harvest p = ${harvest ?? "unknown"}, concealed ${concealed ?? "unknown"} (0 to 1)`,
    ...because.map((sentence) => `- ${sentence}`),
    `Accounts: ${shown}${accountCount > 20 ? ` and ${accountCount - 20} more` : ""}`,
    `Look: stillwatch campaign ${campaign.campaign}`,
  ];
}
