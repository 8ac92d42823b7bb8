import { LedgerError } from "./error.ts";
import type { Hash } from "./tree.ts";

/**
 * An inclusion proof as text (C2SP tlog-proof@v1):
 *
 *     c2sp.org/tlog-proof@v1
 *     index 73894
 *     gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=       one line a hash, leaf's sibling first
 *
 *     <checkpoint, a signed note, verbatim>
 */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Hash[];
  readonly checkpoint: string;
}

const FIRST_LINE = "c2sp.org/tlog-proof@v1";

export function formatTlogProof({ index, path, checkpoint }: TlogProof): string {
  const hashes = path.map((hash) => `${hash.toString("base64")}\n`).join("");
  return `${FIRST_LINE}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

/** Throws LedgerError `invalid`. The optional `extra` line is skipped: it is not authenticated. */
export function parseTlogProof(text: string): TlogProof {
  const border = text.indexOf("\n\n");
  const lines = text.slice(0, border).split("\n");
  if (border < 0 || lines.shift() !== FIRST_LINE) throw malformed(`it does not begin with ${FIRST_LINE}`);
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "");
  if (!index) throw malformed("it has no index line");
  const path = lines.map((line) => {
    const hash = Buffer.from(line, "base64");
    if (hash.length !== 32 || hash.toString("base64") !== line)
      throw malformed(`"${line.slice(0, 60)}" is no hash`);
    return hash;
  });
  return { index: Number(index[1]), path, checkpoint: text.slice(border + 2) };
}

function malformed(why: string): LedgerError {
  return new LedgerError("invalid", `not a tlog-proof: ${why}`);
}
