// `stillwatch bench distil`: what the distillation workbench claims, each part measured in this run.
import { parseArgs } from "node:util";

const HELP = `stillwatch bench distil [--only fire,student,language-model,cascade,honesty] [--corpora DIR] [--quick]

  A fire            a chaos teacher, 20 seeds x 5 SIGKILLs, beside the naive stack
  B student         classifiers from recorded real tasks, beside fastText and a plain n-gram baseline
  C language-model  a student of the embedded teacher
  D cascade         the stated bound over 200 resplits
  E honesty         A/A comparisons, the published notebook's case, planted leakage, a biased judge

  --corpora DIR     default ../shared/corpora (B and D need it)
  --quick           smaller settings, for a look
`;

const PARTS = {
  fire: () => import("./distil/fire.ts"),
  student: () => import("./distil/student.ts"),
  "language-model": () => import("./distil/language-model.ts"),
  cascade: () => import("./distil/cascade.ts"),
  honesty: () => import("./distil/honesty.ts"),
} as const;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    corpora: { type: "string", default: "../shared/corpora" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const wanted = values.only?.split(",") ?? Object.keys(PARTS);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no part ${unknown.join(", ")}; there is: ${Object.keys(PARTS).join(", ")}\n`);
  process.exit(2);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
export {};
void PARTS;
void say;
