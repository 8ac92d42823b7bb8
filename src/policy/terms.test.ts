import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newSigner } from "../ledger/note.ts";
import { builtIn, builtInTerms } from "./built-in-terms.ts";
import { distributions, issuePermit, purposes, type Permit } from "./permit.ts";
import { newHolder } from "./proof.ts";
import { clearance, parseTerms, permitted, termsHash, termsOf, type Terms, type Use } from "./terms.ts";

const openai = builtIn("openai")!;
const anthropic = builtIn("anthropic")!;
const says = (terms: Terms, use: Use) => permitted(terms, use).allowed;
const use = (purpose: Use["purpose"], distribution: Use["distribution"] = "internal"): Use => ({
  purpose,
  distribution,
});

describe("terms", () => {
  it("built in are well formed, and named by a hash that follows their contents", () => {
    for (const terms of builtInTerms) {
      expect(parseTerms(JSON.stringify(terms))).toEqual(terms);
      expect(termsHash(terms)).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(new Set(builtInTerms.map(termsHash)).size).toBe(builtInTerms.length);
    expect(termsHash({ ...openai, version: "another" })).not.toBe(termsHash(openai));
  });

  it("of OpenAI except classifiers that are not distributed, and its own fine-tuning", () => {
    expect(says(openai, use("classifier", "none"))).toBe("yes");
    expect(says(openai, use("classifier", "internal"))).toBe("yes");
    expect(says(openai, use("classifier", "public"))).toBe("no");
    expect(says(openai, use("specialist"))).toBe("unknown");
    expect(says(openai, use("general"))).toBe("no");
    expect(says(openai, { ...use("general"), onProviderService: true })).toBe("yes");
    expect(says(openai, use("evaluation", "public"))).toBe("yes");
    expect(permitted(openai, use("general")).because[0]).toMatch(/3\.3\(e\)/);
  });

  it("that authorisation can lift need a permit; a licence that allows distillation needs none", () => {
    expect(says(anthropic, use("general"))).toBe("needs-permit");
    expect(says(anthropic, use("specialist"))).toBe("needs-permit");
    expect(says(anthropic, use("classifier"))).toBe("yes");
    expect(says(builtIn("gemini")!, use("general"))).toBe("no");
    expect(says(builtIn("gemini")!, use("classifier"))).toBe("unknown");
    expect(says(builtIn("deepseek-r1")!, use("competing", "public"))).toBe("yes");
    expect(says(builtIn("own-model")!, use("general", "public"))).toBe("yes");
  });

  it("give restrictions to carry: the ban itself, and how far the exception used goes", () => {
    const { restrictions } = permitted(openai, use("classifier"));
    expect(restrictions.map(({ kind, clause }) => `${kind} ${clause}`)).toEqual([
      "no-competing-models 3.3(e)",
      "distribution Permitted Exception (a)",
    ]);
    expect(permitted(builtIn("own-model")!, use("general")).restrictions).toEqual([]);
  });

  it("never allow more when purpose or distribution grow", () => {
    const rank = { yes: 0, unknown: 1, "needs-permit": 2, no: 3 };
    const place = fc.nat(purposes.length * distributions.length - 1).map((i) => ({
      p: i % purposes.length,
      d: Math.floor(i / purposes.length),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...builtInTerms), place, place, (terms, a, b) => {
        const [low, high] = [
          use(purposes[Math.min(a.p, b.p)]!, distributions[Math.min(a.d, b.d)] ?? "none"),
          use(purposes[Math.max(a.p, b.p)]!, distributions[Math.max(a.d, b.d)] ?? "none"),
        ];
        const [less, more] = [says(terms, low), says(terms, high)];
        // A classifier past its exception is forbidden where a specialist is only unclear: both are refused alike.
        return (rank[less] === 0 || rank[more] > 0) && (more === "yes" ? less === "yes" : true);
      }),
    );
  });

  it("an exception to one ban lifts no other", () => {
    const strict: Terms = {
      ...builtIn("deepseek-r1")!,
      clauses: [
        ...builtIn("deepseek-r1")!.clauses,
        { id: "9", kind: "no-redistribution", says: "Stays inside.", quote: null },
      ],
    };
    expect(says(strict, use("general", "internal"))).toBe("yes");
    expect(says(strict, use("general", "public"))).toBe("no");
  });

  it("are found by the model's name, however it is written", () => {
    const of = (model: string) => termsOf(model, builtInTerms)?.name ?? null;
    for (const model of [
      "gpt-4o-mini",
      "OpenAI GPT-4",
      "openai/gpt-4.1",
      "OpenAI ChatGPT",
      "OpenAI GPT-3.5-turbo-instruct",
      "OpenAI Codex",
      "o3-mini",
    ])
      expect([model, of(model)]).toEqual([model, "openai"]);
    for (const model of ["claude-sonnet-4-5", "Claude 2.1", "anthropic/claude-3-opus"])
      expect([model, of(model)]).toEqual([model, "anthropic"]);
    expect(of("models/gemini-2.5-pro")).toBe("gemini");
    expect(of("deepseek-ai/DeepSeek-R1")).toBe("deepseek-r1");
    expect(of("deepseek-ai/DeepSeek-R1-Distill-Llama-8B")).toBeNull();
    for (const model of ["OpenAI GPT-2", "OpenAI GPT-1", "openai/gpt-oss-20b"])
      expect([model, of(model)]).toEqual([model, "open-weights"]);
    for (const model of [
      "alpaca",
      "Other",
      "templates",
      "Instruct-GPT-J",
      "gpt4all",
      "GPT-Neo",
      "ontology",
      "",
    ])
      expect([model, of(model)]).toEqual([model, null]);
    expect(of("stillwatch-teacher-1")).toBe("own-model");
  });

  it("are refused with field, value and cure when they are malformed", () => {
    expect(() =>
      parseTerms({ ...openai, clauses: [{ id: "1", kind: "no-fun", says: "x", quote: null }] }),
    ).toThrow(/clauses\.0\.kind is "no-fun".*no-competing-models/);
    expect(() => parseTerms({ ...openai, extra: 1 })).toThrow(/extra/);
    expect(() => parseTerms("[]")).toThrow(/the document/);
    expect(() => parseTerms("{")).toThrow(/not JSON/);
  });
});

describe("clearance", () => {
  const signer = newSigner("provider.example/log");
  const permit = (terms: Permit["terms"]): Permit =>
    issuePermit(
      {
        account: "acme",
        holder: newHolder("lab").verifier.vkey,
        purpose: "general",
        distribution: "internal",
        models: ["*"],
        volume: { exchanges: 10 },
        expires: "2027-01-01T00:00:00Z",
        terms,
      },
      { signer, now: 0, random: (n) => new Uint8Array(n) },
    );
  const ok = (...given: Parameters<typeof clearance>) => clearance(...given).ok;

  it("is not given without terms that allow it or a permit", () => {
    expect(ok(null, null, use("evaluation"))).toBe(false);
    expect(ok(openai, null, use("general"))).toBe(false);
    expect(ok(openai, null, use("specialist"))).toBe(false);
    expect(ok(openai, null, use("classifier"))).toBe(true);
    expect(ok(null, permit(null), use("general"))).toBe(true);
  });

  it("a permit lifts what needs one; what the terms forbid only when it was given with them in view", () => {
    expect(ok(anthropic, permit(null), use("general"))).toBe(true);
    expect(ok(openai, permit(null), use("general"))).toBe(false);
    expect(ok(openai, permit({ name: "openai", sha256: termsHash(openai) }), use("general"))).toBe(true);
    expect(ok(anthropic, permit({ name: "openai", sha256: termsHash(openai) }), use("general"))).toBe(false);
    const given = clearance(anthropic, permit(null), use("general"));
    expect(given.ok && given.restrictions.map(({ kind }) => kind)).toEqual([
      "no-competing-models",
      "purpose",
      "distribution",
    ]);
  });
});
