import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ExchangeError } from "../exchange/error.ts";
import type { Json } from "../exchange/exchange.ts";
import { readWhole } from "../exchange/whole.ts";
import { builtIn, builtInTerms, SUMMARY_NOTICE } from "../policy/built-in-terms.ts";
import { distributions, purposes } from "../policy/permit.ts";
import { checkProvenance, datasetsIn, type DatasetFacts, type Provenance } from "../policy/provenance.ts";
import { parseTerms, permitted, termsHash, type Terms } from "../policy/terms.ts";
import { dispatch, noWords, oneOf, readArguments, UsageError, type Subcommand } from "./arguments.ts";
import type { Command } from "./command.ts";
import { printTable } from "./control.ts";

const ABOUT = "what providers' terms say about distilling their models";

const listTerms: Subcommand = {
  summary: "the terms that are built in",
  help: `stillwatch terms list [--json]

The built-in terms: ${SUMMARY_NOTICE}.

Example
  stillwatch terms list
`,
  run(argv, io) {
    const args = readArguments("terms list", argv, { json: { type: "boolean", default: false } });
    noWords("terms list", args);
    const all = builtInTerms.map((terms) => ({ ...terms, hash: termsHash(terms) }));
    if (args.flag("json")) io.out(`${JSON.stringify(all)}\n`);
    else {
      const rows = all.map((terms) => [
        terms.name,
        terms.provider,
        `${terms.document} (${terms.version})`,
        terms.hash.slice(0, 12),
      ]);
      printTable(io, ["NAME", "PROVIDER", "DOCUMENT", "SHA-256"], rows);
      io.err(`each is ${SUMMARY_NOTICE}\n`);
    }
    return Promise.resolve(0);
  },
};

const show: Subcommand = {
  summary: "one of them, or a terms file, as JSON",
  help: `stillwatch terms show NAME|FILE

Prints terms as the file that you can change and give elsewhere with --terms; says what is wrong with a file.

Example
  stillwatch terms show openai > terms.json
`,
  run(argv, io) {
    const args = readArguments("terms show", argv, { json: { type: "boolean", default: false } });
    const terms = termsNamed(oneWord(args.words, "terms show"));
    io.out(`${JSON.stringify(terms, null, args.flag("json") ? 0 : 2)}\n`);
    io.err(`SHA-256 ${termsHash(terms)}\n`);
    if (terms.basis === "summary") io.err(`this is ${SUMMARY_NOTICE}\n`);
    return Promise.resolve(0);
  },
};

const ask: Subcommand = {
  summary: "do these terms allow a use?",
  help: `stillwatch terms ask NAME|FILE --purpose P --distribution D [--own-service] [--json]

  --purpose        ${purposes.join(", ")}
  --distribution   ${distributions.join(", ")}
  --own-service    training happens in the provider's own fine-tuning service

Exit 0: they allow it by themselves. 1: they do not (no, or only with a permit). 2: they do not say; a person must decide.

Example
  stillwatch terms ask openai --purpose classifier --distribution internal
`,
  run(argv, io) {
    const args = readArguments("terms ask", argv, {
      purpose: { type: "string" },
      distribution: { type: "string" },
      "own-service": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const terms = termsNamed(oneWord(args.words, "terms ask"));
    const answer = permitted(terms, {
      purpose: oneOf("purpose", args.required("purpose"), purposes),
      distribution: oneOf("distribution", args.required("distribution"), distributions),
      onProviderService: args.flag("own-service"),
    });
    if (args.flag("json"))
      io.out(`${JSON.stringify({ terms: terms.name, hash: termsHash(terms), ...answer })}\n`);
    else {
      io.out(`${answer.allowed}\n${answer.because.map((why) => `  ${why}\n`).join("")}`);
      for (const { kind, text } of answer.restrictions) io.out(`  to be carried (${kind}): ${text}\n`);
    }
    if (terms.basis === "summary") io.err(`this is ${SUMMARY_NOTICE}\n`);
    return Promise.resolve(answer.allowed === "yes" ? 0 : answer.allowed === "unknown" ? 2 : 1);
  },
};

const check: Subcommand = {
  summary: "existing datasets against the terms of the models that wrote them",
  help: `stillwatch terms check F… [--terms FILE]… [--all] [--json]

Says of each dataset what the terms of the models that wrote it require, and whether the licence it states contradicts them.

  F              a card or row {"name","licenses":[…],"modelGenerated":[…]}, a list or JSON lines of them, a file of the Data Provenance Collection,
                 or a folder of such files
  --terms FILE   terms of further models, looked at before the built-in ones; repeatable
  --all          also those that are clear or carry their clause

Exit 0: none is flagged. 1: some are. 2: cannot be judged (malformed input). The built-in terms: ${SUMMARY_NOTICE}.

Example
  stillwatch terms check Data-Provenance-Collection/data_summaries
`,
  run(argv, io) {
    const args = readArguments("terms check", argv, {
      terms: { type: "string", multiple: true },
      all: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (args.words.length === 0)
      throw new UsageError("name the datasets to check; see `stillwatch terms check --help`");
    const known = [...args.list("terms").map(termsNamed), ...builtInTerms];
    const found = args.words.flatMap(datasets).map((dataset) => checkProvenance(dataset, known));
    const count = (status: Provenance["status"]): number =>
      found.filter((one) => one.status === status).length;
    const shown = found.filter(
      ({ status }) => args.flag("all") || status === "flagged" || status === "unknown",
    );
    for (const one of shown)
      io.out(
        args.flag("json")
          ? `${JSON.stringify(one)}\n`
          : `${one.status.padEnd(14)}  ${one.name}: ${one.because}\n`,
      );
    io.err(
      `${found.length} datasets: ${count("flagged")} flagged, ${count("carries-clause")} carry the clause, ${count("clear")} clear, ${count("unknown")} unknown\n`,
    );
    return Promise.resolve(count("flagged") > 0 ? 1 : 0);
  },
};

/** Built-in terms by name, or a file. */
function termsNamed(given: string): Terms {
  return builtIn(given) ?? parseTerms(readWhole(given).toString("utf8"));
}

function datasets(path: string): DatasetFacts[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return (
      readdirSync(path)
        // The collection's own empty form begins with an underscore.
        .filter((file) => /\.jsonl?(?:\.gz|\.zst)?$/.test(file) && !file.startsWith("_"))
        .sort()
        .flatMap((file) => datasets(join(path, file)))
    );
  const text = readWhole(path).toString("utf8");
  const whole = jsonOrNull(text);
  if (whole !== undefined) return datasetsIn(whole, path);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const rows = lines.flatMap((line, i) => {
    const place = `${path}, line ${i + 1}`;
    const value = jsonOrNull(line);
    if (value === undefined)
      throw new ExchangeError("malformed", `${place} is not JSON: ${line.slice(0, 60)}`);
    return datasetsIn(value, place).map((row) => (row.name === place ? { ...row, name: path } : row));
  });
  // Rows of one dataset have no names of their own, and mostly the same facts.
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

function jsonOrNull(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function oneWord(words: readonly string[], command: string): string {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0)
    throw new UsageError(
      `give one name of \`terms list\`, or one file; see \`stillwatch ${command} --help\``,
    );
  return word;
}

export const terms: Command = {
  name: "terms",
  summary: ABOUT,
  help: `stillwatch terms <command>: ${ABOUT}

  list    the terms that are built in
  show    one of them, or a terms file, as JSON
  ask     do these terms allow a use?
  check   existing datasets against the terms of the models that wrote them

\`stillwatch terms <command> --help\` shows options and examples.
`,
  run: (argv, io) => dispatch("terms", ABOUT, { list: listTerms, show, ask, check }, argv, io),
};
