import type { Buffer } from "node:buffer";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LIST = 0x5b;
const END = 0x5d;
const COLON = 0x3a;

/**
 * The first of `names` that stands twice at the top level of a JSON object, or null. JSON.parse keeps the last of two, other
 * parsers the first: a field that is withheld must not slip through as the other one. `body` is valid JSON.
 */
export function repeatedName(body: Buffer, names: readonly string[]): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === OPEN || byte === LIST) depth++;
    else if (byte === CLOSE || byte === END) depth--;
    else if (byte === QUOTE) {
      const end = stringEnd(body, at);
      if (depth === 1 && isName(body, end)) {
        // Through JSON.parse, because a name can be spelled with escapes.
        const name = (JSON.parse(body.toString("utf8", at, end)) as string).toLowerCase();
        if (names.includes(name) && seen.has(name)) return name;
        seen.add(name);
      }
      at = end - 1;
    }
  }
  return null;
}

/** The position after the string's closing quote. Long texts are skipped by indexOf, not byte by byte. */
function stringEnd(body: Buffer, start: number): number {
  for (let at = body.indexOf(QUOTE, start + 1); at >= 0; at = body.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (body[at - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return body.length;
}

function isName(body: Buffer, end: number): boolean {
  let at = end;
  while (body[at] === 0x20 || body[at] === 0x09 || body[at] === 0x0a || body[at] === 0x0d) at++;
  return body[at] === COLON;
}
