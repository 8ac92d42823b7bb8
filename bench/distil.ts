// `stillwatch bench distil`: what the distillation workbench claims, each part measured in this run.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { benchCascade } from "./distil/cascade.ts";
import { benchFire, PUBLISHED_FIRE } from "./distil/fire.ts";
import { benchHonesty } from "./distil/honesty.ts";
import { benchLanguageModel, SPECIALIST } from "./distil/language-model.ts";
import { benchStudent } from "./distil/student.ts";

const HELP = `stillwatch bench distil [--only fire,student,language-model,cascade,honesty] [--corpora DIR] [--quick]

  A fire            a chaos teacher, 20 seeds x 5 SIGKILLs, beside the naive stack
  B student         classifiers from recorded real tasks, beside fastText and a plain n-gram baseline
  C language-model  a student of the embedded teacher
  D cascade         the stated bound over 200 resplits
  E honesty         A/A comparisons, the published notebook's case, planted leakage, a biased judge

  --corpora DIR     default ../shared/corpora (B and D need it)
  --quick           smaller settings, for a look: the aims are for the full ones

Examples
  stillwatch bench distil
  stillwatch bench distil --only fire --quick
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    corpora: { type: "string", default: "../shared/corpora" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const { quick } = values;
const corpora = resolve(values.corpora);

const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  fire: () => benchFire({ ...PUBLISHED_FIRE, ...(quick ? { seeds: 2, prompts: 600 } : {}), say }),
  student: () => benchStudent({ corpora, quick, say }),
  "language-model": () =>
    benchLanguageModel({
      families: SPECIALIST,
      answers: quick ? [500] : [500, 1000, 2000, 4000],
      each: quick ? 10 : 20,
      say,
    }),
  cascade: () => benchCascade({ corpora, resplits: quick ? 40 : 200, say }),
  honesty: () => benchHonesty({ corpora, runs: quick ? 400 : 2000, say }),
};

const wanted = values.only?.split(",") ?? Object.keys(PARTS);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (values.help) process.stdout.write(HELP);
else if (unknown.length > 0) {
  process.stderr.write(
    `there is no part ${unknown.join(", ")}; there is: ${Object.keys(PARTS).join(", ")}\n`,
  );
  process.exitCode = 2;
} else {
  if (!existsSync(corpora))
    say(`${corpora} is not there: B, and D on real text, are left out (--corpora DIR)`);
  for (const name of wanted) {
    const before = process.cpuUsage();
    await PARTS[name]?.();
    const { user, system } = process.cpuUsage(before);
    say(`  (${((user + system) / 1e6).toFixed(0)} CPU-seconds of this process)\n`);
  }
}
