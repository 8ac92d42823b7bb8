import type { CampaignLine } from "../detect/link/campaigns.ts";
import type { JsonObject } from "../exchange/exchange.ts";
import { readLeaves } from "../ledger/read.ts";
import { readArguments, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeys } from "./folder.ts";

const HELP = `stillwatch campaign [ID] [--data DIR] [--json]

Accounts judged to be one operation. Without ID: every campaign as it stands now. With ID: its accounts and the reasons in words.
Three figures are kept apart: link (p-value: they are one operation), harvest (p-value: their pooled traffic harvests) and concealed (share
of the accounts that no common declared identity covers). Linked is not guilty.
${FOLDER_HELP}
Examples
  stillwatch campaign
  stillwatch campaign camp_0123456789abcdef0123 --json
`;

export const campaign: Command = {
  name: "campaign",
  summary: "accounts judged to be one operation",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("campaign", argv, folderOptions);
    const [id, ...more] = args.words;
    if (more.length > 0) throw new UsageError("name one campaign, or none for a list");
    const dataDir = dataFolder(args);
    const current = new Map<string, CampaignLine>();
    for await (const { opened } of readLeaves(dataDir, await masterKeys(dataDir, args))) {
      if (opened.kind !== "event" || opened.event["type"] !== "campaign") continue;
      const line = campaignOf(opened.event);
      current.set(line.campaign, line);
    }
    if (id !== undefined) {
      const line = current.get(id);
      if (!line)
        throw new UsageError(`there is no campaign ${id} in ${dataDir}; \`stillwatch campaign\` lists them`);
      io.out(args.flag("json") ? `${JSON.stringify(line)}\n` : describeCampaign(line));
      return 0;
    }
    const all = [...current.values()].sort((a, b) => pOf(a) - pOf(b) || (a.campaign < b.campaign ? -1 : 1));
    if (args.flag("json")) for (const line of all) io.out(`${JSON.stringify(line)}\n`);
    else if (all.length === 0) io.out("no campaign\n");
    else for (const line of all) io.out(headOf(line));
    return 0;
  },
};

/** A campaign event of the journal without the event's `type`: what a line of campaigns.jsonl holds. */
export function campaignOf(event: JsonObject): CampaignLine {
  const { type: _, ...line } = event;
  return line as unknown as CampaignLine;
}

/** One campaign with its reasons and accounts. */
export function describeCampaign(line: CampaignLine): string {
  const reasons = line.because.map((because) => `    ${because}\n`);
  const accounts = line.accounts.map((account) => `    ${account}\n`);
  return `${headOf(line)}  because\n${reasons.join("")}  accounts\n${accounts.join("")}`;
}

function headOf({ campaign, tier, accounts, link, harvest, concealed, time }: CampaignLine): string {
  return (
    `${campaign}  ${tier === "none" ? "WITHDRAWN" : tier.toUpperCase()}  ${accounts.length} accounts  link p = ${link}, harvest p = ${harvest}, ` +
    `concealed ${Math.round(100 * concealed)} %  as of ${time}\n`
  );
}

function pOf({ link, harvest }: CampaignLine): number {
  return Math.max(link, harvest);
}
