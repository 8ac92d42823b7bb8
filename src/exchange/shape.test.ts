import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "./exchange.ts";
import { requestFacts, withholdable } from "./shape.ts";

describe("requestFacts", () => {
  it("reads what decides on a request", () => {
    const body = {
      model: "m",
      stream: true,
      messages: [],
      max_tokens: 100,
      n: 3,
      user: "u",
      logprobs: true,
      top_logprobs: 5,
      logit_bias: { "1": 1 },
      tools: [{}],
    };
    expect(requestFacts(body)).toEqual({
      model: "m",
      stream: true,
      maxOutputTokens: 300,
      choices: 3,
      endUser: "u",
      fields: ["n", "logprobs", "top_logprobs", "logit_bias", "tools"],
      ambiguous: null,
    });
    expect(requestFacts({})).toEqual({
      model: null,
      stream: false,
      maxOutputTokens: null,
      choices: 1,
      endUser: null,
      fields: [],
      ambiguous: null,
    });
  });

  it.each<[JsonObject, string[]]>([
    [{ logprobs: 0 }, ["logprobs"]],
    [
      {
        logprobs: false,
        top_logprobs: 0,
        n: 1,
        best_of: 1,
        logit_bias: {},
        tools: [],
        echo: false,
        seed: null,
      },
      [],
    ],
    [{ n: "5" }, ["n"]],
    [{ best_of: 2 }, ["best_of"]],
    [{ echo: true, seed: 1 }, ["echo", "seed"]],
    [{ include: ["message.output_text.logprobs"] }, ["logprobs"]],
    [{ reasoning: { effort: "high" } }, ["reasoning"]],
    [{ reasoning_effort: "none", thinking: { type: "disabled" } }, []],
    [{ thinking: { type: "enabled", budget_tokens: 1024 } }, ["thinking"]],
    [{ functions: [{}] }, ["tools"]],
    [{ LogProbs: true }, ["logprobs"]],
  ])("%j uses %j", (body, fields) => {
    expect(requestFacts(body).fields).toEqual(fields);
    for (const field of fields) expect(withholdable).toContain(field);
  });

  it("tells a name given twice in different case", () => {
    expect(requestFacts({ model: "cheap", Model: "dear" }).ambiguous).toBe("model");
    expect(requestFacts({ metadata: {}, Metadata: {} }).ambiguous).toBeNull();
  });

  it("never throws", () => {
    const names = fc.oneof(
      fc.string(),
      fc.constantFrom(...withholdable, "model", "max_tokens", "include", "n"),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), (body) => {
        const facts = requestFacts(body as JsonObject);
        expect(facts.choices).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
