import * as z from "zod";
import { LmError } from "../error.ts";
import { Bpe } from "../tokenizer/bpe.ts";
import { fromLetters, toLetters } from "./byte-letters.ts";

/** `tokenizer.json` of Hugging Face's tokenizers, for a byte-level BPE with GPT-2's pattern. */
export function writeTokenizerJson(bpe: Bpe): string {
  const { pieces, special, merges } = bpe.vocabulary;
  const names = tokenNames(bpe);
  return JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Array.from(special, ([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: BYTE_LEVEL,
    post_processor: null,
    decoder: BYTE_LEVEL,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map((_, id) => [names[id], id])),
      merges: merges.map(([left, right]) => [names[left], names[right]]),
    },
  });
}

const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

/** Tokens as Hugging Face and GGUF files write them: GPT-2's letters, special tokens as they are. */
export function tokenNames(bpe: Bpe): string[] {
  const { pieces, special } = bpe.vocabulary;
  const specials = new Map(Array.from(special, ([text, id]) => [id, text]));
  return pieces.map((piece, id) =>
    piece === null ? (specials.get(id) ?? `<|unused${id}|>`) : toLetters(piece),
  );
}

const fileShape = z.object({
  added_tokens: z
    .array(z.object({ id: z.number().int().min(0), content: z.string(), special: z.boolean() }))
    .max(10_000),
  normalizer: z.null().optional(),
  pre_tokenizer: z.object({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.literal(false),
    use_regex: z.literal(true).default(true),
  }),
  model: z.object({
    type: z.literal("BPE"),
    dropout: z.literal(0).nullish(),
    continuing_subword_prefix: z.literal("").nullish(),
    end_of_word_suffix: z.literal("").nullish(),
    ignore_merges: z.literal(false).default(false),
    vocab: z.record(z.string(), z.number().int().min(0).max(1_000_000)),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])).max(1_000_000),
  }),
});

/** Throws LmError "format" or "unsupported" (another kind of tokenizer), naming the field. */
export function readTokenizerJson(text: string, source = "tokenizer.json"): Bpe {
  const { added_tokens: added, model } = parse(text, source);
  // Hugging Face looks for these in the text before it is cut into words; a byte-level BPE by itself does not.
  const plain = added.find((x) => !x.special);
  if (plain !== undefined)
    throw new LmError(
      "unsupported",
      `${source}: the added token ${JSON.stringify(plain.content)} is not a special one; only special ones are read (serve the model as GGUF)`,
    );
  const special = new Map(added.map((x) => [x.content, x.id]));
  const specialIds = new Set(special.values());
  const ids = new Map([...Object.entries(model.vocab), ...special]);
  const pieces: (Uint8Array | null)[] = Array.from({ length: 1 + Math.max(-1, ...ids.values()) }, () => null);
  const distinct = new Set(ids.values()).size;
  if (pieces.length > distinct || ids.size > distinct)
    throw new LmError(
      "format",
      `${source}: ${pieces.length} ids for ${ids.size} tokens; ids have gaps, or tokens share one`,
    );
  for (const [name, id] of ids) {
    if (specialIds.has(id)) continue;
    pieces[id] = fromLetters(name);
    if (pieces[id] === null)
      throw new LmError(
        "unsupported",
        `${source}: the token ${JSON.stringify(name)} is not written in bytes; only byte-level BPE is read`,
      );
  }
  const merges = model.merges.map((merge): [number, number] => {
    const names = typeof merge === "string" ? merge.split(" ") : merge;
    const [left, right] = names.map((name) => ids.get(name));
    if (names.length !== 2 || left === undefined || right === undefined)
      throw new LmError(
        "format",
        `${source}: the merge ${JSON.stringify(merge)} joins no two tokens of the vocabulary`,
      );
    return [left, right];
  });
  return new Bpe({ pieces, special, merges });
}

function parse(text: string, source: string): z.output<typeof fileShape> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new LmError("format", `${source} is not JSON; the file is damaged or of another kind`, {
      cause: error,
    });
  }
  const parsed = fileShape.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LmError(
    "unsupported",
    `${source}: ${issue?.path.join(".") || "the file"}: ${issue?.message}; a byte-level BPE with GPT-2's pattern is read`,
  );
}
