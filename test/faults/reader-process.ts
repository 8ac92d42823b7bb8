/** Follows the journal of the folder given and prints every leaf, until an event of type "end". `node reader-process.ts DIR` */
import { writeSync } from "node:fs";
import { loadMasterKeys } from "../../src/ledger/keyring.ts";
import { readLeaves } from "../../src/ledger/read.ts";

const dataDir = process.argv[2]!;
const stop = new AbortController();
try {
  for await (const { leaf, opened } of readLeaves(dataDir, await loadMasterKeys(dataDir, {}), {
    follow: stop.signal,
    pollMs: 3,
  })) {
    const what =
      opened.kind === "exchange"
        ? opened.parameters.id
        : opened.kind === "event"
          ? opened.event["type"]
          : "erased";
    writeSync(1, `${leaf} ${what as string}\n`);
    if (what === "end") break;
  }
} catch (error) {
  writeSync(1, `error ${(error as Error).message}\n`);
  process.exitCode = 1;
}
