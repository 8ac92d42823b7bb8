import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Rig } from "./rig.ts";
import { ask, CHAT, get, post, RawCaller, rig } from "./rig.ts";

// What callers try over bare sockets. Nothing of it may reach the model's server as a second request, with a header of
// the caller's making, or without a record.

let r: Rig;
beforeAll(
  async () =>
    (r = await rig({ gateway: { maxBodyBytes: 20_000, maxJsonDepth: 20, forwardHeaders: ["x-team"] } })),
);
afterAll(() => r.stop());
afterEach(() => r.api.requests.splice(0));

const AUTH = "authorization: Bearer sk-alice\r\n";
const BODY = JSON.stringify(ask("m-large"));
const LENGTH = `content-length: ${BODY.length}\r\n`;
const SMUGGLED = "GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n";

async function raw(text: string): Promise<string> {
  const caller = new RawCaller(r.url).send(text);
  const answer = await caller.until((seen) => /\r\n\r\n[^]*\}$|\r\n0\r\n\r\n$/.test(seen));
  caller.socket.destroy();
  return answer;
}

describe("request smuggling", () => {
  it.each([
    ["both framings", `${LENGTH}transfer-encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
    ["both framings, the other way round", `transfer-encoding: chunked\r\n${LENGTH}\r\n0\r\n\r\n${SMUGGLED}`],
    ["two lengths", `content-length: 0\r\n${LENGTH}\r\n${BODY}`],
    ["a list of lengths", `content-length: ${BODY.length}, 0\r\n\r\n${BODY}`],
    ["a signed length", `content-length: +${BODY.length}\r\n\r\n${BODY}`],
    ["a length in hex", `content-length: 0x${BODY.length.toString(16)}\r\n\r\n${BODY}`],
    ["an encoding nobody has", `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
    ["chunked that is not last", `transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`],
    [
      "chunked twice in disguise",
      `transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    ["a space before the colon", `content-length : ${BODY.length}\r\n\r\n${BODY}`],
    ["a folded header", `x-a: 1\r\n transfer-encoding: chunked\r\n${LENGTH}\r\n${BODY}`],
    ["a bare line feed", `x-a: 1\ntransfer-encoding: chunked\r\n${LENGTH}\r\n${BODY}`],
    ["a bare carriage return", `x-a: 1\rtransfer-encoding: chunked\r\n${LENGTH}\r\n${BODY}`],
    ["a NUL", `x-a: 1\0\r\n${LENGTH}\r\n${BODY}`],
    [
      "a chunk size that overflows",
      `transfer-encoding: chunked\r\n\r\n10000000000000000\r\n${BODY}\r\n0\r\n\r\n`,
    ],
    ["a signed chunk size", `transfer-encoding: chunked\r\n\r\n-1\r\n${BODY}\r\n0\r\n\r\n`],
    ["a chunk longer than it says", `transfer-encoding: chunked\r\n\r\n3\r\n${BODY}\r\n0\r\n\r\n`],
  ])("%s is refused", async (_name, rest) => {
    const before = r.recorder.begun.length;
    const answer = await raw(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}${rest}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(r.api.requests).toEqual([]);
    expect(r.recorder.begun).toHaveLength(before);
  });

  it("a request line with two targets, or none, or another version", async () => {
    for (const line of [
      `POST ${CHAT} /v1/models HTTP/1.1`,
      "POST HTTP/1.1",
      `POST ${CHAT} HTTP/2.0`,
      `POST ${CHAT}`,
    ]) {
      expect(await raw(`${line}\r\nhost: x\r\n${AUTH}${LENGTH}\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(r.api.requests).toEqual([]);
  });

  it("a query goes along as it is", async () => {
    await post(r.url, "/v1/messages?beta=true", ask("m-large"), { "anthropic-version": "2023-06-01" });
    expect(r.api.requests[0]!.path).toBe("/v1/messages?beta=true");
  });

  it("a chunked body is understood, and goes on with a length", async () => {
    const chunks = `5\r\n${BODY.slice(0, 5)}\r\n${(BODY.length - 5).toString(16)};x=y\r\n${BODY.slice(5)}\r\n0\r\nx-trailer: 1\r\n\r\n`;
    const answer = await raw(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}transfer-encoding: chunked\r\n\r\n${chunks}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(r.api.requests[0]!.headers).toMatchObject({ "content-length": String(BODY.length) });
    expect(r.api.requests[0]!.headers["transfer-encoding"]).toBe(undefined);
    expect(r.api.requests[0]!.headers["x-trailer"]).toBe(undefined);
  });

  it("requests sent at once are answered one after the other, each recorded", async () => {
    const before = r.recorder.begun.length;
    const one = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}${LENGTH}\r\n${BODY}`;
    const caller = new RawCaller(r.url).send(one + one + one);
    const answer = await caller.until((seen) => seen.split('"usage"').length === 4);
    const ids = [...answer.matchAll(/x-stillwatch-exchange: (\S+)/g)].map((x) => x[1]);
    expect(ids).toEqual(r.recorder.begun.slice(before).map((x) => x.id));
    caller.socket.destroy();
  });
});

describe("headers", () => {
  it("nothing a caller sends arrives but what is listed", async () => {
    await post(r.url, CHAT, ask("m-large"), {
      "x-api-key": "sk-bob",
      cookie: "session=1",
      "x-forwarded-for": "1.2.3.4",
      forwarded: "for=1.2.3.4",
      "x-real-ip": "1.2.3.4",
      via: "1.1 evil",
      "openai-organization": "org-other",
      "idempotency-key": "shared",
      "accept-encoding": "gzip, br",
      "x-stillwatch-exchange": "ex_fake",
      "user-agent": "curl/8",
      "openai-beta": "assistants=v2",
      "x-team": "blue",
    });
    const { headers } = r.api.requests[0]!;
    expect(headers).toEqual({
      host: new URL(r.api.url).host,
      accept: "*/*",
      "accept-encoding": "identity",
      "user-agent": "stillwatch",
      authorization: `Bearer ${r.api.key}`,
      "openai-beta": "assistants=v2",
      "x-team": "blue",
      "content-type": "application/json",
      "content-length": String(BODY.length),
    });
  });

  it("a connection header cannot take our own headers away, nor add any", async () => {
    await raw(
      `POST ${CHAT} HTTP/1.1\r\nhost: evil.example\r\n${AUTH}connection: keep-alive, authorization, x-team\r\nx-team: blue\r\n${LENGTH}\r\n${BODY}`,
    );
    expect(r.api.requests[0]!.headers).toMatchObject({
      authorization: `Bearer ${r.api.key}`,
      host: new URL(r.api.url).host,
    });
    expect(r.api.requests[0]!.headers["connection"]).toBe(undefined);
  });

  it("of the answer's headers those of the connection and the site stay behind", async () => {
    const { headers } = await post(r.url, CHAT, ask("m-large"));
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-request-id": "req_mock_1",
      "openai-processing-ms": "12",
      "x-ratelimit-remaining-requests": "99",
    });
    expect(headers.get("set-cookie")).toBe(null);
  });

  it.each([
    ["authorization: Basic c2stYWxpY2U6"],
    ["authorization: Bearer"],
    ["authorization: sk-alice"],
    ["x-api-key: "],
    [`authorization: Bearer ${"x".repeat(5000)}`],
    ["authorization: Bearer sk-alice, Bearer sk-bob"],
  ])("%s is no key", async (line) => {
    const answer = await raw(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${line}\r\n${LENGTH}\r\n${BODY}`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('"code":"invalid_api_key"');
    expect(r.api.requests).toEqual([]);
  });

  it("too many or too long ones are refused", async () => {
    const answer = await raw(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\nx-a: ${"a".repeat(40_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("a request without a host is refused", async () => {
    expect(await raw(`POST ${CHAT} HTTP/1.1\r\n${AUTH}${LENGTH}\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("bodies", () => {
  it.each([
    ["not JSON", "{oops"],
    ["a list", "[]"],
    ["nothing", ""],
    ["a number", "1"],
    ["null", "null"],
    ["a byte order mark", "\ufeff{}"],
    ["two documents", "{}{}"],
    ["nesting without end", `{"messages":${"[".repeat(5000)}${"]".repeat(5000)}}`],
    ["a name in two spellings", '{"model":"m-large","Model":"m-secret","messages":[]}'],
  ])("%s is a 400 in the API's shape", async (_name, body) => {
    const answer = await post(r.url, CHAT, body);
    expect(answer).toMatchObject({
      status: 400,
      json: { error: { type: "invalid_request_error", code: "invalid_request" } },
    });
    const anthropic = await post(r.url, "/v1/messages", body);
    expect(anthropic).toMatchObject({
      status: 400,
      json: { type: "error", error: { type: "invalid_request_error" } },
    });
    expect(r.api.requests).toEqual([]);
  });

  it("bytes that are not UTF-8 are a 400", async () => {
    const bytes = Uint8Array.from([...Buffer.from('{"model":"'), 0xff, 0xfe, ...Buffer.from('"}')]);
    expect((await post(r.url, CHAT, bytes)).status).toBe(400);
  });

  it("a body that is too large is a 413 that the caller gets to read", async () => {
    const large = ask("m-large", { pad: "x".repeat(30_000) });
    expect(await post(r.url, CHAT, large)).toMatchObject({
      status: 413,
      json: { error: { code: "request_too_large" } },
    });
    const huge = `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}content-length: 999999999\r\n\r\n{`;
    expect(await raw(huge)).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/i);
    const endless = new RawCaller(r.url).send(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}transfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = `1000\r\n${"x".repeat(4096)}\r\n`;
    while (!endless.closed && endless.text === "") {
      endless.send(chunk);
      await new Promise(setImmediate);
    }
    expect(endless.text).toMatch(/^HTTP\/1\.1 413 |^$/);
    endless.socket.destroy();
    expect(r.api.requests).toEqual([]);
  });

  it("a caller that asks first is told to go on, or is refused before it sends", async () => {
    const caller = new RawCaller(r.url).send(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}expect: 100-continue\r\n${LENGTH}\r\n`,
    );
    await caller.until((seen) => seen.includes("100 Continue"));
    caller.send(BODY);
    expect(await caller.until((seen) => seen.includes('"usage"'))).toContain("HTTP/1.1 200");
    caller.socket.destroy();
    const refused = await raw(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}expect: 100-continue\r\ncontent-length: 999999\r\n\r\n`,
    );
    expect(refused).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("a caller that leaves before its request is complete leaves no trace", async () => {
    const before = r.recorder.begun.length;
    const caller = new RawCaller(r.url).send(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\n${AUTH}${LENGTH}\r\n${BODY.slice(0, 20)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    caller.socket.destroy();
    expect((await get(r.url, "/healthz")).status).toBe(200);
    expect(r.recorder.begun).toHaveLength(before);
  });
});

describe("who may have what", () => {
  it("refuses in the API's own shape, with its code and status", async () => {
    const suspended = await post(r.url, CHAT, ask("m-large"), { authorization: "Bearer sk-mallory" });
    expect(suspended).toMatchObject({
      status: 403,
      json: { error: { type: "permission_error", code: "account_suspended" } },
    });
    r.gate.limits.set("acc_bob", {
      allow: false,
      code: "rate_limited",
      message: "Slow down.",
      retryAfterSeconds: 2.2,
    });
    const limited = await post(r.url, "/v1/messages", ask("x"), { authorization: "Bearer sk-bob" });
    expect(limited).toMatchObject({
      status: 429,
      json: {
        type: "error",
        error: { type: "rate_limit_error", code: "rate_limited", message: "Slow down." },
      },
    });
    expect(limited.headers.get("retry-after")).toBe("3");
    r.gate.limits.set("acc_bob", { allow: false, code: "budget_exceeded", message: "Spent." });
    const spent = await post(r.url, CHAT, ask("x"), { authorization: "Bearer sk-bob" });
    expect(spent).toMatchObject({
      status: 429,
      json: { error: { type: "insufficient_quota", code: "budget_exceeded" } },
    });
    expect(spent.headers.get("x-should-retry")).toBe("false");
    r.gate.limits.clear();
  });

  it("tells policy what the request asks for", async () => {
    await post(r.url, CHAT, ask("m-large", { logprobs: true, n: 3, max_tokens: 10, logit_bias: { 5: 1 } }));
    expect(r.gate.asked.at(-1)).toMatchObject({ maxOutputTokens: 30 });
    expect([...r.gate.asked.at(-1)!.fields].sort()).toEqual(["logit_bias", "logprobs", "n"]);
  });

  it("unlisted endpoints, whatever the method", async () => {
    for (const path of ["/v1/files", "/v1/batches", "/v1/responses/resp_1", "/v1/chat/completions/", "/"]) {
      expect(await get(r.url, path)).toMatchObject({
        status: 404,
        json: { error: { code: "unsupported_endpoint" } },
      });
    }
    expect(await post(r.url, "/v1/messages/batches", {})).toMatchObject({
      status: 404,
      json: { type: "error", error: { type: "not_found_error", code: "unsupported_endpoint" } },
    });
    const wrong = await get(r.url, CHAT);
    expect(wrong).toMatchObject({ status: 405, json: { error: { code: "unsupported_endpoint" } } });
    expect(wrong.headers.get("allow")).toBe("POST");
    expect(r.api.requests).toEqual([]);
  });
});
