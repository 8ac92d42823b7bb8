import { readWhole } from "../exchange/whole.ts";
import { LedgerError } from "../ledger/error.ts";
import type { NoteVerifier } from "../ledger/note.ts";
import { parseTrust } from "../ledger/signers.ts";
import { UsageError } from "./arguments.ts";

/** The public keys in a trust file. Throws UsageError (cannot be judged) when there is none to trust. */
export function trustedKeys(path: string): NoteVerifier[] {
  return judging(() => {
    const keys = parseTrust(readWhole(path).toString("utf8"));
    if (keys.length === 0)
      throw new UsageError(
        `cannot be judged: ${path} holds no public key (one a line, from \`stillwatch ledger key\`)`,
      );
    return keys;
  });
}

/** What is malformed or cannot be read at all cannot be judged: exit 2, where a check that fails is exit 1. */
export function judging<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerError) throw new UsageError(`cannot be judged: ${error.message}`);
    throw error;
  }
}
