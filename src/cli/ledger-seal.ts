import { existsSync } from "node:fs";
import { loadMasterKeys } from "../ledger/keyring.ts";
import { lockFolder } from "../ledger/lock.ts";
import { parquetPath, writeParquet } from "../ledger/parquet.ts";
import { sealSegment } from "../ledger/seal.ts";
import { listSegments } from "../ledger/segment.ts";
import { readArguments, type Subcommand } from "./arguments.ts";
import { dataFolder, FOLDER_HELP, folderOptions, masterKeyCommand } from "./folder.ts";

export const seal: Subcommand = {
  summary: "compresses closed segments, writes their metadata as Parquet",
  help: `stillwatch ledger seal [--data DIR] [--segment N]

Compresses the closed segments of the journal (contents stay encrypted under the same keys, leaves and proofs do not change) and
writes their metadata and sketches, no payloads, as Parquet under parquet/. \`serve\` does this by itself; this is for folders whose
server is stopped.

  --segment N       only the segment that begins with this record
  --holding-lock    used by \`serve\` itself
${FOLDER_HELP}
Example
  stillwatch ledger seal && duckdb -c "select account, count(*) from 'stillwatch-data/parquet/*.parquet' group by 1"
`,
  async run(argv, io) {
    const args = readArguments("ledger seal", argv, {
      ...folderOptions,
      segment: { type: "string" },
      "holding-lock": { type: "boolean", default: false },
    });
    const dataDir = dataFolder(args);
    const only = args.whole("segment", 1, Number.MAX_SAFE_INTEGER);
    const lock = args.flag("holding-lock") ? null : lockFolder(dataDir, 500);
    try {
      const masters = await loadMasterKeys(dataDir, { command: masterKeyCommand(args) });
      const done: object[] = [];
      for (const first of listSegments(dataDir).slice(0, -1)) {
        if (only !== undefined && first !== only) continue;
        const sealed = await sealSegment(dataDir, first, masters);
        const rows =
          sealed || !existsSync(parquetPath(dataDir, first))
            ? await writeParquet(dataDir, first, masters)
            : null;
        if (sealed)
          io.err(`segment ${first}: ${sealed.records} records, ${sealed.before} -> ${sealed.after} bytes\n`);
        if (sealed || rows !== null) done.push({ segment: first, ...sealed, rows });
      }
      io.out(args.flag("json") ? `${JSON.stringify({ sealed: done })}\n` : `${done.length} segments done\n`);
    } finally {
      lock?.release();
    }
    return 0;
  },
};
