import { describe, expect, it } from "vitest";
import { signedHeaders, signingSecret } from "./signature.ts";

describe("signature", () => {
  it("is that of the example of Standard Webhooks", () => {
    const secret = signingSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x");
    const body = '{"test": 2432232314}';
    expect(signedHeaders(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_900, body)).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("refuses secrets that are too short, too long, without their mark or no base64", () => {
    const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
    expect(signingSecret(secretOf(24), "x")).toHaveLength(24);
    for (const wrong of [
      secretOf(23),
      secretOf(65),
      secretOf(32).slice(6),
      "whsec_!!",
      `${secretOf(32)} `,
      "",
    ])
      expect(() => signingSecret(wrong, "soc"), wrong).toThrow(/sink soc: its secret/);
  });
});
