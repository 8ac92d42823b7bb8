import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Rig } from "./rig.ts";
import { ask, CHAT, get, post, rig } from "./rig.ts";

let r: Rig;
beforeEach(async () => (r = await rig()));
afterEach(() => r.stop());

const shown = { "stillwatch-permit": "permit_1", "stillwatch-permit-proof": "v1 1 x" };

describe("a request under a permit", () => {
  it("is shown to the gate with its body, recorded with the permit, and told what is left", async () => {
    const settle = (): void => {};
    const permit = { id: "permit_1", left: { exchanges: 7, outputTokens: 400 } };
    r.gate.limits.set("acc_alice", { allow: true, permit, settle });
    for (const stream of [false, true]) {
      const { status, headers, text } = await post(r.url, CHAT, ask("m-large", { stream }), shown);
      expect(status).toBe(200);
      expect(text).toContain("river");
      expect(headers.get("x-stillwatch-permit-left")).toBe("exchanges=7, output-tokens=400");
      expect(r.recorder.last.intent.permit).toBe("permit_1");
      expect(r.gate.asked.at(-1)!.permit).toMatchObject({ id: "permit_1", proof: "v1 1 x" });
      expect(Buffer.from(r.gate.asked.at(-1)!.permit!.body)).toEqual(
        Buffer.from(r.recorder.last.intent.request),
      );
    }
  });

  it("is not forwarded when the permit does not hold, and told why in the API's own shape", async () => {
    const refusal = {
      allow: false,
      code: "permit_required",
      permit: "expired",
      message: "The permit is old.",
    } as const;
    r.gate.limits.set("acc_alice", refusal);
    const openai = await post(r.url, CHAT, ask("m-large"), shown);
    expect(openai.status).toBe(403);
    expect(openai.json).toEqual({
      error: {
        message: "The permit is old.",
        type: "permission_error",
        param: null,
        code: "permit_required",
        permit: "expired",
      },
    });
    const anthropic = await post(r.url, "/v1/messages", ask("claude", { max_tokens: 5 }), shown);
    expect(anthropic.json).toEqual({
      type: "error",
      error: {
        type: "permission_error",
        message: "The permit is old.",
        code: "permit_required",
        permit: "expired",
      },
    });
    expect(r.recorder.begun).toEqual([]);
  });

  it("without one nothing is different", async () => {
    const { headers } = await post(r.url, CHAT, ask("m-large"));
    expect(headers.get("x-stillwatch-permit-left")).toBeNull();
    expect(r.recorder.last.intent.permit).toBeNull();
    expect(r.gate.asked.at(-1)).not.toHaveProperty("permit");
    expect((await get(r.url, "/v1/models", shown)).status).toBe(200);
  });
});
