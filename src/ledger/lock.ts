import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LedgerError } from "./error.ts";

/**
 * One writer per data folder. Node has no flock, but SQLite takes operating-system locks that vanish with the process
 * however it dies: an exclusive transaction on `lock.db`, never committed, is the lock.
 */
export interface FolderLock {
  release(): void;
}

/** Primary result code; extended codes have it in their low byte (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;

/** Throws LedgerError `locked` or `unavailable`. Waits up to `waitMs` for a process that is just ending. */
export function lockFolder(dataDir: string, waitMs: number): FolderLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(dataDir, "lock.db"), { timeout: waitMs });
  try {
    db.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    if (Number((cause as { errcode?: unknown }).errcode) % 256 === SQLITE_BUSY)
      throw new LedgerError(
        "locked",
        `another process is writing to ${dataDir}: stop it first, or choose another folder with --data`,
        { cause },
      );
    const path = join(dataDir, "lock.db");
    throw new LedgerError(
      "unavailable",
      `${path} cannot be locked: ${(cause as Error).message}. It holds no data: when the disk has room and is writable, delete it`,
      { cause },
    );
  }
  return { release: () => db.isOpen && db.close() };
}
