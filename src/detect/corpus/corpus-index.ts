import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { endianness } from "node:os";
import { ExchangeError } from "../../exchange/error.ts";
import { readWhole } from "../../exchange/whole.ts";
import { DetectError } from "../error.ts";
import { probe } from "./fingerprint.ts";

/** What a corpus is to who walks over it: material to train on, or a public test that models are measured by. */
export const ROLES = ["train", "test"] as const;
export type Role = (typeof ROLES)[number];

export interface Corpus {
  readonly name: string;
  readonly role: Role;
  /** Prompts that were read for it. */
  readonly prompts: number;
}

/** How a segment is known. */
export const UNKNOWN = 1;
export const TRAINING = 2;
export const TEST = 3;

/** 336 MB in memory. A published instruction set has 10,000 to some millions of segments. */
export const MOST_ENTRIES = 2 ** 25;
export const MOST_CORPORA = 4096;
const MOST_NAME = 200;
const MAGIC = "SWCORPUS1\n";
const MOST_HEAD = 4 * 1024 * 1024;
const HASH_BYTES = 32;
const ENTRY_BYTES = 10;
const MOST_BYTES = MAGIC.length + 4 + MOST_HEAD + MOST_ENTRIES * ENTRY_BYTES + HASH_BYTES;
/** Leading bits by which a lookup finds where to begin. */
const BUCKET_BITS = 16;

interface Head {
  readonly probe: string;
  readonly entries: number;
  readonly corpora: readonly Corpus[];
}

/** Segments of published corpora, as hashes: `keys` holds [low, high] of each, ascending by high and then low, `owners` its corpus. */
export interface Entries {
  readonly keys: Uint32Array;
  readonly owners: Uint16Array;
}

/**
 * An operator's own index of published corpora. No text is in it. A lookup is a binary search in a sorted array: its cost does not
 * depend on what is looked up, so hash flooding gains nothing.
 *
 * Bytes of the file: `SWCORPUS1\n`; the length of the head, 32-bit big-endian; the head as JSON, with blanks behind it up to a
 * multiple of eight; for each entry 8 bytes, its 64-bit hash, little-endian and ascending; for each entry 2 bytes, its corpus,
 * little-endian; the SHA-256 of everything before.
 */
export class CorpusIndex {
  readonly corpora: readonly Corpus[];
  readonly entries: Entries;
  /** "sha256:…" of the whole file: calibrations are made for one index. */
  readonly hash: string;
  readonly #kinds: Uint8Array;
  readonly #starts: Uint32Array;

  constructor(corpora: readonly Corpus[], entries: Entries, hash: string) {
    this.corpora = corpora;
    this.entries = entries;
    this.hash = hash;
    this.#kinds = Uint8Array.from(corpora, ({ role }) => (role === "train" ? TRAINING : TEST));
    this.#starts = startsOf(entries.keys);
  }

  get size(): number {
    return this.entries.owners.length;
  }

  /** UNKNOWN, TRAINING or TEST. */
  kindOf(high: number, low: number): number {
    const at = this.#find(high, low);
    return at < 0 ? UNKNOWN : (this.#kinds[this.entries.owners[at] as number] as number);
  }

  /** The corpus that a segment is counted for; null when it is unknown. */
  corpusOf(high: number, low: number): Corpus | null {
    const at = this.#find(high, low);
    return at < 0 ? null : (this.corpora[this.entries.owners[at] as number] as Corpus);
  }

  /** Segments counted for each corpus, in their order. */
  counts(): number[] {
    const counts = this.corpora.map(() => 0);
    for (const owner of this.entries.owners) counts[owner] = (counts[owner] as number) + 1;
    return counts;
  }

  #find(high: number, low: number): number {
    const { keys } = this.entries;
    const bucket = high >>> (32 - BUCKET_BITS);
    let from = this.#starts[bucket] as number;
    let to = this.#starts[bucket + 1] as number;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const h = keys[2 * middle + 1] as number;
      const l = keys[2 * middle] as number;
      if (h === high && l === low) return middle;
      if (h < high || (h === high && l < low)) from = middle + 1;
      else to = middle;
    }
    return -1;
  }
}

/** Where each bucket of leading bits begins, and the end. */
function startsOf(keys: Uint32Array): Uint32Array {
  const starts = new Uint32Array(2 ** BUCKET_BITS + 1);
  for (let i = 1; i < keys.length; i += 2) {
    const next = ((keys[i] as number) >>> (32 - BUCKET_BITS)) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  for (let b = 1; b < starts.length; b++) starts[b] = (starts[b] as number) + (starts[b - 1] as number);
  return starts;
}

/** The file's bytes up to its hash, in pieces, and the index that they make. */
export function packIndex(
  corpora: readonly Corpus[],
  entries: Entries,
): { index: CorpusIndex; pieces: readonly Uint8Array[] } {
  const head: Head = { probe: probe(), entries: entries.owners.length, corpora };
  const text = Buffer.from(JSON.stringify(head));
  const start = Math.ceil((MAGIC.length + 4 + text.length) / 8) * 8;
  const front = Buffer.alloc(start, 32);
  front.write(MAGIC, 0, "latin1");
  front.writeUInt32BE(start - MAGIC.length - 4, MAGIC.length);
  text.copy(front, MAGIC.length + 4);
  const pieces = [front, littleEndian(entries.keys), littleEndian(entries.owners)];
  const sum = createHash("sha256");
  for (const piece of pieces) sum.update(piece);
  const hash = sum.digest();
  const index = new CorpusIndex(corpora, entries, `sha256:${hash.toString("hex")}`);
  return { index, pieces: [...pieces, hash] };
}

/** The index of a file's bytes. Throws DetectError `corpus` naming the file, what is wrong and the cure. */
export function unpackIndex(bytes: Buffer, name: string): CorpusIndex {
  const wrong = (what: string): never => {
    throw new DetectError("corpus", `${name}: ${what}`);
  };
  const front = MAGIC.length + 4;
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC)
    return wrong("not a corpus index of this version; make one with `stillwatch corpus index`");
  const damaged = "the corpus index is damaged or ends too early; copy it again or make it again";
  const end = bytes.length - HASH_BYTES;
  if (end < front) return wrong(damaged);
  const hash = createHash("sha256").update(bytes.subarray(0, end)).digest();
  if (!hash.equals(bytes.subarray(end))) return wrong(damaged);
  const start = front + bytes.readUInt32BE(MAGIC.length);
  if (start - front > MOST_HEAD || start > end)
    return wrong("the length of its head is wrong; make it again");
  const head = headOf(bytes.toString("utf8", front, start), wrong);
  if (end - start !== head.entries * ENTRY_BYTES)
    return wrong(
      `its head promises ${head.entries} entries, and ${end - start} bytes are there; make it again`,
    );
  if (head.probe !== probe())
    return wrong(
      "made by a version that cuts text in another way; make it again with `stillwatch corpus index`",
    );
  const middle = start + head.entries * 8;
  const entries = {
    keys: wordsOf(bytes.subarray(start, middle), Uint32Array),
    owners: wordsOf(bytes.subarray(middle, end), Uint16Array),
  };
  checkEntries(entries, head.corpora.length, wrong);
  return new CorpusIndex(head.corpora, entries, `sha256:${hash.toString("hex")}`);
}

/** Reads and checks an index file, plain, .gz or .zst. Throws DetectError `corpus`. */
export function readIndex(path: string): CorpusIndex {
  const tooLarge = `${path}: larger than any corpus index (${MOST_BYTES} bytes); is it the right file?`;
  try {
    if (statSync(path).size > MOST_BYTES) throw new DetectError("corpus", tooLarge);
    return unpackIndex(readWhole(path, MOST_BYTES), path);
  } catch (cause) {
    if (cause instanceof DetectError) throw cause;
    if (!(cause instanceof ExchangeError) && !(cause instanceof Error && "syscall" in cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? `${path}: there is no such file` : (cause as Error).message;
    throw new DetectError("corpus", `${why}; give an index made with \`stillwatch corpus index\``, { cause });
  }
}

/** Writes an index under another name first: a reader never sees half a file. Throws DetectError `output`. */
export function writeIndex(path: string, corpora: readonly Corpus[], entries: Entries): CorpusIndex {
  const { index, pieces } = packIndex(corpora, entries);
  const part = `${path}.part`;
  try {
    const file = openSync(part, "w");
    try {
      for (const piece of pieces)
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at, piece.length - at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (cause) {
    rmSync(part, { force: true });
    throw new DetectError(
      "output",
      `${path}: cannot be written (${(cause as Error).message}); choose another --out`,
      { cause },
    );
  }
  return index;
}

/** What is wrong with a corpus's name; null when nothing is. */
export function nameFault(name: string): string | null {
  // oxlint-disable-next-line no-control-regex
  const ok = name.length > 0 && name.length <= MOST_NAME && !/[\u0000-\u001f\u007f]/.test(name);
  return ok ? null : `a name must have 1 to ${MOST_NAME} characters, none of them a control character`;
}

function headOf(text: string, wrong: (what: string) => never): Head {
  let head: Partial<Head> | null;
  try {
    head = JSON.parse(text) as Partial<Head> | null;
  } catch {
    return wrong("its head is no JSON; make it again");
  }
  const { probe: made, entries, corpora } = head ?? {};
  if (typeof made !== "string") return wrong("its head has no `probe`; make it again");
  if (!Number.isSafeInteger(entries) || (entries as number) < 0 || (entries as number) > MOST_ENTRIES)
    return wrong(`\`entries\` must be a whole number up to ${MOST_ENTRIES}`);
  if (!Array.isArray(corpora) || corpora.length > MOST_CORPORA)
    return wrong(`\`corpora\` must be a list of up to ${MOST_CORPORA}`);
  for (const [i, corpus] of (corpora as readonly unknown[]).entries()) {
    const { name, role, prompts } = (corpus ?? {}) as Partial<Corpus>;
    if (typeof name !== "string" || nameFault(name) !== null)
      return wrong(`\`corpora[${i}].name\`: ${nameFault(typeof name === "string" ? name : "")}`);
    if (!ROLES.includes(role as Role)) return wrong(`\`corpora[${i}].role\` must be train or test`);
    if (!Number.isSafeInteger(prompts) || (prompts as number) < 0)
      return wrong(`\`corpora[${i}].prompts\` must be a whole number`);
  }
  return { probe: made, entries: entries as number, corpora: corpora as Corpus[] };
}

function checkEntries({ keys, owners }: Entries, corpora: number, wrong: (what: string) => never): void {
  for (let i = 2; i < keys.length; i += 2) {
    const [h, before] = [keys[i + 1] as number, keys[i - 1] as number];
    if (h < before || (h === before && (keys[i] as number) <= (keys[i - 2] as number)))
      return wrong(`entry ${i / 2} is not above the one before it; make it again`);
  }
  for (const [i, owner] of owners.entries())
    if (owner >= corpora)
      return wrong(`entry ${i} belongs to corpus ${owner}, and there are ${corpora}; make it again`);
}

const IS_LITTLE = endianness() === "LE";

/** The words in the order of the file: the same memory where the machine has that order, too. */
function littleEndian(words: Uint32Array | Uint16Array): Uint8Array {
  const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  if (IS_LITTLE) return bytes;
  const copy = Buffer.from(bytes);
  return words.BYTES_PER_ELEMENT === 4 ? copy.swap32() : copy.swap16();
}

type Words = Uint32ArrayConstructor | Uint16ArrayConstructor;

/** The same memory where words may begin there, else a copy. */
function wordsOf<T extends Words>(bytes: Buffer, type: T): InstanceType<T> {
  const size = type.BYTES_PER_ELEMENT;
  const fits = IS_LITTLE && bytes.byteOffset % size === 0;
  const own = fits ? bytes : Buffer.from(Uint8Array.from(bytes).buffer);
  if (!IS_LITTLE) void (size === 4 ? own.swap32() : own.swap16());
  return new type(own.buffer as ArrayBuffer, own.byteOffset, own.length / size) as InstanceType<T>;
}
