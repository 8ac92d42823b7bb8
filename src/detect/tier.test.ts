import { describe, expect, it } from "vitest";
import { tierOf } from "./tier.ts";

describe("tierOf", () => {
  it("follows the contract's bars", () => {
    expect([0.01, 0.0101, 0.05, 0.0501, 1].map(tierOf)).toEqual(["review", "watch", "watch", "none", "none"]);
  });
});
