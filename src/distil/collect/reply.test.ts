import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readReply, type Reply } from "./reply.ts";

const read = (status: number, body: unknown): Reply =>
  readReply(status, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));
const error = (message: string, code?: string) => ({ error: { message, ...(code && { code }) } });

describe("readReply", () => {
  it("reads answers, their ends, their tokens' probabilities and what was used", () => {
    const reply = read(200, {
      model: "m-1",
      choices: [
        {
          message: { role: "assistant", content: "billing" },
          finish_reason: "stop",
          logprobs: {
            content: [
              {
                token: "billing",
                logprob: -0.1,
                top_logprobs: [
                  { token: "billing", logprob: -0.1 },
                  { token: "other", logprob: -2.5 },
                ],
              },
            ],
          },
        },
        {
          message: {
            content: [
              { type: "text", text: "in " },
              { type: "text", text: "parts" },
            ],
          },
        },
        { message: { content: null, refusal: "No." } },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 3 },
    });
    expect(reply).toMatchObject({
      kind: "answered",
      model: "m-1",
      usage: { input: 7, output: 3 },
      choices: [
        {
          answer: "billing",
          finish: "stop",
          logprobs: [
            {
              token: "billing",
              logprob: -0.1,
              top: [
                { token: "billing", logprob: -0.1 },
                { token: "other", logprob: -2.5 },
              ],
            },
          ],
        },
        { answer: "in parts", finish: null, logprobs: null },
        { answer: "", finish: "refusal" },
      ],
    });
  });

  it.each<[string, number, unknown, Reply["kind"]]>([
    ["a cut body", 200, '{"choices":[{"mess', "garbled"],
    ["no choices", 200, { choices: [] }, "garbled"],
    ["another kind of body", 200, "<html>", "garbled"],
    ["an error with status 200", 200, error("upstream failed"), "garbled"],
    ["too many requests", 429, error("slow down", "rate_limit_exceeded"), "busy"],
    ["no money left", 429, error("you exceeded your quota", "insufficient_quota"), "closed"],
    ["overload", 529, error("overloaded"), "busy"],
    ["no room, perhaps after the work", 503, "", "failed"],
    ["a proxy that gave up", 408, "", "failed"],
    ["a fault", 500, error("oops"), "failed"],
    ["a fault of a proxy", 502, "<html>Bad gateway</html>", "failed"],
    ["a wrong key", 401, error("invalid api key"), "closed"],
    ["a wrong model", 404, error("no such model"), "closed"],
    ["no permit", 403, error("permit_required"), "closed"],
    ["a wrong request", 400, error("content policy"), "refused"],
    ["too long a request", 413, "", "refused"],
    ["a redirect", 302, "", "closed"],
  ])("tells %s", (_, status, body, kind) => {
    const reply = read(status, body);
    expect(reply.kind).toBe(kind);
    if (reply.kind !== "answered") expect(reply.because.length).toBeGreaterThan(2);
  });

  it("says what the API said", () => {
    expect(read(400, error("max_tokens is too large"))).toMatchObject({
      because: "400 max_tokens is too large",
    });
    expect(read(400, { message: "flat" })).toMatchObject({ because: "400 flat" });
    expect(read(400, { error: "text" })).toMatchObject({ because: "400 text" });
    expect(read(500, "x".repeat(10_000))).toMatchObject({ because: `500 ${"x".repeat(200)}` });
  });

  it("takes no token counts that cannot be", () => {
    const usage = { prompt_tokens: -3, completion_tokens: 1.5 };
    const reply = read(200, { choices: [{ message: { content: "x" } }], usage });
    expect(reply).toMatchObject({ usage: { input: null, output: null } });
  });

  it("never throws, whatever comes", () => {
    const hostile = fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc.string(),
      fc
        .jsonValue()
        .map((value) => JSON.stringify({ choices: [value, { message: value, logprobs: value }] })),
      fc.jsonValue().map((value) => JSON.stringify({ choices: value, error: value, usage: value })),
      fc.constant(`{"choices":${"[".repeat(20_000)}`),
      fc.constant(`${"[".repeat(5000)}${"]".repeat(5000)}`),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), hostile, (status, body) => {
        const reply = read(status, body);
        expect(["answered", "garbled", "busy", "failed", "refused", "closed"]).toContain(reply.kind);
        if (reply.kind === "answered")
          for (const { answer } of reply.choices) expect(typeof answer).toBe("string");
      }),
    );
  });
});
