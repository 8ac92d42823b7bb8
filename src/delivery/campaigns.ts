import { NOTICE_TIERS, reaches, type CampaignNotice, type NoticeTier } from "./notice.ts";

/** What a sink was last told of each campaign that stands: kept with its cursor. The longest untouched first. */
export type Told = readonly (readonly [campaign: string, tier: NoticeTier])[];

/** So many are remembered; beyond, the one that was told longest ago is told as a new one when it rises again. */
export const MAX_TOLD = 1000;

/**
 * The journal has a line whenever a campaign's accounts or figures move; people are told when it is new or its tier is higher
 * than they were told before, and when it is withdrawn (tier "none") after they were told of it. `notice` is null for the rest.
 */
export function news(
  told: Told,
  line: CampaignNotice,
  minTier: NoticeTier,
): { readonly told: Told; readonly notice: CampaignNotice | null } {
  const { campaign, tier } = line;
  const was = told.find(([id]) => id === campaign)?.[1] ?? null;
  const others = (): Told => told.filter(([id]) => id !== campaign);
  if (tier === "none")
    return was === null ? { told, notice: null } : { told: others(), notice: { ...line, was } };
  if (!reaches(tier, minTier) || (was !== null && reaches(was, tier))) return { told, notice: null };
  const after: Told = [...others(), [campaign, tier]];
  return { told: after.slice(-MAX_TOLD), notice: { ...line, was } };
}

/** Whether a value from a state file is what `news` made. */
export function isTold(value: unknown): value is Told {
  return (
    Array.isArray(value) &&
    value.length <= MAX_TOLD &&
    value.every(
      (pair) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        typeof pair[0] === "string" &&
        NOTICE_TIERS.includes(pair[1] as NoticeTier),
    )
  );
}
