import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evolve, selfInstruct } from "./expand.ts";

const SEEDS = Array.from({ length: 12 }, (_, i) => `input number ${i}\nwith a second line`);

describe.each([
  ["selfInstruct", selfInstruct],
  ["evolve", evolve],
] as const)("%s", (name, expand) => {
  it("asks the same for the same seed, and something else for another", () => {
    const options = { seeds: SEEDS, count: 40, seed: 5 };
    expect(expand(options).requests).toEqual(expand(options).requests);
    expect(expand({ ...options, seed: 6 }).requests).not.toEqual(expand(options).requests);
  });

  it("never asks the same twice, whatever the seeds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 300 }),
        (seeds, count) => {
          const { requests } = expand({ seeds, count, seed: 1 });
          expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length);
          expect(requests.length).toBe(expand({ seeds: SEEDS, count, seed: 1 }).requests.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("shows seeds, and of long ones their beginning", () => {
    const { requests } = expand({ seeds: ["start ".padEnd(100_000, "x")], count: 5, seed: 1 });
    for (const { messages } of requests) {
      expect(messages).toHaveLength(1);
      expect(messages[0]!.content).toContain("start ");
      expect(messages[0]!.content.length).toBeLessThan(4000);
    }
  });

  it("names itself as the source", () => {
    const [request] = expand({ seeds: SEEDS, count: 1, seed: 1 }).requests;
    expect(request!.source).toBe(name === "evolve" ? "evolve" : "self-instruct");
  });
});

describe("selfInstruct", () => {
  const { read } = selfInstruct({ seeds: SEEDS, count: 8, seed: 1 });

  it("asks for a third more than is wanted, eight at a time", () => {
    expect(selfInstruct({ seeds: SEEDS, count: 60, seed: 1 }).requests).toHaveLength(10);
  });

  it("shows each seed on one line", () => {
    const [request] = selfInstruct({ seeds: SEEDS, count: 8, seed: 1 }).requests;
    expect(request!.messages[0]!.content).toMatch(/1\. input number \d+ with a second line\n2\. /);
  });

  it("reads numbered and dashed lists, and nothing that is no item", () => {
    const answer =
      "Here are some:\r\n\n1. where is my card?\r\n2) What, 3. of May?\n  - third\n* fourth\n• 五番目\n10.no space\n4.   \nBye.";
    expect(read(answer)).toEqual(["where is my card?", "What, 3. of May?", "third", "fourth", "五番目"]);
    expect(read("I cannot help with that.")).toEqual([]);
    expect(read("")).toEqual([]);
  });
});

describe("evolve", () => {
  it("takes an answer as one input, whole", () => {
    const { read } = evolve({ seeds: SEEDS, count: 1, seed: 1 });
    expect(read("  a new input\nof two lines \n")).toEqual(["a new input\nof two lines"]);
    expect(read(" \n")).toEqual([]);
  });
});
