import type { Agreement } from "./agreement.ts";
import type { CampaignFigures } from "./campaigns.ts";
import { clopperPearson } from "../../src/stats/interval.ts";
import { quantile } from "./rates.ts";
import { share, table } from "./table.ts";

export function campaignsReport(figures: CampaignFigures): string {
  const { alarmed, watched, gated, recovered, cohorts, failover } = figures;
  return [
    `${figures.accounts} accounts, ${figures.exchanges} exchanges; calibration of ${figures.calibration.accounts} accounts and ${figures.calibration.groups} honest groups of another world`,
    table(
      [
        "campaign",
        "families",
        "templates",
        "evasion",
        "accounts",
        "nearest",
        "linked",
        "alarmed",
        "p link",
        "p harvest",
      ],
      figures.fates.map((fate) => [
        fate.name,
        fate.families.join(", "),
        fate.templates,
        String(fate.evasion),
        String(fate.members),
        share(fate.nearest.overlap) + (fate.nearest.gated ? " gated" : "      "),
        share(fate.linked),
        share(fate.alarmed),
        fate.p === null ? "-" : String(fate.p.link),
        fate.p === null ? "-" : String(fate.p.harvest),
      ]),
    ),
    "nearest: overlap (Jaccard) with the nearest cluster that was formed, before overlapping ones are made one",
    "linked: share of the members in a cluster past the gate, whatever it harvests; alarmed: in a campaign at review or bounded",
    `linking alone: ${gated.real} of ${gated.all} clusters past the gate are real (the largest have ${gated.sizes.slice(0, 4).join(", ")} accounts); ${agreement(figures.linkAgreement)}; look-alike cohorts past the gate: ${names(cohorts.gated)}`,
    `with watch: ${watched.real} of ${watched.all} campaigns are real`,
    `alarmed: ${agreement(figures.agreement)}`,
    `relinked after a stop: ${failover.relinked} of ${failover.successors} successors, median ${hours(failover.hours, 0.5)}, p90 ${hours(failover.hours, 0.9)}`,
    `look-alike cohorts alarmed: ${cohorts.alarmed.length} of ${cohorts.all} (aim 0)${cohorts.alarmed.length > 0 ? `: ${names(cohorts.alarmed)}` : ""}`,
    `accounts recovered: ${share(recovered.shared)} with shared templates (aim .80), ${share(recovered.other)} without (aim .50)`,
    `alarmed campaigns that are real: ${alarmed.real} of ${alarmed.all}${ratio(alarmed)} (aim .95)`,
  ].join("\n");
}

function agreement({ precision, recall, f1, ari }: Agreement): string {
  return `pairwise F1 ${share(f1)} (precision ${share(precision)}, recall ${share(recall)}), ARI ${share(ari)}`;
}

function ratio({ real, all }: { readonly real: number; readonly all: number }): string {
  if (all === 0) return "";
  const { low, high } = clopperPearson(real, all);
  return `, ${share(real / all)} [${share(low)}, ${share(high)}]`;
}

function hours(sorted: readonly number[], q: number): string {
  return sorted.length === 0 ? "-" : `${quantile(sorted, q).toFixed(1)} h`;
}

function names(list: readonly string[]): string {
  return list.length === 0 ? "none" : list.join(", ");
}
