import { subjectText } from "../detect/alarm.ts";
import { coveredText } from "../detect/covered.ts";
import type { AnyAlarm } from "../detect/detector.ts";
import type { JsonObject } from "../exchange/exchange.ts";
import { readLeaves } from "../ledger/read.ts";
import { readArguments, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeys } from "./folder.ts";

const TIERS = ["watch", "review", "bounded"];

const HELP = `stillwatch alarms [--data DIR] [--tier TIER] [--all] [--json]

What the detector found, as it stands in the journal: for each account its highest alarm, with the reasons in words, the exchanges
that show them, and the honest reading. An alarm is a reason to look, not a verdict.

  --tier TIER   only this tier and above: watch, review (default), bounded
  --all         every alarm as it was raised, oldest first, instead of the highest of each account or campaign, and those
                of earlier calibrations too: without it only alarms of the calibration of the last one are shown
${FOLDER_HELP}
Tiers: bounded = rejected by an error-controlled procedure (q = 0.05); review = p <= 0.01; watch = p <= 0.05. With the built-in calibration
p-values hold for simulated traffic only and nothing is called bounded.

Examples
  stillwatch alarms
  stillwatch alarms --tier watch --json
`;

export const alarms: Command = {
  name: "alarms",
  summary: "what the detector found",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("alarms", argv, {
      ...folderOptions,
      tier: { type: "string", default: "review" },
      all: { type: "boolean", default: false },
    });
    const bar = TIERS.indexOf(args.required("tier"));
    if (bar < 0) throw new UsageError(`--tier ${args.text("tier")} is none of ${TIERS.join(", ")}`);
    const dataDir = dataFolder(args);
    const every: AnyAlarm[] = [];
    for await (const { opened } of readLeaves(dataDir, await masterKeys(dataDir, args))) {
      if (opened.kind !== "event" || opened.event["type"] !== "alarm") continue;
      every.push(alarmOf(opened.event));
    }
    const isHigh = ({ tier }: AnyAlarm): boolean => TIERS.indexOf(tier) >= bar;
    const { latest, older, several } = byCalibration(every);
    const all = args.flag("all");
    const shown = all ? every.filter(isHigh) : highest(latest.filter(isHigh));
    if (args.flag("json")) for (const alarm of shown) io.out(`${JSON.stringify(alarm)}\n`);
    else if (shown.length === 0) io.out(`no alarm of tier ${args.required("tier")} or above\n`);
    else for (const alarm of shown) io.out(describe(alarm, several));
    const rest = all ? "" : leftOut(older.filter(isHigh).length);
    // Programs read alarms, and nothing else, from standard output.
    if (args.flag("json")) io.err(rest);
    else io.out(rest);
    return 0;
  },
};

/** An alarm event of the journal without the event's `type`: what a line of alarms.jsonl holds. */
export function alarmOf(event: JsonObject): AnyAlarm {
  const { type: _, ...alarm } = event;
  return alarm as unknown as AnyAlarm;
}

/**
 * Alarms apart by whether they were made with the calibration of the last one: p-values of different calibrations do not
 * compare. `several`: there are others, so it is worth saying which one an alarm is of.
 */
export function byCalibration<Each extends AnyAlarm>(
  found: readonly Each[],
  current = found.at(-1)?.calibration,
): { latest: Each[]; older: Each[]; several: boolean } {
  const latest = found.filter(({ calibration }) => calibration === current);
  const older = found.filter(({ calibration }) => calibration !== current);
  return { latest, older, several: older.length > 0 };
}

/** A line about alarms of earlier calibrations that are not shown; nothing when there are none. */
export function leftOut(count: number): string {
  return count === 0
    ? ""
    : `${count} older ${count === 1 ? "alarm" : "alarms"} of other calibrations left out; --all shows them\n`;
}

/** The last alarm of each subject is its highest: alarms are raised only upwards. */
function highest(found: readonly AnyAlarm[]): AnyAlarm[] {
  const whose = (alarm: AnyAlarm): string => ("account" in alarm ? alarm.account : alarm.subject.campaign);
  const last = new Map(found.map((alarm) => [whose(alarm), alarm]));
  return [...last.values()].sort((a, b) => a.p - b.p);
}

/** @param several says which calibration it was made with, too */
export function describe(alarm: AnyAlarm, several = false): string {
  const line = ({ name, percentile, because, evidence }: AnyAlarm["signals"][number]): string => {
    const shown = evidence.slice(-2).join(", ");
    return `${name}${percentile === null ? "" : ` [percentile ${percentile}]`}: ${because}${shown ? ` (e.g. ${shown})` : ""}\n`;
  };
  const q = alarm.q === null ? "" : `, q = ${alarm.q}`;
  const after = "exchanges" in alarm ? `, after ${alarm.exchanges} exchanges` : "";
  const covered =
    "covered" in alarm && alarm.covered
      ? `    ${coveredText(alarm.covered, alarm.exchanges)}, none of them judged\n`
      : "";
  const against = "against" in alarm ? alarm.against : [];
  const madeWith = several ? `    Calibration: ${alarm.calibration}\n` : "";
  const whose = "key" in alarm.subject && "account" in alarm ? ` of account ${alarm.account}` : "";
  return (
    `${subjectText(alarm.subject)}${whose}  ${alarm.tier.toUpperCase()}  p = ${alarm.p}${q}  since ${alarm.time}${after}\n${covered}` +
    alarm.signals.map((signal) => `    ${line(signal)}`).join("") +
    `${against.map((signal) => `    against it, ${line(signal)}`).join("")}    Honest reading: ${alarm.benignReading}\n${madeWith}`
  );
}
