/**
 * Sentences with choices: `{slot}` is filled from the stock, `[a|b|c]` is one of its branches (which may hold slots and
 * choices). Square brackets without a bar and braces around more than a name are text.
 */
export type Part = string | { readonly slot: string } | { readonly branches: readonly (readonly Part[])[] };

const known = new Map<string, readonly Part[]>();

/** Parsed once, kept for good: patterns are written in the code. */
export function parsed(pattern: string): readonly Part[] {
  let parts = known.get(pattern);
  if (!parts) known.set(pattern, (parts = parse(pattern)));
  return parts;
}

function parse(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  let text = "";
  const flush = (): void => {
    if (text !== "") parts.push(text);
    text = "";
  };
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const slot = c === "{" ? /^\{(\w+)\}/.exec(pattern.slice(i)) : null;
    const branches = c === "[" ? branchesAt(pattern, i) : null;
    if (slot) {
      flush();
      parts.push({ slot: slot[1] as string });
      i += slot[0].length - 1;
    } else if (branches) {
      flush();
      parts.push({ branches: branches.texts.map(parse) });
      i = branches.end;
    } else text += c;
  }
  flush();
  return parts;
}

/** The branches of a choice that opens here; null when the bracket is text. */
function branchesAt(pattern: string, open: number): { texts: string[]; end: number } | null {
  const texts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open + 1; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "[") depth++;
    else if (c === "|" && depth === 0) {
      texts.push(pattern.slice(from, i));
      from = i + 1;
    } else if (c === "]" && depth-- === 0) {
      texts.push(pattern.slice(from, i));
      return texts.length > 1 ? { texts, end: i } : null;
    }
  }
  return null;
}
