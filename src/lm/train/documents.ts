import { LmError } from "../error.ts";

/** What a token should have been: a distribution instead of one token. */
export interface SoftTarget {
  readonly ids: ArrayLike<number>;
  /** Probabilities of `ids`. What they leave of 1 belongs to all other tokens together, however it is spread. */
  readonly probs: ArrayLike<number>;
}

/** A sequence to learn from. Token 0 is only read; every later one is predicted from those before it. */
export interface Document {
  readonly tokens: ArrayLike<number>;
  /** How much the prediction of token i counts (default 1; 0 = not at all). Entry 0 is not used. */
  readonly weights?: ArrayLike<number> | undefined;
  /** The target in place of token i, where there is one. Entry 0 is not used. */
  readonly soft?: readonly (SoftTarget | null | undefined)[] | undefined;
}

/** Probabilities that sum to a little more than 1 are rounding, and are scaled. */
const SUM_TOLERANCE = 1e-3;

/**
 * The most targets that a position has (1 where all are hard).
 * Throws LmError "vocabulary" for a token outside of it, "training" for whatever else cannot be trained on.
 */
export function checkDocuments(documents: readonly Document[], vocab: number): number {
  if (documents.length === 0) throw new LmError("training", "there are no documents to train on");
  let targets = 1;
  let weight = 0;
  for (const [i, { tokens, weights, soft }] of documents.entries()) {
    if (tokens.length < 2)
      throw new LmError(
        "training",
        `document ${i} has ${tokens.length} tokens; it needs 2 or more, as the first is never predicted`,
      );
    checkTokens(tokens, vocab, () => `document ${i}, token`);
    for (const [name, list] of [["weights", weights] as const, ["soft", soft] as const])
      if (list !== undefined && list.length !== tokens.length)
        throw new LmError(
          "training",
          `document ${i} has ${list.length} ${name} for ${tokens.length} tokens; there must be one each`,
        );
    weight += weights === undefined ? tokens.length - 1 : checkWeights(weights, i);
    for (const [at, target] of (soft ?? []).entries())
      if (target !== null && target !== undefined && at > 0) {
        checkSoft(target, vocab, `document ${i}, target ${at}`);
        targets = Math.max(targets, target.ids.length);
      }
  }
  if (weight === 0)
    throw new LmError(
      "training",
      "all weights are 0, so there is nothing to train on; weigh what is to be learnt",
    );
  return targets;
}

function checkTokens(tokens: ArrayLike<number>, vocab: number, where: () => string): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as number;
    if (!(Number.isInteger(token) && token >= 0 && token < vocab))
      throw new LmError(
        "vocabulary",
        `${where()} ${i} is ${token}; the model's vocabulary has the tokens 0..${vocab - 1}`,
      );
  }
}

function checkWeights(weights: ArrayLike<number>, document: number): number {
  let sum = 0;
  for (let i = 1; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight <= 1e6))
      throw new LmError(
        "training",
        `document ${document}, weight ${i} is ${weight}; it must be in 0..1000000`,
      );
    sum += weight;
  }
  return sum;
}

function checkSoft({ ids, probs }: SoftTarget, vocab: number, where: string): void {
  if (ids.length === 0 || ids.length !== probs.length)
    throw new LmError(
      "training",
      `${where} has ${ids.length} ids and ${probs.length} probs; both must be of the same length, 1 or more`,
    );
  checkTokens(ids, vocab, () => `${where}, id`);
  let sum = 0;
  for (let i = 0; i < probs.length; i++) {
    const p = probs[i] as number;
    if (!(p >= 0 && p <= 1 + SUM_TOLERANCE))
      throw new LmError(
        "training",
        `${where}, probability ${i} is ${p}; it must be in 0..1 (not its logarithm)`,
      );
    sum += p;
  }
  if (sum > 1 + SUM_TOLERANCE)
    throw new LmError("training", `${where} has probabilities that sum to ${sum}; they must not exceed 1`);
}

/** Writes a target into one row of `ids` and `probs`, both 0 before: duplicate ids are merged, a sum above 1 is scaled. */
export function writeTarget(ids: Int32Array, probs: Float32Array, target: SoftTarget): void {
  const seen = new Map<number, number>();
  let sum = 0;
  for (let i = 0; i < target.ids.length; i++) {
    const p = target.probs[i] as number;
    sum += p;
    if (p > 0) seen.set(target.ids[i] as number, (seen.get(target.ids[i] as number) ?? 0) + p);
  }
  const scale = sum > 1 ? 1 / sum : 1;
  let at = 0;
  for (const [id, p] of seen) {
    ids[at] = id;
    probs[at++] = p * scale;
  }
}
