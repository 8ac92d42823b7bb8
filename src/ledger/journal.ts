import { join } from "node:path";
import type { Disk, DiskFile } from "./disk.ts";
import { LedgerError } from "./error.ts";
import { encodeFrame, frameBytes, type Draft } from "./frame.ts";
import { encodeSegmentHeader, journalFolder, SEGMENT_HEADER, segmentPath } from "./segment.ts";

export interface JournalOptions {
  /** A segment is closed when it is at least this large. Bytes. */
  readonly segmentBytes: number;
}

/** Where writing goes on: found by `recover`. */
export interface JournalEnd {
  /** First record of the last segment, null when there is no segment yet. */
  readonly segment: number | null;
  /** Length of its good part. */
  readonly length: number;
  readonly nextRecord: number;
}

/**
 * The writing end of the journal. One batch at a time: append, fdatasync, and only then the next, so that what is
 * found after a power cut can be judged (frame.ts). Not re-entrant; `Ledger` calls it from one loop.
 */
export class Journal {
  nextRecord: number;
  readonly #disk: Disk;
  readonly #dataDir: string;
  readonly #options: JournalOptions;
  #segment: number | null;
  #file: DiskFile | null = null;
  /** Length up to which everything is on disk. */
  #good: number;
  /** Bytes of a failed batch may stand behind the good part, also where the file's own count does not show them. */
  #dirty = false;
  /** After a failed sync nobody knows what of the file is on disk: cut it back and go on in a new one. */
  #distrusted = false;
  #closed = false;
  #buffer = Buffer.allocUnsafe(256 * 1024);

  constructor(disk: Disk, dataDir: string, end: JournalEnd, options: JournalOptions) {
    this.#disk = disk;
    this.#dataDir = dataDir;
    this.#options = options;
    this.#segment = end.segment;
    this.#good = end.length;
    this.nextRecord = end.nextRecord;
  }

  /** True when the next batch must begin a new segment. */
  get full(): boolean {
    return this.#segment === null || this.#distrusted || this.#good >= this.#options.segmentBytes;
  }

  /** First record of the segment that is written now. */
  get segment(): number | null {
    return this.#segment;
  }

  get bytes(): number {
    return this.#good;
  }

  /** Begins a new segment; `firstLeaf` leaves come before it. Throws LedgerError `unavailable`. */
  async roll(firstLeaf: number): Promise<void> {
    let file: DiskFile | null = null;
    try {
      await this.#cutBack();
      this.#release();
      file = this.#open(this.nextRecord);
      file.truncate(0);
      file.append(encodeSegmentHeader({ firstRecord: this.nextRecord, firstLeaf, sealed: false }));
      await file.sync();
      await this.#disk.syncDir(journalFolder(this.#dataDir));
      if (this.#segment === null) await this.#disk.syncDir(join(journalFolder(this.#dataDir), ".."));
      this.#file = file;
      this.#segment = this.nextRecord;
      this.#good = SEGMENT_HEADER;
      this.#dirty = false;
      this.#distrusted = false;
    } catch (cause) {
      if (file) closeQuietly(file);
      this.#distrusted = true;
      throw unavailable(cause);
    }
  }

  /** Appends one batch and resolves when it is on disk. On failure nothing of it remains, and it throws `unavailable`. */
  async write(drafts: readonly Draft[]): Promise<void> {
    if (drafts.length === 0) return;
    const batch = this.#encode(drafts);
    try {
      await this.#cutBack();
      const file = this.#current();
      this.#dirty = true;
      file.append(batch);
      await file.sync();
      this.#dirty = false;
    } catch (cause) {
      await this.#undo(cause);
      throw unavailable(cause);
    }
    this.#good += batch.length;
    this.nextRecord += drafts.length;
  }

  /** Nothing is written after this: the folder may belong to another process then. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    const file = this.#file;
    // Forgotten first: whatever close(2) says, the descriptor is gone, and its number may soon be another file's.
    this.#file = null;
    if (file) closeQuietly(file);
  }

  #encode(drafts: readonly Draft[]): Buffer {
    const bytes = drafts.reduce((sum, draft) => sum + frameBytes(draft), 0);
    // One buffer for all batches; a batch larger than usual gets one of its own, so that memory goes back afterwards.
    const out =
      bytes <= this.#buffer.length
        ? this.#buffer
        : bytes <= MAX_KEPT_BUFFER
          ? (this.#buffer = Buffer.allocUnsafe(bytes * 2))
          : Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const [i, draft] of drafts.entries())
      at = encodeFrame(out, at, draft, this.nextRecord + i, i, drafts.length);
    return out.subarray(0, at);
  }

  #current(): DiskFile {
    if (this.#segment === null) throw new Error("no segment: roll() comes first");
    return (this.#file ??= this.#open(this.#segment));
  }

  #open(segment: number): DiskFile {
    if (this.#closed) throw new Error("the journal is closed");
    return this.#disk.open(segmentPath(this.#dataDir, segment));
  }

  /** Takes away what a failed batch may have left behind the good part. */
  async #cutBack(): Promise<void> {
    if (this.#segment === null) return;
    const file = this.#current();
    if (file.size === this.#good && !this.#dirty && !this.#distrusted) return;
    file.truncate(this.#good);
    await file.sync();
    this.#dirty = false;
  }

  async #undo(cause: unknown): Promise<void> {
    // ENOSPC leaves the file trustworthy once cut back. Anything else (EIO above all) may have lost pages that the
    // kernel will not report twice (the fsync problem PostgreSQL met in 2018): never append to this file again.
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOSPC")) this.#distrusted = true;
    await this.#cutBack().catch(() => (this.#distrusted = true));
  }
}

const MAX_KEPT_BUFFER = 4 * 1024 * 1024;

/** What counts was synced before; an error of close(2) says nothing about it. */
function closeQuietly(file: DiskFile): void {
  try {
    file.close();
  } catch {
    // See above.
  }
}

function unavailable(cause: unknown): LedgerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LedgerError(
    "unavailable",
    `the journal cannot be written: ${why}. Free space or replace the disk; writing is tried again by itself.`,
    {
      cause,
    },
  );
}
