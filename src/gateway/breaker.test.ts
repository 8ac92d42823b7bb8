import { describe, expect, it } from "vitest";
import { Breaker } from "./breaker.ts";

describe("Breaker", () => {
  function breaker(): { breaker: Breaker; pass: (ms: number) => void } {
    let now = 1_000;
    return { breaker: new Breaker({ failures: 3, openMs: 100 }, () => now), pass: (ms) => (now += ms) };
  }

  it("opens after failures in a row only", () => {
    const { breaker: b } = breaker();
    b.failed();
    b.failed();
    b.succeeded();
    b.failed();
    b.failed();
    expect(b.state).toBe("closed");
    b.failed();
    expect([b.state, b.allows]).toEqual(["open", false]);
  });

  it("lets one probe through after its time, and closes when the probe succeeds", () => {
    const { breaker: b, pass } = breaker();
    for (let i = 0; i < 3; i++) b.failed();
    pass(99);
    expect(b.allows).toBe(false);
    pass(1);
    expect([b.state, b.allows]).toEqual(["half-open", true]);
    b.enter();
    expect(b.allows).toBe(false);
    b.succeeded();
    expect([b.state, b.allows]).toEqual(["closed", true]);
  });

  it("opens again when the probe fails, and gives the probe back when it said nothing", () => {
    const { breaker: b, pass } = breaker();
    for (let i = 0; i < 3; i++) b.failed();
    pass(100);
    b.enter();
    b.failed();
    expect(b.allows).toBe(false);
    pass(100);
    b.enter();
    b.neither();
    expect(b.allows).toBe(true);
  });
});
