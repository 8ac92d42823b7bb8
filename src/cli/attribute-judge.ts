import type { AttributionTest } from "../attribute/attribution-test.ts";
import { canaries } from "../attribute/canaries.ts";
import { JUDGE_DEFAULTS, judge, type Verdict } from "../attribute/judge.ts";
import { lexical } from "../attribute/lexical.ts";
import { linear } from "../attribute/linear.ts";
import { readScores } from "../attribute/scores.ts";
import { sign } from "../attribute/sign.ts";
import { twins } from "../attribute/twins.ts";
import { seeded } from "../stats/random.ts";
import { type Arguments, type Io, noWords, oneOf, readArguments, type Subcommand } from "./arguments.ts";
import { within } from "./attribute-power.ts";
import { percent, short, table } from "./attribute-text.ts";

const JUDGE_HELP = `  --scores F       JSONL, plain, .gz or .zst ("-": standard input), one item a line, in the order in which it was served:
                   {"item":"ex_01","account":"acc_7","served":1,"scores":[-41.2,-38.9],"reference":[-40.1,-40.3],"weight":1}
                   account, reference and weight are optional; weight must not depend on what was served
  --alpha A        level at which accounts are named and power is told (default 0.05)
  --effect E       an effect assumed beforehand (d/sd, e.g. 0.35): tells the power that these items have for it
  --draws N        redraws where an exact p would take too long (default 100000)
  --seed N         of those redraws (default 1)
  --json           the verdict as JSON: items, effect, interval, p, eValue, method, power, accounts, limits and more

Exit 0: judged, whatever the verdict. 2: wrong input.
`;

const STATISTICS = { clipped: twins, linear, sign } as const;

export const twinsCommand: Subcommand = {
  summary: "twin answers: p-value, e-value, effect, power and accounts from a file of scores",
  help: `stillwatch attribute twins --scores F [--alpha A] [--statistic clipped|linear|sign] [--json]

Twins are answers sampled alike, of which a secret coin chose the one that was served. If the suspect's scores do not depend on the coins, any
of them was served with equal chance: that is what p is about. Scores are the suspect's log-likelihoods of the siblings (best: per token, with those
of the teacher or of the suspect's base model as "reference") or similarities of its answers to them.

  --statistic S    clipped (default), linear or sign; to be chosen before the suspect is asked (docs/attribution.md)
${JUDGE_HELP}
Examples
  stillwatch attribute twins --scores scores.jsonl
  stillwatch attribute twins --scores scores.jsonl.zst --alpha 0.01 --json | jq '.p, .accounts[0]'
  my-scorer | stillwatch attribute twins --scores - --effect 0.35
`,
  run: (argv, io) =>
    judgeCommand(
      "twins",
      argv,
      io,
      (args) =>
        STATISTICS[oneOf("statistic", args.text("statistic") ?? "clipped", ["clipped", "linear", "sign"])],
    ),
};

export const lexicalCommand: Subcommand = {
  summary: "lexical twins: the same from log-odds of token pairs",
  help: `stillwatch attribute lexical --scores F [--alpha A] [--json]

An item is a pair of interchangeable tokens, one of which a secret coin had nudged: scores [D,-D] with D the log-odds of the first in the suspect's
text, reference the same in other text, weight the inverse variance.

${JUDGE_HELP}
Example
  stillwatch attribute lexical --scores pairs.jsonl --json
`,
  run: (argv, io) => judgeCommand("lexical", argv, io, () => lexical),
};

export const canaryCommand: Subcommand = {
  summary: "canaries: rank of the served nonce among its sealed counterfactuals",
  help: `stillwatch attribute canary --scores F [--alpha A] [--json]

An item is a canary: scores of the nonce that a secret draw served and of those it sealed. With one canary of M sealed ones p is
(1 + sealed ones that score as high) / (M + 1).

${JUDGE_HELP}
Example
  stillwatch attribute canary --scores canaries.jsonl
`,
  run: (argv, io) => judgeCommand("canary", argv, io, () => canaries),
};

async function judgeCommand(
  name: string,
  argv: readonly string[],
  io: Io,
  testFor: (args: Arguments) => AttributionTest,
): Promise<0> {
  const args = readArguments(`attribute ${name}`, argv, {
    scores: { type: "string" },
    alpha: { type: "string" },
    effect: { type: "string" },
    draws: { type: "string" },
    seed: { type: "string" },
    ...(name === "twins" && { statistic: { type: "string" } }),
    json: { type: "boolean" },
  });
  noWords(`attribute ${name}`, args);
  const effect = within(args, "effect", 0, 100);
  const test = testFor(args);
  const settings = {
    ...JUDGE_DEFAULTS,
    alpha: within(args, "alpha", 1e-12, 0.999) ?? JUDGE_DEFAULTS.alpha,
    draws: args.whole("draws", 1, 1e8) ?? JUDGE_DEFAULTS.draws,
    random: seeded(args.whole("seed", 0, 2 ** 32 - 1) ?? 1),
    ...(effect !== undefined && { assumedEffect: effect }),
  };
  const verdict = judge(await readScores(args.required("scores")), test, settings);
  io.out(args.flag("json") ? `${JSON.stringify(verdict)}\n` : tellVerdict(verdict));
  return 0;
}

const ACCOUNTS_SHOWN = 20;

function tellVerdict(verdict: Verdict): string {
  const { effect, interval, power, accounts } = verdict;
  const named = accounts.filter(({ pHolm }) => pHolm <= power.alpha).length;
  const shown = accounts.slice(0, Math.max(named, ACCOUNTS_SHOWN));
  const rest = accounts.length - shown.length;
  const lines = [
    `p        ${short(verdict.p)}   one-sided: chance of such scores, or more, if the suspect is independent of what was served`,
    `e-value  ${short(verdict.eValue)}   at least 1/a with chance at most a, whenever one stops (p that may be read at any time: ${short(verdict.anytimeP)})`,
    `effect   ${percent(effect)} of sealed siblings score below the served one (chance: 50 %); 95 % interval ${percent(interval[0])} to ${percent(interval[1])}`,
    `items    ${verdict.items}`,
    `power    ${tellPower(power)}`,
    `method   ${verdict.method}`,
    `test     ${verdict.test}: ${verdict.statistic}`,
    ...(accounts.length === 0
      ? []
      : [
          "",
          `${named} of ${accounts.length} accounts named at family-wise level ${power.alpha} (Holm)`,
          ...table([
            ["account", "items", "p", "p (Holm)", "e-value", ""],
            ...shown.map((each) => [
              each.account,
              String(each.items),
              short(each.p),
              short(each.pHolm),
              short(each.eValue),
              `${each.pHolm <= power.alpha ? "named" : ""}${each.listed ? " listed (e-BH)" : ""}`.trim(),
            ]),
          ]),
          ...(rest > 0 ? [`… and ${rest} more; --json has all`] : []),
        ]),
    "",
    "Limits",
    ...verdict.limits.map((limit) => `- ${limit}`),
  ];
  return `${lines.join("\n")}\n`;
}

function tellPower({ alpha, detectable, assumed, observed, moreItems }: Verdict["power"]): string {
  const said = [
    detectable === null
      ? `at alpha ${alpha} no effect would be found with 90 %: too few items`
      : `at alpha ${alpha} an effect of ${detectable.toFixed(2)} d/sd would be found with 90 %`,
  ];
  if (assumed) said.push(`the assumed ${assumed.effect} with ${percent(assumed.power)}`);
  if (moreItems === null) said.push("nothing points to the served siblings");
  else if (moreItems > 0) said.push(`if the effect is what it seems, ${moreItems} more items make it 90 %`);
  const hard = observed.itemsFor["0.000001"];
  if (typeof hard === "number") said.push(`${hard} items in all would for alpha 1e-6`);
  return said.join("; ");
}
