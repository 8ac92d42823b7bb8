import { dispatch } from "./arguments.ts";
import { canaryCommand, lexicalCommand, twinsCommand } from "./attribute-judge.ts";
import { lineage } from "./attribute-lineage.ts";
import { power } from "./attribute-power.ts";
import type { Command } from "./command.ts";

const ABOUT = "was this suspect trained on what we served?";

const SUBCOMMANDS = { twins: twinsCommand, lexical: lexicalCommand, canary: canaryCommand, power, lineage };

export const attribute: Command = {
  name: "attribute",
  summary: ABOUT,
  help: `stillwatch attribute <command>: ${ABOUT}

${Object.entries(SUBCOMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join("\n")}

\`stillwatch attribute <command> --help\` shows options and examples. docs/attribution.md says what the numbers mean.
`,
  run: (argv, io) => dispatch("attribute", ABOUT, SUBCOMMANDS, argv, io),
};
