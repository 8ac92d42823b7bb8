import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { DetectError } from "./error.ts";

/**
 * "sha256:…" of the canonical JSON (RFC 8785) of a file's content. Throws DetectError when it has none: a number like 1e999 is
 * read as Infinity, which JSON cannot write.
 */
export function sealOf(content: object, code: "calibration" | "weights", name: string): string {
  let canonical: string;
  try {
    canonical = canonicalize(content) ?? "";
  } catch (cause) {
    throw new DetectError(
      code,
      `${name}: its content has no canonical JSON (${(cause as Error).message}); every number must be finite`,
      { cause },
    );
  }
  return `sha256:${createHash("sha256").update(canonical).digest("hex")}`;
}
