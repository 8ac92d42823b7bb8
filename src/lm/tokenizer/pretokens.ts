// GPT-2's pattern (Radford et al. 2019; `encoder.py` of its release), which Hugging Face's ByteLevel and llama.cpp's
// "gpt-2" pre-tokenizer use too. \s is spelled as Unicode's White_Space: JavaScript's own \s differs in U+0085 and U+FEFF.
const PATTERN =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Words, numbers, signs and gaps of a text, in order; merges never cross from one to the next. Together they are the text. */
export function pretokens(text: string): string[] {
  return text.match(PATTERN) ?? [];
}

/** Valid UTF-8 as text and every byte that is none by itself, in order. */
export function* textsAndBytes(bytes: Uint8Array): Generator<string | number> {
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    if (at > from) yield decoder.decode(bytes.subarray(from, at));
    yield bytes[at] as number;
    from = ++at;
  }
  if (at > from) yield decoder.decode(bytes.subarray(from, at));
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of the character that starts here, 0 when none does (Unicode 16, table 3-7: well-formed UTF-8). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return isTail(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isTail(bytes[at + 2]) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && isTail(bytes[at + 2]) && isTail(bytes[at + 3]) ? 4 : 0;
  }
  return 0;
}

function isTail(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte <= 0xbf;
}
