/** What permits covered of one account's traffic: counted, and left out of everything that is judged. */
export interface Covered {
  readonly exchanges: number;
  /** In the order in which they came; the first few. */
  readonly permits: readonly string[];
}

/** An account has a handful of permits; an imported log may claim any number. */
const MOST_NAMED = 8;

/** With one more exchange that the permit covered. */
export function withCovered(before: Covered | null, permit: string): Covered {
  const { exchanges, permits } = before ?? { exchanges: 0, permits: [] };
  const isNamed = permits.includes(permit) || permits.length >= MOST_NAMED;
  return { exchanges: exchanges + 1, permits: isNamed ? permits : [...permits, permit] };
}

/** `covered by permit P: 120 of 150 exchanges`. */
export function coveredText({ exchanges, permits }: Covered, of: number): string {
  const more = permits.length >= MOST_NAMED ? " and maybe more" : "";
  return `covered by permit ${permits.join(", ")}${more}: ${exchanges} of ${of} exchanges`;
}
