import { mkdirSync, renameSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { MasterKeys } from "./keyring.ts";
import { readLeaves } from "./read.ts";
import { listSegments, readSegmentHeader } from "./segment.ts";

/**
 * Metadata and sketches of a closed segment as zstd Parquet, `parquet/<first record>.parquet`, for DuckDB and whatever
 * else reads Parquet. No payloads. Made from the journal and never the only copy: delete it and it is made again.
 */
export function parquetPath(dataDir: string, first: number): string {
  return join(dataDir, "parquet", `${String(first).padStart(20, "0")}.parquet`);
}

const COLUMNS = `{leaf: 'UBIGINT', record: 'UBIGINT', id: 'VARCHAR', account: 'VARCHAR', key: 'VARCHAR', sequence: 'UBIGINT',
  time: 'TIMESTAMP', endpoint: 'VARCHAR', model: 'VARCHAR', upstream: 'VARCHAR', status: 'USMALLINT', outcome: 'VARCHAR',
  latencyMs: 'DOUBLE', firstByteMs: 'DOUBLE', inputTokens: 'BIGINT', outputTokens: 'BIGINT', permit: 'VARCHAR',
  promptBytes: 'UBIGINT', promptHash: 'VARCHAR', responseBytes: 'UBIGINT', witnessed: 'BOOLEAN', erased: 'BOOLEAN'}`;

/** Returns the number of rows. DuckDB is loaded only here, in the process that seals. */
export async function writeParquet(dataDir: string, first: number, masters: MasterKeys): Promise<number> {
  const end = listSegments(dataDir).find((segment) => segment > first) ?? Infinity;
  const { firstLeaf } = readSegmentHeader(dataDir, first);
  const path = parquetPath(dataDir, first);
  const rowsPath = `${path}.rows`;
  mkdirSync(join(dataDir, "parquet"), { recursive: true, mode: 0o700 });
  const rows: string[] = [];
  for await (const item of readLeaves(dataDir, masters, {
    from: { record: first, leaf: firstLeaf },
    limit: () => end,
  })) {
    const { opened } = item;
    if (opened.kind === "event") continue;
    const place = { leaf: item.leaf, record: opened.record };
    if (opened.kind === "erased") {
      rows.push(JSON.stringify({ ...place, erased: true }));
      continue;
    }
    const { who, parameters: p, groups } = opened;
    const sketches = JSON.parse(groups.sketches.toString("utf8")) as object;
    rows.push(
      JSON.stringify({
        ...place,
        id: p.id,
        account: who.account,
        key: who.key,
        sequence: who.sequence,
        time: p.time,
        endpoint: p.endpoint,
        model: p.model,
        upstream: p.upstream,
        status: p.status,
        outcome: p.outcome,
        latencyMs: p.latencyMs,
        firstByteMs: p.firstByteMs,
        inputTokens: p.usage.input,
        outputTokens: p.usage.output,
        permit: p.permit,
        ...sketches,
        witnessed: p.witnessed,
        erased: false,
      }),
    );
  }
  writeFileSync(rowsPath, rows.join("\n"), { mode: 0o600 });
  try {
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
    const from =
      rows.length > 0
        ? `read_json('${quoted(rowsPath)}', format = 'newline_delimited', columns = ${COLUMNS})`
        : null;
    if (from) {
      await connection.run(
        `COPY (SELECT * FROM ${from}) TO '${quoted(`${path}.tmp`)}' (FORMAT parquet, COMPRESSION zstd)`,
      );
      renameSync(`${path}.tmp`, path);
    }
    connection.closeSync();
  } finally {
    rmSync(rowsPath, { force: true });
  }
  return rows.length;
}

/** SQL string literal: DuckDB has no parameters in COPY. */
function quoted(path: string): string {
  return path.replaceAll("'", "''");
}
