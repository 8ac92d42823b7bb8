import { FNV_START, avalanche, fnvStep } from "../stats/hash.ts";

/** Longest text looked at whole, in characters; of a longer one head, tail and windows between them are read. */
const MAX_CHARACTERS = 6144;
const HEAD = 2048;
const TAIL = 1536;
const WINDOW = 512;
const WINDOWS = 5;
/** No more tokens than characters. */
const MAX_TOKENS = MAX_CHARACTERS;

/** A token starts a segment (line, sentence, or what follows a colon). */
export const STARTS_SEGMENT = 1;
/** A token starts a clause: a segment, or what follows a comma. */
export const STARTS_CLAUSE = 2;
/** A token is one character of a script without blanks between words. */
export const IDEOGRAPHIC = 4;
/** A token begins with a capital, or with a letter of a script that has none. */
export const CAPITAL = 8;
/** A token is followed by a full stop, question or exclamation mark that ends a sentence. */
export const ENDS_SENTENCE = 16;

/**
 * The tokens of one text: lower-case words as 32-bit hashes, every run of digits the same token (templates number their
 * items), every Chinese, Japanese or Korean character a token of its own. Reused from text to text.
 */
export class Tokens {
  readonly hashes = new Uint32Array(MAX_TOKENS);
  readonly marks = new Uint8Array(MAX_TOKENS);
  length = 0;
  /** A question mark of any script was seen. */
  asks = false;
  readonly #key: number;

  /** @param key decides which windows of a long text are read; secret where it matters that nobody can write around them */
  constructor(key = 0) {
    this.#key = key;
  }

  /**
   * Replaces what was there by the tokens of `text`; linear, and bounded whatever the length. Of a long text are read its
   * head, its tail, and windows at places between them that depend on the key: padding pushes nothing out of sight for sure.
   */
  read(text: string): void {
    this.length = 0;
    this.asks = false;
    if (text.length <= MAX_CHARACTERS) return this.#add(text, 0, text.length);
    this.#add(text, 0, HEAD);
    // One place in each equal part of what lies between: in order, never overlapping.
    const part = (text.length - HEAD - TAIL) / WINDOWS;
    let draw = fnvStep(fnvStep(FNV_START, this.#key), text.length);
    for (let i = 0; i < Math.min(this.length, 16); i++) draw = fnvStep(draw, this.hashes[i] as number);
    for (let i = 0; i < WINDOWS; i++) {
      const share = avalanche(fnvStep(draw, i)) / 4294967296;
      const from = Math.floor(HEAD + part * i + share * Math.max(0, part - WINDOW));
      this.#add(text, from, Math.min(from + WINDOW, text.length - TAIL));
    }
    this.#add(text, text.length - TAIL, text.length);
  }

  #add(text: string, from: number, to: number): void {
    let mark = STARTS_SEGMENT | STARTS_CLAUSE;
    let hash = FNV_START;
    let within: typeof NONE | typeof LETTERS | typeof DIGITS = NONE;
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      const kind = code < 128 ? (ASCII[code] as number) : wideKind(code);
      if (kind === LETTERS) {
        if (within === DIGITS) {
          this.#push(avalanche(hash), mark);
          mark = 0;
          hash = FNV_START;
        }
        const small = lower(code);
        if (within === NONE && (small !== code || isCaseless(code))) mark |= CAPITAL;
        within = LETTERS;
        hash = fnvStep(hash, small);
        continue;
      }
      if (kind === DIGITS) {
        // One unit for the whole run: "12" and "7" are the same token.
        if (within !== DIGITS) {
          if (within === LETTERS) {
            this.#push(avalanche(hash), mark);
            mark = 0;
            hash = FNV_START;
          }
          hash = fnvStep(hash, 48);
          within = DIGITS;
        }
        continue;
      }
      if (within !== NONE) {
        this.#push(avalanche(hash), mark);
        mark = 0;
        hash = FNV_START;
        within = NONE;
      }
      if (kind === IDEOGRAPH) {
        this.#push(avalanche(fnvStep(FNV_START, code)), mark | IDEOGRAPHIC);
        mark = 0;
      } else if (kind === TAG) {
        // "<think" keeps its bracket: a tag asked for is another thing than the word.
        const next = text.charCodeAt(i + 1);
        if (next < 128 && ASCII[next] === LETTERS) {
          hash = fnvStep(hash, code);
          within = LETTERS;
        }
      } else if (kind === STOP) {
        // "3.5" and "e.g." in the middle of a line do not end a sentence; an end or a blank after it does.
        const next = i + 1 < to ? text.charCodeAt(i + 1) : 32;
        if (code === 63) this.asks = true;
        if (next <= 32 || next > 127) {
          mark |= STARTS_SEGMENT | STARTS_CLAUSE;
          if (code === 46 || code === 33 || code === 63) this.#endSentence();
        }
      } else if (kind === LINE) {
        if (code === 0xff1f || code === 0x61f) this.asks = true;
        if (code === 0x3002 || code === 0xff01 || code === 0xff1f || isStop(code)) this.#endSentence();
        mark |= STARTS_SEGMENT | STARTS_CLAUSE;
      } else if (kind === COMMA) {
        mark |= STARTS_CLAUSE;
      }
    }
    if (within !== NONE) this.#push(avalanche(hash), mark);
  }

  #endSentence(): void {
    if (this.length > 0)
      this.marks[this.length - 1] = (this.marks[this.length - 1] as number) | ENDS_SENTENCE;
  }

  #push(hash: number, mark: number): void {
    if (this.length === MAX_TOKENS) return;
    this.hashes[this.length] = hash;
    this.marks[this.length] = mark;
    this.length++;
  }
}

const NONE = 0;
const LETTERS = 1;
const DIGITS = 2;
const IDEOGRAPH = 3;
/** `.`, `!`, `?`, `:`, `;` end a segment when a blank follows. */
const STOP = 4;
/** A line break or a full-width stop ends a segment at once. */
const LINE = 5;
const COMMA = 6;
const TAG = 7;

const ASCII = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const c = String.fromCharCode(code);
  if (/[a-z']/i.test(c)) ASCII[code] = LETTERS;
  else if (/\d/.test(c)) ASCII[code] = DIGITS;
  else if (/[.!?:;]/.test(c)) ASCII[code] = STOP;
  else if (/[\n\r]/.test(c)) ASCII[code] = LINE;
  else if (c === ",") ASCII[code] = COMMA;
  else if (c === "<") ASCII[code] = TAG;
}

function wideKind(code: number): number {
  if (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3040 && code <= 0x30ff) ||
    (code >= 0xac00 && code <= 0xd7af)
  ) {
    return IDEOGRAPH;
  }
  if (code >= 0x3400 && code <= 0x4dbf) return IDEOGRAPH;
  // 。！？：； and the ideographic full stop's half-width form.
  if (code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0xff1a || code === 0xff1b)
    return LINE;
  if (isStop(code)) return LINE;
  // ，、 and the Arabic comma.
  if (code === 0xff0c || code === 0x3001 || code === 0x60c) return COMMA;
  // Latin with accents, Greek, Cyrillic, Hebrew, Arabic, Indic, Thai and so on; symbols and punctuation part words.
  if (code >= 0xc0 && code < 0x2000 && code !== 0xd7 && code !== 0xf7) return LETTERS;
  return NONE;
}

/** Arabic question mark, Urdu full stop, danda. */
function isStop(code: number): boolean {
  return code === 0x61f || code === 0x6d4 || code === 0x964;
}

/** Hebrew, Arabic, Indic scripts, Thai … Mongolian. */
function isCaseless(code: number): boolean {
  return code >= 0x590 && code < 0x1c80;
}

/** Case folding without allocation, for the scripts whose capitals lie at a fixed distance. */
function lower(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code;
  if (code >= 0xc0 && code <= 0xde) return code + 32;
  if (code >= 0x391 && code <= 0x3a9) return code + 32;
  if (code >= 0x410 && code <= 0x42f) return code + 32;
  if (code >= 0x400 && code <= 0x40f) return code + 80;
  return code;
}
