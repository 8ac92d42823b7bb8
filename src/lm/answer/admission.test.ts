import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Admission", () => {
  it("lets single answers in beside many, and the smaller of those that wait first", async () => {
    const admission = new Admission(16);
    const order: string[] = [];
    const enter = async (name: string, answers: number): Promise<() => void> => {
      const leave = await admission.enter(answers);
      order.push(name);
      return leave;
    };
    const first = await enter("eight", 8);
    const second = enter("another eight", 8);
    const third = enter("six", 6);
    await enter("one", 1);
    expect(order).toEqual(["eight", "one"]);
    first();
    (await third)();
    expect(order).toEqual(["eight", "one", "six"]);
    await second;
    expect(order.at(-1)).toBe("another eight");
  });

  it("forgets who gives up while waiting", async () => {
    const admission = new Admission(4);
    const leave = await Promise.all([1, 1, 1, 1].map((n) => admission.enter(n)));
    const abort = new AbortController();
    const waiting = admission.enter(1, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    leave[0]!();
    await admission.enter(1);
  });

  it("never takes more than its room and lets everybody in at last", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, async (asked) => {
        const admission = new Admission(32);
        let taken = 0;
        const all = asked.map(async (answers) => {
          const leave = await admission.enter(answers);
          taken += answers;
          expect(taken).toBeLessThanOrEqual(32);
          await turn();
          taken -= answers;
          leave();
          leave();
        });
        await Promise.all(all);
        expect(taken).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses what would never fit", async () => {
    await expect(new Admission(16).enter(9)).rejects.toThrow(/9 answers; at most 8/);
  });
});
