import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTold, MAX_TOLD, news, type Told } from "./campaigns.ts";
import { NOTICE_TIERS, type CampaignNotice, type NoticeTier } from "./notice.ts";

const line = (campaign: string, tier: CampaignNotice["tier"]): CampaignNotice => ({
  kind: "campaign",
  id: "sw_1",
  leaf: 1,
  time: "t",
  tier,
  was: null,
  campaign,
  accountCount: 2,
  accounts: ["a", "b"],
  link: 0.001,
  harvest: 0.001,
  concealed: 1,
  because: [],
});

/** What a receiver hears of these tiers of one campaign: "was>is". */
function heard(tiers: readonly CampaignNotice["tier"][], minTier: NoticeTier = "watch"): string[] {
  let told: Told = [];
  return tiers.flatMap((tier) => {
    const { notice, ...after } = news(told, line("c", tier), minTier);
    told = after.told;
    return notice ? [`${notice.was}>${notice.tier}`] : [];
  });
}

describe("news", () => {
  it("is a new campaign, a higher tier, and a withdrawal of what was told", () => {
    expect(heard(["watch", "watch", "review", "watch", "review", "bounded", "review"])).toEqual([
      "null>watch",
      "watch>review",
      "review>bounded",
    ]);
    expect(heard(["review", "none", "none", "watch", "none"])).toEqual([
      "null>review",
      "review>none",
      "null>watch",
      "watch>none",
    ]);
    expect(heard(["watch", "none", "watch", "review", "none"], "review")).toEqual([
      "null>review",
      "review>none",
    ]);
  });

  it("never repeats a tier, never withdraws what was not told, and remembers a bounded number", () => {
    const tier = fc.constantFrom<CampaignNotice["tier"]>("none", ...NOTICE_TIERS);
    const least = fc.constantFrom(...NOTICE_TIERS);
    fc.assert(
      fc.property(fc.array(tier), least, (tiers, minTier) => {
        let is: string | null = null;
        for (const said of heard(tiers, minTier)) {
          const [was, now] = said.split(">");
          expect(was).toBe(String(is));
          expect(now).not.toBe(was);
          is = now === "none" ? null : now!;
        }
      }),
    );
    let told: Told = [];
    for (let i = 0; i < MAX_TOLD + 5; i++) ({ told } = news(told, line(`c${i}`, "watch"), "watch"));
    expect(told).toHaveLength(MAX_TOLD);
    expect(told[0]![0]).toBe("c5");
    expect(isTold(JSON.parse(JSON.stringify(told)))).toBe(true);
  });

  it("knows a damaged memory", () => {
    for (const wrong of [null, {}, [["c"]], [["c", "none"]], [[1, "watch"]], ["c"], [["c", "watch", 1]]])
      expect(isTold(wrong)).toBe(false);
  });
});
