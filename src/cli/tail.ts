import type { OpenedRecord } from "../ledger/opened.ts";
import { readLeaves, START, type Cursor } from "../ledger/read.ts";
import { listSegments, readSegmentHeader } from "../ledger/segment.ts";
import { alarmOf } from "./alarms.ts";
import { readArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeys } from "./folder.ts";

const HELP = `stillwatch tail [--data DIR] [--from-start] [--once] [--json]

Exchanges, alarms and decisions as they reach the journal: facts, never contents. Ctrl-C ends it.

  --from-start   begin with the first record instead of the last segment's
  --once         stop at the end of the journal instead of waiting
${FOLDER_HELP}
Examples
  stillwatch tail
  stillwatch tail --from-start --once --json | jq -r .account | sort | uniq -c
`;

export const tail: Command = {
  name: "tail",
  summary: "exchanges and alarms as they come",
  help: HELP,
  async run(argv, io) {
    const args = readArguments("tail", argv, {
      ...folderOptions,
      "from-start": { type: "boolean", default: false },
      once: { type: "boolean", default: false },
    });
    const dataDir = dataFolder(args);
    const masters = await masterKeys(dataDir, args);
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
    const from = args.flag("from-start") ? START : lastSegment(dataDir);
    const options = args.flag("once") ? { from } : { from, follow: stop.signal };
    for await (const { leaf, opened } of readLeaves(dataDir, masters, options)) {
      if (stop.signal.aborted) break;
      if (args.flag("json")) io.out(`${JSON.stringify(facts(leaf, opened))}\n`);
      else io.out(line(leaf, opened));
    }
    return 0;
  },
};

function lastSegment(dataDir: string): Cursor {
  const first = listSegments(dataDir).at(-1);
  return first === undefined ? START : { record: first, leaf: readSegmentHeader(dataDir, first).firstLeaf };
}

function facts(leaf: number, opened: OpenedRecord): object {
  switch (opened.kind) {
    case "exchange": {
      const { account, key } = opened.who;
      return { leaf, kind: "exchange", account, key, ...opened.parameters };
    }
    case "event":
      return { leaf, kind: "event", ...opened.event };
    case "erased":
      return { leaf, kind: "erased" };
  }
}

function line(leaf: number, opened: OpenedRecord): string {
  switch (opened.kind) {
    case "exchange": {
      const p = opened.parameters;
      const tokens = `${p.usage.input ?? "?"}+${p.usage.output ?? "?"} tokens`;
      return `${String(leaf).padStart(8)}  ${p.time}  ${opened.who.account}  ${p.endpoint}  ${p.model ?? "-"}  ${p.status} ${p.outcome}  ${tokens}  ${p.latencyMs} ms  ${p.id}\n`;
    }
    case "event": {
      const { type, time, ...rest } = opened.event as { type: string; time: string };
      const alarm = type === "alarm" ? alarmOf(opened.event) : null;
      const what = alarm
        ? `${JSON.stringify(alarm.subject)} ${alarm.tier} p=${alarm.p}`
        : JSON.stringify(rest).slice(0, 160);
      return `${String(leaf).padStart(8)}  ${time}  ${type}  ${what}\n`;
    }
    case "erased":
      return `${String(leaf).padStart(8)}  (erased)\n`;
  }
}
