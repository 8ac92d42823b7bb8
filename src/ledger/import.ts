import type { Exchange, JsonObject } from "../exchange/exchange.ts";
import { tokenCounts } from "../exchange/usage.ts";
import { isTime } from "./clock.ts";
import type { MasterKeys } from "./keyring.ts";
import type { Ledger } from "./ledger.ts";
import { readLeaves } from "./read.ts";
import type { Imported } from "./recording.ts";

/** An exchange of another product's log, and the file it stood in. */
export interface Logged {
  readonly exchange: Exchange;
  readonly file: string;
}

export interface ImportOptions {
  readonly dataDir: string;
  readonly masters: MasterKeys;
  /** Name of the log format, as in `stillwatch import --from`. */
  readonly format: string;
  /** Told what cannot be recorded, and why; it is skipped. */
  readonly onBad?: (logged: Logged, message: string) => void;
  /** Ends the import between two exchanges; what was taken by then is on disk. */
  readonly stop?: AbortSignal;
  /** Told after each batch on disk. */
  readonly onProgress?: (soFar: ImportReport) => void;
}

export interface ImportReport {
  imported: number;
  /** Skipped: an exchange with this id was imported before, or is in the file twice. */
  alreadyThere: number;
  /** Skipped: it was in this journal and was erased on purpose; an import must not bring it back. */
  erased: number;
  /** Imported, but ended earlier than another one before it in the log. */
  outOfOrder: number;
  /** Ended first and last of those imported, ISO 8601; null when none was. */
  first: string | null;
  last: string | null;
  /** Accounts of those imported. */
  readonly accounts: Set<string>;
}

/**
 * Appends exchanges that others recorded, in the order given, marked as not witnessed. What is there already is skipped,
 * so an import that was interrupted is simply run again. Rejects with LedgerError when the journal cannot be written.
 */
export async function importExchanges(
  ledger: Ledger,
  logged: AsyncIterable<Logged>,
  options: ImportOptions,
): Promise<ImportReport> {
  const { known, erased } = await whatIsThere(options);
  const report: ImportReport = {
    imported: 0,
    alreadyThere: 0,
    erased: 0,
    outOfOrder: 0,
    first: null,
    last: null,
    accounts: new Set(),
  };
  const writer = new BatchWriter(ledger, options, report);
  try {
    for await (const one of logged) {
      const { exchange, file } = one;
      if (options.stop?.aborted) break;
      if (!isTime(Date.parse(exchange.time)))
        options.onBad?.(one, `it ended at ${exchange.time}, which no clock of an API ever showed`);
      else if (erased.has(exchange.id)) report.erased++;
      else if (known.has(exchange.id)) report.alreadyThere++;
      else {
        known.add(exchange.id);
        await writer.add(exchange, file);
      }
    }
  } finally {
    // What was read before the log turned out to be damaged is kept.
    await writer.end();
  }
  return report;
}

/** Ids to skip. Our own files keep their ids, so whatever has one is the same exchange; other formats may share ids by accident. */
async function whatIsThere({ dataDir, masters, format }: ImportOptions): Promise<{
  known: Set<string>;
  erased: Set<string>;
}> {
  const [known, erased] = [new Set<string>(), new Set<string>()];
  for await (const { opened } of readLeaves(dataDir, masters)) {
    if (opened.kind === "exchange") {
      const { id, notes } = opened.parameters;
      if (format === "stillwatch" || (notes?.["source"] as JsonObject | undefined)?.["format"] === format)
        known.add(id);
    } else if (opened.kind === "event" && opened.event["type"] === "erasure") {
      for (const id of opened.event["exchanges"] as string[]) erased.add(id);
    }
  }
  return { known, erased };
}

/** One group commit holds so much, and one is on its way to the disk while the next is read: that bounds the memory. */
const BATCH_EXCHANGES = 512;
const BATCH_BYTES = 4 * 1024 * 1024;

class BatchWriter {
  readonly #ledger: Ledger;
  readonly #options: ImportOptions;
  readonly #report: ImportReport;
  #batch: Imported[] = [];
  #bytes = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(ledger: Ledger, options: ImportOptions, report: ImportReport) {
    this.#ledger = ledger;
    this.#options = options;
    this.#report = report;
  }

  async add(exchange: Exchange, file: string): Promise<void> {
    const imported = importedFrom(exchange, { format: this.#options.format, file });
    this.#batch.push(imported);
    this.#bytes += imported.intent.request.length + (imported.result.response[0]?.length ?? 0);
    if (this.#batch.length >= BATCH_EXCHANGES || this.#bytes >= BATCH_BYTES) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
    this.#options.onProgress?.(this.#report);
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    await this.#writing;
    // All in one turn of the event loop: the ledger commits them together.
    this.#writing = Promise.all(batch.map((imported) => this.#ledger.import(imported))).then(() =>
      this.#count(batch),
    );
    // Awaited at the next batch; until then its failure is nobody's.
    this.#writing.catch(() => {});
  }

  #count(batch: readonly Imported[]): void {
    const report = this.#report;
    for (const { intent, endedAt } of batch) {
      const time = new Date(endedAt).toISOString();
      if (report.last !== null && time < report.last) report.outOfOrder++;
      if (report.first === null || time < report.first) report.first = time;
      if (report.last === null || time > report.last) report.last = time;
      report.accounts.add(intent.account);
    }
    report.imported += batch.length;
    this.#options.onProgress?.(report);
  }
}

/** The bytes that were once on the wire are lost: a log holds what another product made of them, and so do these bodies. */
function importedFrom(
  exchange: Exchange,
  { format, file }: { readonly format: string; readonly file: string },
): Imported {
  const { id, account, key, client, endpoint, model, permit, request, response, status, latencyMs } =
    exchange;
  const endedAt = Date.parse(exchange.time);
  return {
    endedAt,
    intent: {
      id,
      account,
      key: key ?? "",
      receivedAt: Math.max(0, endedAt - (latencyMs ?? 0)),
      client: client ?? {},
      endpoint,
      model: model ?? null,
      permit: permit ?? null,
      upstream: "imported",
      request: Buffer.from(JSON.stringify(request)),
    },
    result: {
      status,
      outcome: status === 0 ? "upstream_failed" : "complete",
      contentType: response === null ? null : "application/json",
      response: response === null ? [] : [Buffer.from(JSON.stringify(response))],
      usage: tokenCounts(response?.["usage"]),
      firstByteMs: null,
      // Keys in code-unit order: this is canonical JSON (record.ts).
      notes: { source: { file, format, ...(latencyMs === undefined ? { latencyUnknown: true } : {}) } },
    },
  };
}
