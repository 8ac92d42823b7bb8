import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newSigner, parseVkey } from "../ledger/note.ts";
import { sha256 } from "../ledger/digest.ts";
import { PolicyError } from "./error.ts";
import {
  coversModel,
  issuePermit,
  leftOf,
  parsePermit,
  permitText,
  signedBytes,
  verifyPermit,
  type NewPermit,
  type Permit,
  type PermitAsk,
} from "./permit.ts";
import { holderText, newHolder, parseHolder, permitHeaders, PROOF_HEADER } from "./proof.ts";

const now = Date.parse("2026-03-01T12:00:00.000Z");
const DAY = 86_400_000;
const at = (ms: number) => new Date(ms).toISOString();
const signer = newSigner("watch.example/log");
const holder = newHolder("acme/lab");
let seed = 0;
const random = (bytes: number) => new Uint8Array(bytes).map((_, i) => (seed += 7) + i);

function issue(change: Partial<NewPermit> = {}): Permit {
  const wanted: NewPermit = {
    account: "acme",
    holder: holder.verifier.vkey,
    purpose: "classifier",
    distribution: "internal",
    models: ["m-large", "t-*"],
    volume: { exchanges: 100, outputTokens: 5000 },
    expires: at(now + DAY),
    ...change,
  };
  return issuePermit(wanted, { signer, now, random });
}

const permit = issue();
const verdict = (ask: Partial<PermitAsk>, of: Permit = permit): string => {
  const answer = verifyPermit(of, { issuerKeys: [signer.verifier], now, ...ask });
  return answer.ok ? "ok" : answer.code;
};

describe("a permit", () => {
  it("is signed over bytes that say what they are", () => {
    const text = signedBytes(permit).toString();
    expect(text).toMatch(/^stillwatch permit v1\n\{"account":"acme","distribution":"internal","expires":"/);
    expect(text).not.toMatch(/signature|\n$/);
    expect(parsePermit(permitText(permit))).toEqual(permit);
    expect(verdict({})).toBe("ok");
  });

  it("is bad when any field was changed after signing", () => {
    const changes: Partial<Permit>[] = [
      { account: "other" },
      { purpose: "general" },
      { distribution: "public" },
      { models: ["*"] },
      { volume: { exchanges: 100, outputTokens: 5001 } },
      { expires: at(now + 2 * DAY) },
      { notBefore: at(now - DAY) },
      { holder: newHolder("thief").verifier.vkey },
      { note: "and more" },
      { terms: { name: "x", sha256: "0".repeat(64) } },
    ];
    for (const change of changes)
      expect([change, verdict({}, { ...permit, ...change })]).toEqual([change, "bad-signature"]);
  });

  it("is bad when one bit of its signature is flipped", () => {
    fc.assert(
      fc.property(fc.nat(511), (bit) => {
        const bytes = Buffer.from(permit.signature, "base64");
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return verdict({}, { ...permit, signature: bytes.toString("base64") }) === "bad-signature";
      }),
    );
  });

  it("counts only by a trusted issuer, in its time, for its account, models, purpose and distribution", () => {
    expect(verdict({ issuerKeys: [] })).toBe("unknown-issuer");
    expect(verdict({ issuerKeys: [newSigner("watch.example/log").verifier] })).toBe("unknown-issuer");
    expect(verdict({ now: now - 1 })).toBe("not-yet-valid");
    expect(verdict({ now: now + DAY - 1 })).toBe("ok");
    expect(verdict({ now: now + DAY })).toBe("expired");
    expect(verdict({ revokedAt: at(now) })).toBe("revoked");
    expect(verdict({ account: "acme" })).toBe("ok");
    expect(verdict({ account: "acm" })).toBe("wrong-account");
    for (const model of ["m-large", "t-", "t-1"]) expect(verdict({ model })).toBe("ok");
    for (const model of ["m-large-2", "M-large", "", null]) expect(verdict({ model })).toBe("wrong-model");
    expect(verdict({ purpose: "evaluation" })).toBe("ok");
    expect(verdict({ purpose: "specialist" })).toBe("wrong-purpose");
    expect(verdict({ distribution: "none" })).toBe("ok");
    expect(verdict({ distribution: "public" })).toBe("wrong-purpose");
  });

  it("is used up in exchanges or tokens, whichever comes first", () => {
    const used = (exchanges: number, outputTokens: number) => ({ exchanges, outputTokens });
    expect(verdict({ used: used(99, 5000) })).toBe("ok");
    expect(verdict({ used: used(100, 0) })).toBe("volume-used");
    expect(verdict({ used: used(0, 4990), wants: used(1, 10) })).toBe("ok");
    expect(verdict({ used: used(0, 4990), wants: used(1, 11) })).toBe("volume-used");
    expect(leftOf(permit.volume, used(30, 6000))).toEqual({ exchanges: 70, outputTokens: 0 });
    expect(leftOf({ exchanges: null, outputTokens: 5 }, used(30, 1))).toEqual({
      exchanges: null,
      outputTokens: 4,
    });
  });

  it("covers what its patterns say and nothing else", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (start, rest) => {
        fc.pre(!start.includes("*"));
        return (
          coversModel([`${start}*`], start + rest) && coversModel([start], start + rest) === (rest === "")
        );
      }),
    );
    expect(coversModel(["*"], null)).toBe(true);
  });

  it("is refused with field, value and cure when it is malformed", () => {
    const wrong = (change: object): string => {
      try {
        parsePermit({ ...permit, ...change });
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyError);
        return (error as Error).message;
      }
      throw new Error("it passed");
    };
    expect(wrong({ purpose: "anything" })).toMatch(/purpose is "anything".*evaluation/);
    expect(wrong({ models: ["a*b"] })).toMatch(/models\.0 is "a\*b".*\* at the end/);
    expect(wrong({ volume: { exchanges: null, outputTokens: null } })).toMatch(/bound exchanges/);
    expect(wrong({ expires: permit.notBefore })).toMatch(/after notBefore/);
    expect(wrong({ expires: "tomorrow" })).toMatch(/expires is "tomorrow"/);
    expect(wrong({ holder: "acme" })).toMatch(/holder-key/);
    expect(wrong({ admin: true })).toMatch(/admin/);
    expect(() => parsePermit(" ".repeat(65 * 1024))).toThrow(/65\d{3}? ?bytes|66560 bytes/);
    expect(() => parsePermit("{")).toThrow(/not JSON/);
    expect(() => parsePermit("[".repeat(30_000) + "]".repeat(30_000))).toThrow(/too deep/);
    expect(() => issue({ expires: at(now - 1) })).toThrow(/after notBefore/);
  });
});

describe("a proof of the holder", () => {
  const body = Buffer.from('{"model":"m-large"}');
  const bodySha256 = sha256(body).toString("hex");
  const text = permitHeaders(permit.id, holder, now, bodySha256)[PROOF_HEADER];

  it("holds for its body, its permit and five minutes", () => {
    expect(text).toMatch(/^v1 1772366400000 [\w-]{86}$/);
    expect(verdict({ proof: { text, bodySha256 } })).toBe("ok");
    expect(verdict({ proof: { text, bodySha256 }, now: now + 300_000 })).toBe("ok");
    expect(verdict({ proof: { text, bodySha256 }, now: now + 300_001 })).toBe("bad-proof");
    const early = permitHeaders(permit.id, holder, now + 300_001, bodySha256)[PROOF_HEADER];
    expect(verdict({ proof: { text: early, bodySha256 } })).toBe("bad-proof");
  });

  it("does not hold for another body, permit, holder or time, nor when it is missing", () => {
    expect(verdict({ proof: { text, bodySha256: sha256(Buffer.from("{}")).toString("hex") } })).toBe(
      "bad-proof",
    );
    expect(verdict({ proof: { text, bodySha256 } }, issue())).toBe("bad-proof");
    const thief = permitHeaders(permit.id, newHolder("acme/lab"), now, bodySha256)[PROOF_HEADER];
    for (const other of [thief, text.replace("1772366400000", "1772366400001"), `${text}A`, "v1", "", null])
      expect([other, verdict({ proof: { text: other, bodySha256 } })]).toEqual([other, "bad-proof"]);
  });

  it("is made with a key that survives its file", () => {
    const again = parseHolder(holderText(holder));
    expect(again.verifier.vkey).toBe(holder.verifier.vkey);
    expect(parseVkey(holder.verifier.vkey).name).toBe("acme/lab");
    expect(() => parseHolder("nonsense")).toThrow(/permits holder-key/);
    expect(() => newHolder("a b")).toThrow(PolicyError);
  });
});
