import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostFrequent } from "./baseline.ts";
import { scoreAnswer } from "./score.ts";

describe("scoreAnswer", () => {
  it.each([
    ["Card arrival", "card arrival", 1],
    [' "Business." ', "business", 1],
    ["**Sports**", "Sports", 1],
    ["体育。", "体育", 1],
    ["Sci/Tech", "SciTech", 0],
    ["reverted_card_payment?", "reverted_card_payment", 1],
    ["The label is business", "business", 0],
    ["", "", 1],
    ["?", "!", 0],
    ["", "business", 0],
  ])("exact: %j against %j is %i", (answer, reference, score) => {
    expect(scoreAnswer("exact", answer, reference)).toBe(score);
  });

  it.each([
    ["I think it is Paris, of course.", "paris", 1],
    ["I know nothing", "no", 0],
    ["No, thanks", "no", 1],
    ["首都是北京。", "北京", 1],
    ["catalogue", "cat", 0],
    ["the catalogue of a cat", "cat", 1],
    ["anything", "", 0],
  ])("contains: %j against %j is %i", (answer, reference, score) => {
    expect(scoreAnswer("contains", answer, reference)).toBe(score);
  });

  it.each([
    ["Natalia sold 48+24 = 72 clips.\n#### 72", "72", 1],
    ["The answer is $1,234.00.", "1234", 1],
    ["so x = −7", "-7", 1],
    ["so x = 7", "-7", 0],
    ["That leaves 5 - 3 = 2", "2", 1],
    ["between 5-3", "3", 1],
    ["3/4", "0.75", 1],
    ["\\boxed{\\frac{3}{4}}", ".75", 1],
    ["about 12\u202f345", "12345", 1],
    ["1,2,3", "3", 1],
    ["in 2,021", "2021", 1],
    ["The total is 18.", "#### 18", 1],
    ["2.5e-3 m", "0.0025", 1],
    ["-$5", "-5", 1],
    ["１２", "12", 1],
    ["45%", "45", 1],
    ["none", "12", 0],
    ["It is the 4th", "4", 1],
    ["GPT-4", "four", 0],
    ["Paris.", "paris", 1],
    ["0.1 + 0.2 = 0.30000000000000004", "0.3", 1],
  ])("number: %j against %j is %i", (answer, reference, score) => {
    expect(scoreAnswer("number", answer, reference)).toBe(score);
  });

  it("reads back any number as it is written with separators", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (n) => {
        expect(
          scoreAnswer("number", `So the total is ${n.toLocaleString("en-US")} in the end.`, String(n)),
        ).toBe(1);
      }),
    );
  });

  it("comes to an end on hostile answers", () => {
    for (const piece of ["1,", "1", "1 ", "-", "1.1", "1/1", "e1", "$ "])
      expect([0, 1]).toContain(scoreAnswer("number", piece.repeat(200_000), "1"));
  });
});

describe("mostFrequent", () => {
  it("counts what reads the same together and gives the first form", () => {
    expect(mostFrequent(["no", "Yes.", "yes", "NO", "YES"])).toBe("Yes.");
    expect(mostFrequent(["a", "b"])).toBe("a");
    expect(mostFrequent([])).toBe("");
  });
});
