import { hostname } from "node:os";
import { loadConfig, receiversOf } from "../config.ts";
import { DeliveryError } from "../delivery/error.ts";
import { testMessage } from "../delivery/message.ts";
import { openSink, type Sender } from "../delivery/sink.ts";
import type { Receiver } from "../delivery/worker.ts";
import { dispatch, noWords, readArguments, UsageError, type Subcommand } from "./arguments.ts";
import type { Command } from "./command.ts";
import { codeVersion } from "./version.ts";

const HELP = `stillwatch delivery test --config F [--sink NAME] [--json]

Sends a message that is clearly marked as a test to the sinks of alarms in the configuration (delivery.sinks), once each, and says
whether it was taken. Exit 0 when every sink took it, 1 when one did not.

  --config F     configuration, YAML or JSON (docs/delivery.md)
  --sink NAME    this sink only
  --json         one JSON line per sink: {"sink","where","ok","error"}

Example
  stillwatch delivery test --config stillwatch.yaml --sink soc
`;

const test: Subcommand = {
  summary: "send a test message to the configured sinks",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("delivery test", argv, {
      config: { type: "string" },
      sink: { type: "string" },
      json: { type: "boolean", default: false },
    });
    noWords("delivery test", args);
    const path = args.required("config");
    const sinks = chosen(receiversOf(loadConfig(path)), args.text("sink"), path);
    const sender: Sender = { version: codeVersion(), machine: hostname(), now: () => Date.now() };
    const answers = await Promise.all(sinks.map((receiver) => tryOnce(receiver, sender)));
    for (const answer of answers) {
      const { sink, where, ok, error } = answer;
      if (args.flag("json")) io.out(`${JSON.stringify(answer)}\n`);
      else io.out(`${ok ? "ok    " : "FAILED"}  ${sink}  ${error ?? where}\n`);
    }
    return answers.every(({ ok }) => ok) ? 0 : 1;
  },
};

interface Answer {
  readonly sink: string;
  readonly where: string;
  readonly ok: boolean;
  /** Why it failed, or a caution. */
  readonly error: string | null;
}

async function tryOnce({ options }: Receiver, sender: Sender): Promise<Answer> {
  const sink = openSink(options, sender);
  const { name, where } = sink;
  try {
    const caution = await sink.send(testMessage(sender.now(), Math.random), new AbortController().signal);
    return { sink: name, where, ok: true, error: caution };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return { sink: name, where, ok: false, error: error.message };
  }
}

function chosen(all: readonly Receiver[], name: string | undefined, path: string): readonly Receiver[] {
  if (all.length === 0)
    throw new UsageError(`${path} has no sinks: add one under delivery.sinks (docs/delivery.md)`);
  if (name === undefined) return all;
  const found = all.filter(({ options }) => options.name === name);
  if (found.length > 0) return found;
  throw new UsageError(
    `there is no sink ${name} in ${path}; there is: ${all.map(({ options }) => options.name).join(", ")}`,
  );
}

const ABOUT = "where alarms and campaigns are told";

export const delivery: Command = {
  name: "delivery",
  summary: ABOUT,
  help: `stillwatch delivery <command>: ${ABOUT}

  test   send a test message to the configured sinks

\`stillwatch delivery <command> --help\` shows options and examples. docs/delivery.md says how sinks are configured.
`,
  run: (argv, io) => dispatch("delivery", ABOUT, { test }, argv, io),
};
