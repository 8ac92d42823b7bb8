/**
 * One way to turn what a suspect scored into evidence. All tests share one engine (`judge.ts`): a coin chose which of an item's siblings was
 * served; if the suspect is independent of our coins, the served index is uniform given everything else, so the distribution of any sum of
 * `values` is known by redrawing the coins. A test only says what each sibling is worth. It never learns which one was served:
 * that is what makes any choice made here valid, and `conformance.test.ts` holds every test to it.
 */
export interface AttributionTest {
  readonly name: "twins" | "lexical" | "canaries" | "sign" | "linear";
  /** What is summed, in one sentence for the verdict. */
  readonly statistic: string;
  /**
   * The worth of each sibling of one item, in the order of `scores`: moved with the siblings when they are relabelled, and never falling
   * for a sibling whose own score rises. `scale` is a typical spread of the siblings of an item, above 0.
   */
  values(scores: readonly number[], scale: number): readonly number[];
}
