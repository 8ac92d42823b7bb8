import { describe, expect, it } from "vitest";
import { dialectOf, router } from "./route.ts";

const plain = router([]);

describe("router", () => {
  it.each(["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/messages"])(
    "serves POST %s and no other method",
    (path) => {
      expect(plain.route("POST", path)).toMatchObject({ to: "exchange", endpoint: { path }, query: "" });
      expect(plain.route("POST", `${path}?beta=true`)).toMatchObject({ to: "exchange", query: "?beta=true" });
      expect(plain.route("GET", path)).toEqual({ to: "nothing", allow: "POST" });
    },
  );

  it("serves models, receipts and health", () => {
    expect(plain.route("GET", "/v1/models?limit=5")).toEqual({ to: "models", query: "?limit=5" });
    expect(plain.route("GET", "/v1/models/m-large")).toMatchObject({ to: "model", id: "m-large" });
    expect(plain.route("GET", "/v1/models/meta%2FLlama-3")).toMatchObject({
      id: "meta/Llama-3",
      path: "/v1/models/meta%2FLlama-3",
    });
    expect(plain.route("GET", "/v1/stillwatch/receipts/ex_01ABC")).toEqual({ to: "receipt", id: "ex_01ABC" });
    expect(plain.route("GET", "/healthz")).toEqual({ to: "health" });
    expect(plain.route("HEAD", "/readyz")).toEqual({ to: "ready" });
  });

  it.each([
    "/",
    "/v1",
    "/v1/",
    "/v1/batches",
    "/v1/files",
    "/v1/messages/batches",
    "/v1/responses/resp_1",
    "/v1/chat/completions/",
    "/v1//chat/completions",
    "/v1/./chat/completions",
    "/v1/x/../chat/completions",
    "/V1/chat/completions",
    "/v1/chat%2Fcompletions",
    "http://127.0.0.1/v1/chat/completions",
    "*",
    "/v1/models/..",
    "/v1/models/%2e%2e/files",
    "/v1/models/a%2F..%2F..%2Ffiles",
    "/v1/models/../files",
    "/v1/chat/completions;x=1",
    "/v1/chat/completions#x",
    `/v1/chat/completions?${"x".repeat(2000)}`,
    "/v1/stillwatch/receipts/../../x",
  ])("serves nothing at %s", (target) => {
    for (const method of ["GET", "POST"])
      expect(plain.route(method, target)).toMatchObject({ to: "nothing" });
  });

  it("serves further paths that the operator allowed, and nothing around them", () => {
    const more = router(["POST /v1/audio/speech", "/v1/files", "GET /v1/files/*"]);
    expect(more.route("POST", "/v1/audio/speech")).toEqual({
      to: "raw",
      path: "/v1/audio/speech",
      query: "",
    });
    expect(more.route("GET", "/v1/audio/speech")).toMatchObject({ to: "nothing" });
    expect(more.route("DELETE", "/v1/files")).toMatchObject({ to: "raw" });
    expect(more.route("GET", "/v1/files/f1/content?x=1")).toEqual({
      to: "raw",
      path: "/v1/files/f1/content",
      query: "?x=1",
    });
    expect(more.route("GET", "/v1/files/../batches")).toMatchObject({ to: "nothing" });
    expect(more.route("GET", "/v1/files/..%2fbatches")).toMatchObject({ to: "nothing" });
  });

  it.each(["v1/files", "/v2/files", "BREW /v1/coffee", "/v1/*x", "/v1/../x", "*"])(
    "refuses %j as a raw path",
    (entry) => {
      expect(() => router([entry])).toThrow(/allowRawPaths has/);
    },
  );
});

describe("dialectOf", () => {
  it("tells errors as the API in question does", () => {
    expect(dialectOf("/v1/messages", undefined)).toBe("anthropic");
    expect(dialectOf("/v1/messages/batches", undefined)).toBe("anthropic");
    expect(dialectOf("/v1/models", "2023-06-01")).toBe("anthropic");
    expect(dialectOf("/v1/messagesx", undefined)).toBe("openai");
    expect(dialectOf("/v1/chat/completions", undefined)).toBe("openai");
  });
});
