import { describe, expect, it } from "vitest";
import { parseAccount } from "../exchange/account.ts";
import { STRATA, stratumOf } from "./stratum.ts";

const on = (plan: string | null) => stratumOf(parseAccount({ account: "a", plan }));

describe("stratumOf", () => {
  it("parts customers under contract from those who signed up alone, by plan", () => {
    expect(["business", "Enterprise", "TEAM"].map(on)).toEqual(["contract", "contract", "contract"]);
    expect(["free", "self-serve", "pay as you go", "enterprise-trial", ""].map(on)).toEqual(
      Array(5).fill("self-serve"),
    );
    expect(on(null)).toBe("unlisted");
    expect(stratumOf(null)).toBe("unlisted");
  });

  it("does not look at what an account could choose or show after sign-up", () => {
    const facts = { account: "a", plan: "free", organization: "Acme", verified: true, country: "DE" };
    expect(stratumOf(parseAccount(facts))).toBe("self-serve");
  });

  it("names every stratum once", () => {
    expect(new Set(STRATA)).toEqual(new Set([on("business"), on("free"), on(null)]));
    expect(STRATA).toHaveLength(3);
  });
});
