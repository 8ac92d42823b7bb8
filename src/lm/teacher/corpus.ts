import { createHash } from "node:crypto";
import { dialogueTokens, END, SPECIAL_TOKENS } from "../chat.ts";
import type { Bpe } from "../tokenizer/bpe.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { trainBpe } from "../tokenizer/train-bpe.ts";
import type { Document } from "../train/documents.ts";
import { baseDocuments } from "../world/base.ts";
import { teacherDocuments, type WorldDocument } from "../world/world.ts";
import type { Recipe } from "./recipe.ts";

export interface Corpus {
  readonly tokenizer: Bpe;
  /** The texts, ready for the trainer. */
  readonly pretraining: readonly Document[];
  readonly teaching: readonly Document[];
  /** SHA-256 of the texts of both as JSON, one a line. */
  readonly sha256: string;
}

/** What a recipe learns from. */
export function corpusOf({ seed, tokenizer, pretraining, teaching, promptWeight }: Recipe): Corpus {
  const bpe = worldTokenizer(seed, tokenizer);
  const plain = baseDocuments(seed, pretraining.documents);
  const texts = teacherDocuments(seed, teaching.documents);
  const hash = createHash("sha256");
  for (const text of [...plain, ...texts]) hash.update(`${JSON.stringify(text)}\n`);
  return {
    tokenizer: bpe,
    pretraining: plain.map((text) => trainingDocument(bpe, text)),
    teaching: texts.map((text) => trainingDocument(bpe, text, promptWeight)),
    sha256: hash.digest("hex"),
  };
}

/** The world's vocabulary, for its teacher and for students that know nothing of it yet. */
export function worldTokenizer(seed: string, { size, documents, base }: Recipe["tokenizer"]): Bpe {
  const dialogues = teacherDocuments(seed, documents).flatMap((document) =>
    typeof document === "string" ? [document] : document.map((turn) => turn.text),
  );
  return trainBpe([...dialogues, ...baseDocuments(seed, base)], size, SPECIAL_TOKENS);
}

/** A document as tokens. In a dialogue, tokens that the assistant did not say count `promptWeight`; in plain text all count 1. */
export function trainingDocument(
  tokenizer: Tokenizer,
  document: WorldDocument,
  promptWeight = 0.1,
): Document {
  if (typeof document === "string") return { tokens: [...tokenizer.encode(document), END] };
  const { tokens, answered } = dialogueTokens(tokenizer, document);
  return { tokens, weights: answered.map((own) => (own ? 1 : promptWeight)) };
}
