import { readAnswers, readOneModel } from "../attribute/lineage/answers.ts";
import { type Lineage, lineageOf } from "../attribute/lineage/lineage.ts";
import { readArguments, type Subcommand, UsageError } from "./arguments.ts";
import { table } from "./attribute-text.ts";

export const lineage: Subcommand = {
  summary: "a lead: whose answers the suspect's are most like",
  help: `stillwatch attribute lineage --suspect F --teacher F --panel F... [--json]

Compares answers to the same prompts by rare n-grams: what the prompt suggests and what all models say does not count. Says which model the
suspect is nearest to and ranks the suspect's nearness to the teacher among the panel's. A lead, never a proof: nothing secret was randomised.

  --suspect F    JSONL {"prompt":"…","answer":"…","model":"…"}, plain, .gz or .zst; answers of one model
  --teacher F    the same, of the teacher
  --panel F      the same, of models that do not descend from the teacher; give it several times, or several models in a file,
                 or further files after the first
  --json         the result as JSON: nearest, teacher, p, panel, lead, limits

Examples
  stillwatch attribute lineage --suspect s.jsonl --teacher t.jsonl --panel a.jsonl --panel b.jsonl
  stillwatch attribute lineage --suspect s.jsonl --teacher t.jsonl --panel panel/*.jsonl --json
`,
  async run(argv, io) {
    const args = readArguments("attribute lineage", argv, {
      suspect: { type: "string" },
      teacher: { type: "string" },
      panel: { type: "string", multiple: true },
      json: { type: "boolean" },
    });
    // A shell expands `--panel *.jsonl` into one value and further words.
    const panel = [...args.list("panel"), ...args.words];
    if (args.list("panel").length === 0)
      throw new UsageError("--panel is missing; see `stillwatch attribute lineage --help`");
    const [suspect, teacher] = [args.required("suspect"), args.required("teacher")];
    const found = lineageOf(
      await readOneModel(suspect),
      await readOneModel(teacher),
      await readAnswers(panel),
    );
    io.out(args.flag("json") ? `${JSON.stringify(found)}\n` : tellLineage(found));
    return 0;
  },
};

function tellLineage(found: Lineage): string {
  const rows = [found.teacher, ...found.panel].map((each) => [
    each.model,
    each.similarity.toFixed(4),
    String(each.nearestAt),
    each.model === found.teacher.model ? "teacher" : "",
  ]);
  const lines = [
    found.lead,
    "",
    ...table([["model", "similarity", `nearest (of ${found.prompts} prompts)`, ""], ...rows]),
    "",
    "Limits",
    ...found.limits.map((limit) => `- ${limit}`),
  ];
  return `${lines.join("\n")}\n`;
}
