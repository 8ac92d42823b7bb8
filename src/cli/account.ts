import { randomBytes } from "node:crypto";
import type { Alarm } from "../detect/alarm.ts";
import type { CampaignLine } from "../detect/link/campaigns.ts";
import { readLeaves } from "../ledger/read.ts";
import { Store } from "../policy/store.ts";
import { alarmOf, byCalibration, describe, leftOut } from "./alarms.ts";
import { campaignOf } from "./campaign.ts";
import { readArguments, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeys } from "./folder.ts";

const HELP = `stillwatch account ID [--data DIR] [--all] [--json]

One account: what it may have now, its keys, what it did so far (no contents), and the alarms about it with their reasons.

  --all         alarms of earlier calibrations, too: without it only those of the calibration of the journal's last alarm
${FOLDER_HELP}
Example
  stillwatch account acc_01J…
`;

interface Activity {
  exchanges: number;
  erased: number;
  inputTokens: number;
  outputTokens: number;
  first: string | null;
  last: string | null;
  outcomes: Record<string, number>;
  models: Record<string, number>;
  /** Exchanges by the permit that covered them. */
  permits: Record<string, number>;
}

export const account: Command = {
  name: "account",
  summary: "one account: what it did, what it may, why it stands out",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("account", argv, {
      ...folderOptions,
      all: { type: "boolean", default: false },
    });
    const [id] = args.words;
    if (id === undefined) throw new UsageError("name the account; `stillwatch accounts list` shows all");
    const dataDir = dataFolder(args);
    const folded = await fold(dataDir, id, await masterKeys(dataDir, args));
    const { activity, campaigns } = folded;
    const { latest, older, several } = byCalibration(folded.alarms, folded.calibration);
    const alarms = args.flag("all") ? folded.alarms : latest;
    const store = new Store(dataDir, { now: () => Date.now(), random: randomBytes });
    const stored = store.findAccount(id);
    const keys = store.listKeys(id);
    store.close();
    if (!stored && activity.exchanges === 0)
      throw new UsageError(`there is no account ${id} in ${dataDir}; \`stillwatch accounts list\` shows all`);
    if (args.flag("json")) {
      io.out(`${JSON.stringify({ account: id, standing: stored, keys, activity, alarms, campaigns })}\n`);
      if (!args.flag("all")) io.err(leftOut(older.length));
      return 0;
    }
    const count = (counts: Record<string, number>): string =>
      Object.entries(counts)
        .map(([name, n]) => `${name} ${n}`)
        .join(", ") || "-";
    io.out(
      `${id}  ${stored ? stored.standing : "not registered here (imported)"}${stored?.organization ? `  ${stored.organization}` : ""}\n` +
        `  exchanges  ${activity.exchanges}${activity.erased ? ` (and ${activity.erased} erased)` : ""}, ${activity.first ?? "-"} to ${activity.last ?? "-"}\n` +
        `  tokens     ${activity.inputTokens} in, ${activity.outputTokens} out (as the upstream reported)\n` +
        `  outcomes   ${count(activity.outcomes)}\n  models     ${count(activity.models)}\n` +
        `  keys       ${keys.map((key) => `${key.key} …${key.hint}${key.revokedAt ? " revoked" : ""}`).join(", ") || "-"}\n`,
    );
    for (const [permit, exchanges] of Object.entries(activity.permits))
      io.out(
        `  covered by permit ${permit}: ${exchanges} of ${activity.exchanges} exchanges, none of them judged\n`,
      );
    for (const { campaign, tier, accounts, link, harvest } of campaigns)
      io.out(
        `  in campaign ${campaign} (${tier}, ${accounts.length} accounts, link p = ${link}, harvest p = ${harvest}): linked is not guilty\n`,
      );
    io.out(alarms.length === 0 ? "  no alarm\n" : alarms.map((alarm) => describe(alarm, several)).join(""));
    if (!args.flag("all")) io.out(leftOut(older.length));
    return 0;
  },
};

async function fold(
  dataDir: string,
  id: string,
  masters: Awaited<ReturnType<typeof masterKeys>>,
): Promise<{
  activity: Activity;
  alarms: Alarm[];
  /** Of the journal's last alarm, whosever it is. */
  calibration: string | undefined;
  campaigns: CampaignLine[];
}> {
  const activity: Activity = {
    exchanges: 0,
    erased: 0,
    inputTokens: 0,
    outputTokens: 0,
    first: null,
    last: null,
    outcomes: {},
    models: {},
    permits: {},
  };
  const alarms: Alarm[] = [];
  let calibration: string | undefined;
  const campaigns = new Map<string, CampaignLine>();
  for await (const { opened } of readLeaves(dataDir, masters)) {
    if (opened.kind === "event") {
      const { event } = opened;
      if (event["type"] === "alarm") {
        const alarm = alarmOf(event);
        calibration = alarm.calibration;
        if ("account" in alarm && alarm.account === id) alarms.push(alarm);
      }
      if (event["type"] === "campaign") {
        const line = campaignOf(event);
        campaigns.set(line.campaign, line);
      }
      if (event["type"] === "erasure" && event["account"] === id)
        activity.erased += (event["leaves"] as number[]).length;
    }
    if (opened.kind !== "exchange" || opened.who.account !== id) continue;
    const { parameters: p } = opened;
    activity.exchanges++;
    activity.inputTokens += p.usage.input ?? 0;
    activity.outputTokens += p.usage.output ?? 0;
    activity.first ??= p.time;
    activity.last = p.time;
    activity.outcomes[p.outcome] = (activity.outcomes[p.outcome] ?? 0) + 1;
    if (p.permit !== null) activity.permits[p.permit] = (activity.permits[p.permit] ?? 0) + 1;
    const model = p.model ?? "none";
    activity.models[model] = (activity.models[model] ?? 0) + 1;
  }
  const its = [...campaigns.values()].filter(
    ({ tier, accounts }) => tier !== "none" && accounts.includes(id),
  );
  return { activity, alarms, calibration, campaigns: its };
}
