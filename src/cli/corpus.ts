import { type CorpusIndex, readIndex, type Role, ROLES } from "../detect/corpus/corpus-index.ts";
import { gather } from "../detect/corpus/gather.ts";
import { type Matched, match } from "../detect/corpus/match.ts";
import { dispatch, noWords, readArguments, type Subcommand, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { wrongInput } from "./detection.ts";

const ABOUT = "your own index of published corpora, for the detector";

const ROWS = `Files hold one prompt a row, plain or .gz or .zst: JSONL with {"messages":[…]}, {"conversations":[…]}, {"instruction","input"}, {"prompt"},
{"question"} or {"text"}, or plain text with one prompt a line. Answers are passed over where a row tells them apart.`;

const INDEX = `stillwatch corpus index --in F... --name NAME --role train|test --out FILE [--add]

Indexes the prompts of a published corpus: hashes of its sentences and lines of six words or more, no text. With the index the detector
sees who walks through a published training set, and who runs a public test split as evaluations do. ${ROWS}

  --in F        a file of the corpus; repeat for more; - reads standard input
  --name NAME   what the corpus is called (the same name again adds to it)
  --role ROLE   train: instructions or prompts that students are trained on; test: a public test split. What is in both counts as test
  --out FILE    the index
  --add         add to the index that is there
  --strict      stop at the first row without a prompt instead of skipping and counting it
  --json        what was indexed, as JSON

A calibration must be made with the same index: after adding to it, calibrate again.

Examples
  stillwatch corpus index --in alpaca.jsonl --name alpaca --role train --out corpora.index
  stillwatch corpus index --in gsm8k-test.jsonl.gz --name "GSM8K test" --role test --out corpora.index --add
  stillwatch calibrate --traffic march.jsonl.zst --corpus-index corpora.index --out calibration.json
  stillwatch replay --traffic april.jsonl.zst --corpus-index corpora.index --calibration calibration.json --out april
`;

const SHOW = `stillwatch corpus show FILE [--json]

What is in an index: its corpora with their prompts and segments (one that is in several corpora is counted once), and its hash.
`;

const MATCH = `stillwatch corpus match FILE --in F... [--json]

How much of prompts an index knows, and from which corpus: to look at the exchanges that an alarm shows as evidence. ${ROWS}

Example
  stillwatch corpus match corpora.index --in evidence.txt
`;

export const corpus: Command = {
  name: "corpus",
  summary: "an index of known corpora: published training sets and test splits",
  help: `stillwatch corpus: ${ABOUT}\n\n${INDEX}\n${SHOW}\n${MATCH}`,
  run: (argv, io) => dispatch("corpus", ABOUT, subcommands, argv, io),
};

const index: Subcommand = {
  summary: "index the prompts of a corpus",
  help: INDEX,
  run: (argv, io) =>
    wrongInput("corpus index", io, async () => {
      const args = readArguments("corpus index", argv, {
        in: { type: "string", multiple: true },
        name: { type: "string" },
        role: { type: "string" },
        out: { type: "string" },
        add: { type: "boolean" },
        strict: { type: "boolean" },
        json: { type: "boolean" },
      });
      noWords("corpus index", args);
      const [name, role, out] = [args.required("name"), args.required("role"), args.required("out")];
      if (!ROLES.includes(role as Role)) throw new UsageError(`--role ${role} is neither train nor test`);
      const files = filesOf("corpus index", args.list("in"));
      const { index: made, ...counts } = await gather({
        files,
        name,
        role: role as Role,
        out,
        add: args.flag("add"),
        strict: args.flag("strict"),
        onProgress: (prompts) => io.err(`${prompts} prompts\n`),
        onBad: (path, line, message) => io.err(`${path}, line ${line}: ${message}\n`),
      });
      const { prompts, segments, skipped } = counts;
      if (args.flag("json")) return io.out(json({ ...described(made), added: { name, role, ...counts } }));
      const without = skipped > 0 ? ` (${skipped} rows without a prompt skipped)` : "";
      io.out(`${name}: ${prompts} prompts, ${segments} different segments${without}\n${inWords(out, made)}`);
    }),
};

const show: Subcommand = {
  summary: "what is in an index",
  help: SHOW,
  run: (argv, io) =>
    wrongInput("corpus show", io, async () => {
      const args = readArguments("corpus show", argv, { json: { type: "boolean" } });
      const path = indexIn("corpus show", args.words);
      const read = readIndex(path);
      io.out(args.flag("json") ? json(described(read)) : inWords(path, read));
    }),
};

const matching: Subcommand = {
  summary: "how much of given prompts an index knows",
  help: MATCH,
  run: (argv, io) =>
    wrongInput("corpus match", io, async () => {
      const args = readArguments("corpus match", argv, {
        in: { type: "string", multiple: true },
        json: { type: "boolean" },
      });
      const path = indexIn("corpus match", args.words);
      const found = await match(
        readIndex(path),
        filesOf("corpus match", args.list("in")),
        (file, line, message) => io.err(`${file}, line ${line}: ${message}\n`),
      );
      io.out(args.flag("json") ? json(found) : matchInWords(found));
    }),
};

const subcommands = { index, show, match: matching };

function filesOf(command: string, files: readonly string[]): readonly string[] {
  if (files.length === 0) throw new UsageError(`--in is missing; see \`stillwatch ${command} --help\``);
  return files;
}

function indexIn(command: string, words: readonly string[]): string {
  const [path, ...more] = words;
  if (path === undefined || more.length > 0)
    throw new UsageError(`name one index file; see \`stillwatch ${command} --help\``);
  return path;
}

function described(read: CorpusIndex): object {
  const counts = read.counts();
  return {
    hash: read.hash,
    segments: read.size,
    corpora: read.corpora.map((corpus, i) => ({ ...corpus, segments: counts[i] })),
  };
}

function inWords(path: string, read: CorpusIndex): string {
  const counts = read.counts();
  const rows = read.corpora.map(
    ({ name, role, prompts }, i) =>
      `  ${role.padEnd(5)}  ${name}: ${prompts} prompts, ${counts[i]} segments\n`,
  );
  return `${path}: ${read.size} segments of ${read.corpora.length} corpora, ${read.hash}\n${rows.join("")}`;
}

function matchInWords({ prompts, segments, corpora }: Matched): string {
  const rows = corpora.map(
    ({ name, role, segments: its }) => `  ${role.padEnd(5)}  ${name}: ${its} of ${segments}\n`,
  );
  return `${prompts} prompts, ${segments} different segments of six words or more; known of them:\n${rows.join("") || "  none\n"}`;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
