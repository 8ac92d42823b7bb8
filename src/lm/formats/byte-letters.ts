/**
 * GPT-2 writes bytes as letters that every editor shows (`bytes_to_unicode` of its `encoder.py`): printable Latin-1
 * stands for itself, the other 68 bytes for U+0100 and up, so a space is "Ġ". Hugging Face and GGUF files use the same.
 */
const LETTERS: readonly string[] = (() => {
  const shows = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(shows(byte) ? byte : next++));
})();
const BYTES: ReadonlyMap<string, number> = new Map(LETTERS.map((letter, byte) => [letter, byte]));

export function toLetters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => LETTERS[byte]).join("");
}

/** Null when the text has a letter that stands for no byte. */
export function fromLetters(text: string): Uint8Array | null {
  const bytes = Array.from(text, (letter) => BYTES.get(letter));
  return bytes.includes(undefined) ? null : Uint8Array.from(bytes as number[]);
}
