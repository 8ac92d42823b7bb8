/**
 * Claims (issue 4, "Speed" and "Campaigns"): 100,000 accounts linked in at most 60 s of CPU and 2 GB, campaigns with templates recovered
 * to at least 0.8 and without to at least 0.5, nothing honest past the gate.
 *
 *     node bench/link.ts [--accounts 100000] [--seed 1]
 *
 * The accounts are synthetic (test/link/members.ts: profiles without texts, by the author of the linking, so the figures flatter it):
 * companies, courses, offices, launch days, frameworks that go with countries and plans, and six campaigns. Figures last.
 */
import { parseArgs } from "node:util";
import { findClusters } from "../src/detect/link/clusters.ts";
import { seeded } from "../src/stats/random.ts";
import { campaign, END, honestWorld, memberOf, PLAIN, type CampaignPlan } from "../test/link/members.ts";

const { values } = parseArgs({
  options: { accounts: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
const size = Number(values.accounts);
const random = seeded(`bench link ${values.seed}`);
const plans: Readonly<Record<string, Partial<CampaignPlan>>> = {
  "template, pool of addresses": { size: 300 },
  "no template": { size: 60, template: false, pool: 8, payments: 8 },
  "residential addresses": { size: 60, pooled: 0, payments: null },
  "stealth, 12 % share addresses": { size: 200, pooled: 0.12, together: 0, payments: null },
  "divided list only": {
    size: 40,
    pooled: 0,
    together: 0,
    payments: null,
    list: { size: 1200, divided: true },
  },
  failover: { size: 60, pooled: 0, together: 0, payments: null, relinked: 0.4 },
};
const planted = Object.values(plans).reduce((sum, plan) => sum + (plan.size ?? 0), 0);
const world = honestWorld(size - planted, random);
const owner = new Map<string, string>();
for (const [name, plan] of Object.entries(plans)) {
  const accounts = campaign(name, { ...PLAIN, ...plan }, world.length, random);
  for (const { account } of accounts) owner.set(account, name);
  world.push(...accounts);
}
const members = world.map(memberOf);
console.log(`${members.length} accounts made, ${megabytes()} MB resident`);

const started = process.cpuUsage();
const { formed, gated } = findClusters(members, { end: END, random: seeded("bench") });
const used = process.cpuUsage(started);
const seconds = (used.user + used.system) / 1e6;

const pairs = (n: number): number => (n * (n - 1)) / 2;
let rightPairs = 0;
let foundPairs = 0;
const recovered = new Map<string, number>();
let wrong = 0;
for (const { accounts } of gated) {
  const by = new Map<string, number>();
  for (const account of accounts) {
    const name = owner.get(account);
    if (name !== undefined) by.set(name, (by.get(name) ?? 0) + 1);
  }
  foundPairs += pairs(accounts.length);
  for (const [name, n] of by) {
    rightPairs += pairs(n);
    recovered.set(name, Math.max(recovered.get(name) ?? 0, n));
  }
  if (by.size === 0) wrong++;
}
const realPairs = Object.values(plans).reduce((sum, plan) => sum + pairs(plan.size ?? 0), 0);
for (const [name, plan] of Object.entries(plans))
  console.log(`  ${name.padEnd(30)} ${recovered.get(name) ?? 0} of ${plan.size} accounts`);
const tested = formed.filter(({ declared, formedOn }) => declared === null && formedOn === "content");
console.log(
  `${formed.length} clusters formed (${tested.length} on content without declared identity), ${gated.length} past the gate, ` +
    `${wrong} of them honest`,
);
console.log(
  `pairwise precision ${(rightPairs / foundPairs).toFixed(3)}, recall ${(rightPairs / realPairs).toFixed(3)}, ` +
    `F1 ${((2 * rightPairs) / (foundPairs + realPairs)).toFixed(3)}`,
);
console.log(`${members.length} accounts: ${seconds.toFixed(1)} s of CPU, ${megabytes()} MB resident at most`);

function megabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
