import { expect, it } from "vitest";
import type { Sketch } from "../sketch.ts";
import { logitExtraction } from "./logit-extraction.ts";
import type { Known } from "./signal.ts";

it("never tells of more sets of tokens than exchanges that move logits", () => {
  // The estimate of distinct sets is rough (±5 %): 23 of them may be counted as 24.
  const sketch = {
    sum: (name: string) => (name === "biased" ? 23 : 0),
    distinct: () => 24.2,
  } as unknown as Sketch;
  expect(logitExtraction.because(sketch, 0.2, null, {} as Known)).toMatch(
    /^23 exchanges move the logits of about 23 different/,
  );
});
