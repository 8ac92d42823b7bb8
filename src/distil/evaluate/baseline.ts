import { normaliseAnswer } from "./normal-answer.ts";

/** The answer given most often, as first written; of several the one met first. What a student must beat to have learned anything. */
export function mostFrequent(answers: readonly string[]): string {
  const counts = new Map<string, { readonly answer: string; count: number }>();
  let best: { readonly answer: string; count: number } | null = null;
  for (const answer of answers) {
    const key = normaliseAnswer(answer);
    const entry = counts.get(key) ?? { answer, count: 0 };
    entry.count++;
    counts.set(key, entry);
  }
  for (const entry of counts.values()) if (best === null || entry.count > best.count) best = entry;
  return best?.answer ?? "";
}
