import type * as z from "zod";
import { isTooDeep, shown } from "../exchange/json.ts";
import { PolicyError } from "./error.ts";

/** Mistakes named in one message: enough to mend a file in one go, and bounded whatever is sent. */
const MOST_MISTAKES = 5;

/**
 * A document from outside as its schema says it. Throws PolicyError `invalid`, naming for each mistake the field, its value and what it
 * should be.
 */
export function checked<Value>(schema: z.ZodType<Value>, document: unknown, what: string): Value {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const mistakes = result.error.issues.slice(0, MOST_MISTAKES).map(({ path, message, ...issue }) => {
    const field = path.map(String).join(".") || "the document";
    const unknown = "keys" in issue ? ` (${issue.keys.map((key) => key.slice(0, 60)).join(", ")})` : "";
    return `${field} is ${shown(valueAt(document, path))}: ${message}${unknown}`;
  });
  const more = result.error.issues.length - mistakes.length;
  throw new PolicyError(
    "invalid",
    `${what}: ${mistakes.join("; ")}${more > 0 ? `; and ${more} more mistakes` : ""}`,
  );
}

/** JSON of at most so many bytes, not nested beyond reason. Throws PolicyError `invalid`. */
export function jsonOf(text: string, maxBytes: number, what: string): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw new PolicyError(
      "invalid",
      `${what} has ${bytes} bytes; at most ${maxBytes} are read: is it the right file?`,
    );
  try {
    const value: unknown = JSON.parse(text);
    if (isTooDeep(value as never)) throw new SyntaxError("it nests too deep");
    return value;
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message.slice(0, 120) : String(cause);
    throw new PolicyError("invalid", `${what} is not JSON: ${why}`, { cause });
  }
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let here = document;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[step];
  }
  return here;
}
