import type { StudentAnswer } from "../trainer.ts";

/** Labels below it are left out of an answer, but for the two likeliest. */
const LEAST_SHOWN = 0.001;

/** The likeliest label, its probability, and those of the others that count. The first of equals wins. */
export function rank(labels: readonly string[], probabilities: Float64Array): StudentAnswer {
  let best = 0;
  let second = -1;
  for (let c = 1; c < probabilities.length; c++) {
    const p = probabilities[c] as number;
    if (p > (probabilities[best] as number)) [second, best] = [best, c];
    else if (second < 0 || p > (probabilities[second] as number)) second = c;
  }
  const shown: Record<string, number> = { [labels[best] as string]: probabilities[best] as number };
  if (second >= 0) shown[labels[second] as string] = probabilities[second] as number;
  for (let c = 0; c < probabilities.length; c++)
    if ((probabilities[c] as number) >= LEAST_SHOWN) shown[labels[c] as string] = probabilities[c] as number;
  return { text: labels[best] as string, confidence: probabilities[best] as number, labels: shown };
}
