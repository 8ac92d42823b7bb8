/** How sure an alarm is: *bounded* is rejected by the error-controlled procedure (bounded.ts), the others go by p alone. */
export type Tier = "bounded" | "review" | "watch" | "none";

export const REVIEW_P = 0.01;
export const WATCH_P = 0.05;

const HEIGHT: Record<Tier, number> = { none: 0, watch: 1, review: 2, bounded: 3 };

export function higher(a: Tier, b: Tier): boolean {
  return HEIGHT[a] > HEIGHT[b];
}

/** The tier of an account by its own p-value. */
export function tierOf(p: number): Tier {
  if (p <= REVIEW_P) return "review";
  return p <= WATCH_P ? "watch" : "none";
}
