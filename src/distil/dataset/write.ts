import canonicalize from "canonicalize";
import { rmSync, renameSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../ledger/disk.ts";
import { Frontier, leafHash } from "../../ledger/tree.ts";
import { isKept, type Row } from "../row.ts";

export interface Written {
  readonly kept: number;
  readonly dropped: number;
  /** Root over the contents of the kept rows, hexadecimal (`contentRoot`). */
  readonly root: string;
  /** Rows dropped, by the filter that said so first. */
  readonly because: Readonly<Record<string, number>>;
}

export const DATASET = "dataset.jsonl";
export const DROPPED = "dropped.jsonl";
export const PARQUET = "dataset.parquet";

/**
 * Writes `dataset.jsonl` and `.parquet` (kept rows) and `dropped.jsonl` (the others, each with the reason) into a run's folder; each
 * file is replaced whole. A line is `{id, messages, teacher, exchange, terms, permit, restrictions, price, finish, logprobs?, sample?, verdicts}` with the
 * answer as the last message, so that trainers which read chat JSONL take it as it is.
 */
export async function writeDataset(folder: string, rows: readonly Row[]): Promise<Written> {
  const kept = rows.filter(isKept);
  const dropped = rows.filter((row) => !isKept(row));
  await realDisk.replace(join(folder, DROPPED), lines(dropped));
  await realDisk.replace(join(folder, DATASET), lines(kept));
  await writeParquet(folder);
  const because: Record<string, number> = {};
  for (const row of dropped) {
    const filter = row.verdicts.find((verdict) => !verdict.kept)?.filter ?? "";
    because[filter] = (because[filter] ?? 0) + 1;
  }
  return { kept: kept.length, dropped: dropped.length, root: contentRoot(kept), because };
}

/**
 * Merkle root (RFC 9162, 2.1) over the rows' contents as RFC 8785 JSON: prompt, answer, teacher, terms, permit, verdicts. What names one
 * collecting rather than what was collected (exchange ids, prices) is left out, so a run that was killed and resumed has the same root.
 */
export function contentRoot(rows: readonly Row[]): string {
  const tree = new Frontier();
  for (const { prompt, sample, answer, finish, teacher, terms, permit, verdicts } of rows) {
    const { id, messages } = prompt;
    const said = { id, messages, sample, answer, finish, teacher, terms, permit, verdicts };
    tree.append(leafHash(Buffer.from(canonicalize(JSON.parse(json(said)))!)));
  }
  return tree.root().toString("hex");
}

function lines(rows: readonly Row[]): Buffer {
  return Buffer.from(rows.map((row) => `${json(lineOf(row))}\n`).join(""));
}

/** Halves of surrogate pairs, as cutting a text leaves them, become U+FFFD: RFC 8785 and DuckDB take none. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? part.toWellFormed() : part));
}

function lineOf(row: Row) {
  const {
    prompt,
    sample,
    answer,
    finish,
    logprobs,
    teacher,
    exchange,
    terms,
    permit,
    restrictions = [],
    price,
    verdicts,
  } = row;
  return {
    id: prompt.id,
    messages: [...prompt.messages, { role: "assistant", content: answer }],
    input: prompt.input,
    source: prompt.source,
    ...(prompt.reference === undefined ? {} : { reference: prompt.reference }),
    sample,
    finish,
    teacher,
    exchange,
    terms,
    permit,
    restrictions,
    price,
    verdicts,
    ...(logprobs === null ? {} : { logprobs }),
  };
}

const COLUMNS = `{id: 'VARCHAR', messages: 'STRUCT(role VARCHAR, content VARCHAR)[]', input: 'VARCHAR', source: 'VARCHAR', reference: 'VARCHAR',
  sample: 'INTEGER', finish: 'VARCHAR', teacher: 'VARCHAR', exchange: 'VARCHAR', terms: 'VARCHAR', permit: 'VARCHAR', restrictions: 'VARCHAR[]', price: 'DOUBLE',
  verdicts: 'STRUCT(filter VARCHAR, kept BOOLEAN, because VARCHAR)[]'}`;

/** The same rows as zstd Parquet. DuckDB is loaded here only. */
async function writeParquet(folder: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const temporary = join(folder, `${PARQUET}.tmp`);
  try {
    await connection.run(
      `COPY (SELECT * FROM read_json(${quoted(oneFile(join(folder, DATASET)))}, format = 'newline_delimited', columns = ${COLUMNS},
        maximum_object_size = 67108864)) TO ${quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    renameSync(temporary, join(folder, PARQUET));
  } finally {
    connection.closeSync();
    rmSync(temporary, { force: true });
  }
}

/** A path as a pattern that only it fits: DuckDB would read the datasets of every folder that a * in its name stands for. */
function oneFile(path: string): string {
  return path.replaceAll(/[*?[]/g, "[$&]");
}

/** SQL string literal: DuckDB has no parameters in COPY. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "''")}'`;
}
