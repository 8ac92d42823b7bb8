import type { Answers } from "./answers.ts";
import { gramsOf } from "./grams.ts";

/** Buckets for how many answers have a gram. A collision makes a gram look more common, and so count for less. */
const BUCKETS = 1 << 20;

/**
 * How alike the models of some pairs answer, 0..1: the mean over prompts of the cosine of weighted sets of n-grams. A gram's weight is
 * ln(models / models that have it in their answers to this prompt) x ln(answers / answers that have it anywhere) / ln(answers): what the prompt itself
 * suggests, what everybody says and commonplaces count for nothing. All models take part in the weights alike, so that none of them is
 * favoured. Returns for every pair its similarity at each prompt.
 */
export function similarities(
  models: readonly Answers[],
  prompts: readonly string[],
  pairs: readonly (readonly [a: number, b: number])[],
): Float64Array[] {
  const rarity = rarityIn(models, prompts);
  const found = pairs.map(() => new Float64Array(prompts.length));
  for (const [at, prompt] of prompts.entries()) {
    const sets = models.map(({ answers }) => (answers.get(prompt) ?? []).map(gramsOf));
    const weight = weightsAt(sets, rarity);
    const lengths = sets.map((samples) => samples.map((grams) => squares(grams, weight)));
    for (const [pair, [a, b]] of pairs.entries()) {
      let [sum, count] = [0, 0];
      for (const [i, one] of (sets[a] ?? []).entries())
        for (const [j, other] of (sets[b] ?? []).entries()) {
          const norm = Math.sqrt((lengths[a]?.[i] ?? 0) * (lengths[b]?.[j] ?? 0));
          sum += norm === 0 ? 0 : shared(one, other, weight) / norm;
          count++;
        }
      (found[pair] as Float64Array)[at] = count === 0 ? 0 : sum / count;
    }
  }
  return found;
}

type Weight = (gram: number) => number;

/** Weight of a gram by how many answers to any of the prompts have it: 1 for one answer, 0 for all. */
function rarityIn(models: readonly Answers[], prompts: readonly string[]): Weight {
  const counts = new Uint32Array(BUCKETS);
  let total = 1;
  for (const { answers } of models)
    for (const prompt of prompts)
      for (const text of answers.get(prompt) ?? []) {
        total++;
        for (const gram of gramsOf(text)) {
          const bucket = gram % BUCKETS;
          counts[bucket] = (counts[bucket] as number) + 1;
        }
      }
  return (gram) => Math.max(0, 1 - Math.log(Math.max(1, counts[gram % BUCKETS] as number)) / Math.log(total));
}

function weightsAt(sets: readonly (readonly Set<number>[])[], rarity: Weight): Weight {
  const having = new Map<number, number>();
  for (const samples of sets)
    for (const gram of new Set(samples.flatMap((grams) => [...grams])))
      having.set(gram, (having.get(gram) ?? 0) + 1);
  for (const [gram, count] of having) having.set(gram, Math.log(sets.length / count) * rarity(gram));
  return (gram) => having.get(gram) ?? 0;
}

function squares(grams: ReadonlySet<number>, weight: Weight): number {
  let sum = 0;
  for (const gram of grams) sum += weight(gram) ** 2;
  return sum;
}

function shared(one: ReadonlySet<number>, other: ReadonlySet<number>, weight: Weight): number {
  const [few, many] = one.size <= other.size ? [one, other] : [other, one];
  let sum = 0;
  for (const gram of few) if (many.has(gram)) sum += weight(gram) ** 2;
  return sum;
}
