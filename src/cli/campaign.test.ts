import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaignEvent, type CampaignLine } from "../detect/link/campaigns.ts";
import { Ledger } from "../ledger/ledger.ts";
import { UsageError } from "./arguments.ts";
import { campaign } from "./campaign.ts";

const line = (id: string, fields: Partial<CampaignLine>): CampaignLine => ({
  time: "2026-03-01T00:00:00.000Z",
  campaign: id,
  accounts: ["acc_1", "acc_2"],
  link: 0.0002,
  harvest: 0.03,
  concealed: 1,
  tier: "watch",
  because: ["2 accounts send prompts with the same recurring wording"],
  ...fields,
});

let dataDir: string;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-cli-campaign-"));
  const ledger = await Ledger.open({ dataDir, now: () => 0 });
  const told = [
    line("camp_a", {}),
    line("camp_b", { harvest: 0.001, tier: "review" }),
    line("camp_a", {
      accounts: ["acc_1", "acc_2", "acc_3"],
      harvest: 0.02,
      time: "2026-03-02T00:00:00.000Z",
    }),
  ];
  for (const each of told) await ledger.append(campaignEvent(each));
  await ledger.stop();
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<string> {
  let out = "";
  const code = await campaign.run([...argv, "--data", dataDir], {
    out: (text) => (out += text),
    err: () => undefined,
  });
  expect(code).toBe(0);
  return out;
}

describe("stillwatch campaign", () => {
  it("lists each campaign as it stands now, the surest first", async () => {
    const lines = (await run()).trimEnd().split("\n");
    expect(lines.map((text) => text.slice(0, 14))).toEqual(["camp_b  REVIEW", "camp_a  WATCH "]);
    expect(lines[1]).toContain("3 accounts");
    const json = (await run("--json")).trimEnd().split("\n");
    expect(json.map((text) => (JSON.parse(text) as CampaignLine).campaign)).toEqual(["camp_b", "camp_a"]);
  });

  it("shows one with its accounts and reasons", async () => {
    const text = await run("camp_a");
    expect(text).toContain("acc_3");
    expect(text).toContain("same recurring wording");
    expect(JSON.parse(await run("camp_a", "--json"))).toMatchObject({ harvest: 0.02 });
  });

  it("says what is wrong", async () => {
    await expect(run("camp_none")).rejects.toThrow(UsageError);
    await expect(run("camp_a", "camp_b")).rejects.toThrow(/one campaign/);
  });
});
