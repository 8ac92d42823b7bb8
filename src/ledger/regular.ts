import { readFileSync, statSync } from "node:fs";
import { LedgerError } from "./error.ts";

/**
 * Reads a file that somebody else may have put there: null when there is none. Throws LedgerError `corrupt` for anything
 * but a regular file (a pipe would be waited for without end) and for one of more than `maxBytes`.
 */
export function readRegular(path: string, maxBytes = MAX_BYTES): Buffer | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isFile()) throw new LedgerError("corrupt", `${path} is no regular file`);
  if (found.size > maxBytes)
    throw new LedgerError("corrupt", `${path} has ${found.size} bytes, more than any such file has`);
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** The largest segment: one batch with the largest record (frame.ts) on top of a full one. */
const MAX_BYTES = 1024 * 1024 * 1024;
