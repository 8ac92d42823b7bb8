import { TEST_TEXT, type Message } from "./message.ts";
import { NOTICE_TIERS, type AlarmNotice, type CampaignNotice, type Notice } from "./notice.ts";

/** One line that fits a mail's subject and a syslog message. */
export function headline(message: Message): string {
  const { kind, notices, counts } = message;
  if (kind === "test") return "TEST message from Stillwatch";
  if (kind !== "digest") return noticeLine(notices[0]!);
  const parts = NOTICE_TIERS.toReversed().flatMap((tier) =>
    counts[tier] > 0 ? [`${counts[tier]} ${tier}`] : [],
  );
  return `digest: ${parts.join(", ")}`;
}

function noticeLine(notice: Notice): string {
  return notice.kind === "alarm"
    ? `${notice.tier}: ${subjectText(notice)} may be harvesting outputs (p = ${notice.p ?? "unknown"})`
    : `${notice.tier}: campaign ${notice.campaign}, ${notice.accountCount} accounts`;
}

/** `account acc_1, sub-stream 3f…` */
export function subjectText({ subject }: AlarmNotice): string {
  return Object.entries(subject)
    .map(([name, id]) => `${name === "subStream" ? "sub-stream" : name} ${id}`)
    .join(", ");
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
  const { p, q, exchanges, signals, benignReading, subject } = alarm;
  return [
    `p = ${p ?? "unknown"}${q === null ? "" : `, q = ${q}`}${exchanges === null ? "" : `, after ${exchanges} exchanges`}`,
    ...signals.flatMap(({ name, because, percentile, evidence }) => [
      `- ${name}: ${because}${percentile === null ? "" : ` (percentile ${percentile})`}`,
      ...(evidence.length > 0 ? [`  shown by ${evidence.slice(0, 5).join(" ")}`] : []),
    ]),
    benignReading,
    ...(subject["account"] === undefined ? [] : [`Look: stillwatch account ${subject["account"]}`]),
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
