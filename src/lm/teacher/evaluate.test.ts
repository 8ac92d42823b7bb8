import { describe, expect, it } from "vitest";
import { examination, scoreAnswers } from "../world/world.ts";
import { disagreements } from "./evaluate.ts";

describe("disagreements", () => {
  const items = examination("scores", 10);
  const right = scoreAnswers(
    items,
    items.map((x) => x.answer),
  );

  it("is silent about noise and names a family that fell", () => {
    expect(disagreements(right, right)).toEqual([]);
    const withoutSums = scoreAnswers(
      items,
      items.map((x) => (x.task.startsWith("sum") || x.task.startsWith("word") ? "none" : x.answer)),
    );
    expect(disagreements(right, withoutSums)).toEqual(["overall", "arithmetic"]);
    const oneWrong = scoreAnswers(
      items,
      items.map((x, i) => (i === 0 ? "" : x.answer)),
    );
    expect(disagreements(right, oneWrong)).toEqual([]);
  });
});
