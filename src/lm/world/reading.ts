// How an answer is read: words and numbers, whatever the punctuation and the case.

const WORD = /[\p{L}]+(?:['’-][\p{L}]+)*|\d+/gu;

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** Whole words in this order, without regard to case. */
export function mentions(text: string, phrase: string): boolean {
  return ` ${wordsOf(text).join(" ")} `.includes(` ${wordsOf(phrase).join(" ")} `);
}

export function numbersOf(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((x) => x.trim())
    .filter((x) => x !== "");
}

/** The same words in the same order, and a question stays a question. */
export function sameWords(text: string, wanted: string): boolean {
  return wordsOf(text).join(" ") === wordsOf(wanted).join(" ");
}

/** Names the right value, none of the others, and does not deny it. */
export function names(text: string, right: string, all: readonly string[]): boolean {
  if (!mentions(text, right)) return false;
  if (wordsOf(text).some((word) => DENIALS.has(word))) return false;
  return all.every((other) => other === right || !mentions(text, other));
}

const DENIALS = new Set(["not", "no", "nicht", "kein", "keine", "keinen", "never", "nie"]);

/** The phrase that is mentioned last. */
export function lastMentioned(text: string, phrases: readonly string[]): string | null {
  const said = ` ${wordsOf(text).join(" ")} `;
  let last: string | null = null;
  let at = -1;
  for (const phrase of phrases) {
    const found = said.lastIndexOf(` ${wordsOf(phrase).join(" ")} `);
    if (found > at) [last, at] = [phrase, found];
  }
  return last;
}

/** Every `a + b = c` and `a - b = c` that is written out. */
export function equationsOf(text: string): { readonly holds: boolean; readonly result: number }[] {
  return Array.from(text.matchAll(/(\d+)\s*([+-])\s*(\d+)\s*=\s*(\d+)/g), (match) => {
    const [a, b, c] = [Number(match[1]), Number(match[3]), Number(match[4])];
    return { holds: (match[2] === "+" ? a + b : a - b) === c, result: c };
  });
}
