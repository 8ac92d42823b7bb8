import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOTHING, plus, type Bill } from "./bill.ts";
import { Budget, type Limits } from "./budget.ts";

const FREE: Limits = { dollars: null, tokens: null, calls: null };
const bill = (dollars: number, tokens = 10): Bill => ({
  calls: 1,
  inputTokens: tokens,
  outputTokens: tokens,
  dollars,
});

/** What became of a call that was sent; `share` of its worst is what the provider really billed. */
type End = "settled" | "released" | "lost" | "replaced";
const calls = fc.array(
  fc.record({
    dollars: fc.double({ min: 0, max: 0.1, noNaN: true }),
    tokens: fc.nat(500),
    end: fc.constantFrom<End>("settled", "released", "lost", "replaced"),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    wait: fc.nat(20),
  }),
  { maxLength: 60 },
);

describe("Budget", () => {
  it("keeps its bound above the true bill and below the limits, in whatever order calls end", () => {
    fc.assert(
      fc.property(
        calls,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(5000),
        fc.nat(40),
        (all, dollars, tokens, most) => {
          const limits = { dollars, tokens, calls: most };
          const budget = new Budget(limits);
          let billed = NOTHING;
          let inHand: { until: number; end: () => void }[] = [];
          const holds = (): void => {
            const { upperBound } = budget;
            expect(upperBound.dollars).toBeGreaterThanOrEqual(billed.dollars - 1e-9);
            expect(upperBound.calls).toBeGreaterThanOrEqual(billed.calls);
            expect(upperBound.outputTokens).toBeGreaterThanOrEqual(billed.outputTokens);
            expect(upperBound.dollars).toBeLessThanOrEqual(dollars + 2e-9);
            expect(upperBound.inputTokens + upperBound.outputTokens).toBeLessThanOrEqual(tokens);
            expect(upperBound.calls).toBeLessThanOrEqual(most);
          };
          for (const [at, call] of all.entries()) {
            for (const { until, end } of inHand) if (until <= at) end();
            inHand = inHand.filter(({ until }) => until > at);
            const worst = bill(call.dollars, call.tokens);
            if (budget.reserve(worst) !== "reserved") continue;
            const real = {
              ...worst,
              dollars: worst.dollars * call.share,
              outputTokens: Math.floor(worst.outputTokens * call.share),
            };
            // What is billed is billed when the call is sent, long before its end is known.
            if (call.end !== "released") billed = plus(billed, real);
            inHand.push({
              until: at + call.wait,
              end: () => {
                if (call.end === "settled") budget.settle(worst, real);
                else if (call.end === "released") budget.release(worst);
                else budget.lose(worst);
                // The same call again, billed together with the lost one.
                if (call.end === "replaced" && budget.reserve(worst) === "reserved") {
                  budget.settle(worst, real);
                  budget.forget(worst);
                }
              },
            });
            holds();
          }
          for (const { end } of inHand) {
            end();
            holds();
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is exact when everything ended and nothing is unknown", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1000), fc.nat(1000))), (pairs) => {
        const budget = new Budget(FREE);
        for (const [worst] of pairs) budget.reserve(bill(worst, worst));
        for (const [worst, real] of pairs) budget.settle(bill(worst, worst), bill(real, real));
        expect(budget.upperBound).toEqual(budget.spent);
        expect(budget.spent.inputTokens).toBe(pairs.reduce((sum, [, real]) => sum + real, 0));
      }),
    );
  });

  it("says `later` only while a call in flight may still turn out cheaper", () => {
    const budget = new Budget({ ...FREE, dollars: 1 });
    expect(budget.reserve(bill(0.7))).toBe("reserved");
    expect(budget.reserve(bill(0.7))).toBe("later");
    expect(budget.reserve(bill(1.1))).toBe("never");
    budget.settle(bill(0.7), bill(0.5));
    expect(budget.reserve(bill(0.7))).toBe("never");
    expect(budget.reserve(bill(0.5))).toBe("reserved");
  });

  it("holds each kind of limit by itself", () => {
    expect(new Budget({ ...FREE, tokens: 19 }).reserve(bill(0, 10))).toBe("never");
    expect(new Budget({ ...FREE, tokens: 20 }).reserve(bill(0, 10))).toBe("reserved");
    expect(new Budget({ ...FREE, calls: 0 }).reserve(bill(0, 0))).toBe("never");
    expect(new Budget({ ...FREE, dollars: 0 }).reserve(bill(0))).toBe("reserved");
    expect(new Budget(FREE).reserve(bill(1e12, 1e12))).toBe("reserved");
  });

  it("counts what earlier sessions spent and lost", () => {
    const budget = new Budget({ ...FREE, dollars: 1 }, { known: bill(0.4), unknown: bill(0.3) });
    expect(budget.upperBound.dollars).toBeCloseTo(0.7, 12);
    expect(budget.reserve(bill(0.4))).toBe("never");
    budget.forget(bill(0.3));
    expect(budget.reserve(bill(0.4))).toBe("reserved");
  });

  it("does not stop over the rounding of sums", () => {
    const budget = new Budget({ ...FREE, dollars: 1 });
    for (let i = 0; i < 10; i++) expect(budget.reserve(bill(0.1))).toBe("reserved");
    expect(budget.reserve(bill(0.1))).not.toBe("reserved");
  });
});
