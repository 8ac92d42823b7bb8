import { afterEach, describe, expect, it } from "vitest";
import { TEXT } from "../world/api.ts";
import type { Upstream } from "../../src/gateway/upstream.ts";
import type { Rig, RigOptions } from "./rig.ts";
import { ask, CHAT, get, post, RawCaller, rig, settle } from "./rig.ts";

let r: Rig;
afterEach(() => r.stop());
const open = async (options: RigOptions = {}): Promise<Rig> => (r = await rig(options));
const stream = (model: string): object => ask(model, { stream: true });

describe("what is forwarded and recorded", () => {
  it("is the bytes received, untouched, both ways", async () => {
    await open();
    const body =
      '{ "seed": 12345678901234567890, "model":"m-large",\n "messages":[{"role":"user","content":"h\\u00e9 \u{1F600}"}], "future_field": {"b":1,"a":2} }';
    const answer = await post(r.url, CHAT, body);
    expect(r.api.requests[0]!.body).toBe(body);
    expect(Buffer.from(r.recorder.last.intent.request).toString()).toBe(body);
    expect(r.recorder.last.text).toBe(answer.text);
    expect(r.recorder.last.result).toMatchObject({
      status: 200,
      contentType: "application/json",
      outcome: "complete",
    });
    expect(r.recorder.last.result.firstByteMs).toBeGreaterThan(0);
  });

  it("a stream as it came", async () => {
    await open();
    const answer = await post(r.url, CHAT, stream("m-large"));
    expect(answer.text).toContain("data: [DONE]\n\n");
    expect(r.recorder.last.text).toBe(answer.text);
  });

  it("says who asked, through whom and from where", async () => {
    await open({ gateway: { trustedProxies: ["127.0.0.0/8"] } });
    await post(r.url, CHAT, ask("m-large"), {
      "x-forwarded-for": "6.6.6.6, 198.51.100.9",
      "user-agent": "tester/1",
    });
    expect(r.recorder.last.intent).toMatchObject({
      account: "acc_alice",
      key: "key_alice",
      upstream: "mock",
      client: { ip: "198.51.100.9", userAgent: "tester/1" },
    });
    expect(r.gate.asked[0]).toMatchObject({ endpoint: CHAT, model: "m-large", fields: [] });
  });

  it("errors of the model's server as what they are", async () => {
    await open();
    const answer = await post(r.url, CHAT, ask("limited"));
    expect(answer).toMatchObject({ status: 429, json: { error: { type: "rate_limit_error" } } });
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(answer.headers.get("x-stillwatch-exchange")).toMatch(/^ex_/);
    expect(r.recorder.last.result).toMatchObject({ status: 429, outcome: "complete" });
    expect(r.gate.settled).toEqual([null]);
  });

  it("gives a receipt to the account that asked, and to no other", async () => {
    await open();
    const id = (await post(r.url, CHAT, ask("m-large"))).headers.get("x-stillwatch-exchange")!;
    const path = `/v1/stillwatch/receipts/${id}`;
    expect(await get(r.url, path)).toMatchObject({ status: 200, text: `stillwatch receipt\n${id}\n` });
    expect(await get(r.url, path, { authorization: "Bearer sk-bob" })).toMatchObject({ status: 404 });
    expect(await get(r.url, path, { authorization: "Bearer sk-none" })).toMatchObject({ status: 401 });
  });
});

describe("mode held", () => {
  it.each([
    ["an answer", ask("m-large"), "}\n", TEXT],
    ["a slow answer in chunks", { ...ask("m-large"), n: 1 }, "}", TEXT],
  ])("%s leaves only when its record is on disk", async (_name, body, _end, text) => {
    await open();
    r.recorder.holding = true;
    const caller = new RawCaller(r.url).post(CHAT, body);
    await r.recorder.ended(1);
    await settle();
    expect(caller.text).toBe("");
    r.recorder.flush();
    await caller.until((seen) => seen.includes(text) && seen.endsWith("}"));
    expect(caller.text).toContain(text);
    caller.socket.destroy();
  });

  it.each([
    ["/v1/chat/completions", "data: [DONE]", "river"],
    ["/v1/completions", "data: [DONE]", "river"],
    ["/v1/responses", "response.completed", "response.output_item.done"],
    ["/v1/messages", "message_stop", "message_delta"],
  ])(
    "of a stream at %s everything but %j comes at once, and that only when the record is on disk",
    async (path, last, before) => {
      await open();
      r.recorder.holding = true;
      const caller = new RawCaller(r.url).post(
        path,
        { ...stream("m-large"), input: "x", prompt: "x", max_tokens: 9 },
        "anthropic-version: 2023-06-01\r\n",
      );
      await r.recorder.ended(1);
      await caller.until((seen) => seen.includes(before));
      await settle();
      expect(caller.text).not.toContain(last);
      expect(caller.text).not.toContain("\r\n0\r\n\r\n");
      r.recorder.flush();
      await caller.until((seen) => seen.endsWith("\r\n0\r\n\r\n"));
      expect(caller.text).toContain(last);
      caller.socket.destroy();
    },
  );

  it("a stream without a final event keeps its HTTP message open until the record is on disk", async () => {
    await open();
    r.recorder.holding = true;
    const caller = new RawCaller(r.url).post(CHAT, stream("no-done"));
    await r.recorder.ended(1);
    await settle();
    expect(caller.text).toContain('"finish_reason":"stop"');
    expect(caller.text).not.toContain("\r\n0\r\n\r\n");
    r.recorder.flush();
    await caller.until((seen) => seen.endsWith("\r\n0\r\n\r\n"));
    caller.socket.destroy();
  });

  it.each([
    ["status 204", 204, -1],
    ["an announced length of 0", 200, 0],
  ])("an event stream without a body (%s) waits whole", async (_, status, framing) => {
    const empty: Upstream = {
      name: "empty",
      kind: "openai",
      models: ["empty"],
      available: () => true,
      ask(_request, sink) {
        queueMicrotask(() => {
          sink.onHead({ status, headers: ["content-type", "text/event-stream"], framing, keepAlive: true });
          sink.onEnd();
        });
        return { pause() {}, resume() {}, abort() {} };
      },
      close: () => Promise.resolve(),
    };
    await open({ more: () => [empty] });
    r.recorder.holding = true;
    const caller = new RawCaller(r.url).post(CHAT, stream("empty"));
    await r.recorder.ended(1);
    await settle();
    expect(caller.text).toBe("");
    r.recorder.flush();
    await caller.until((seen) => seen.includes(`HTTP/1.1 ${status}`));
    caller.socket.destroy();
  });

  it("the events before the last do not wait for it", async () => {
    await open();
    const caller = new RawCaller(r.url).post(CHAT, stream("stall-mid"));
    await caller.until((seen) => seen.includes('"content":" fox"'));
    expect(r.recorder.done).toEqual([]);
    caller.socket.destroy();
    await r.recorder.ended(1);
  });
});

describe("mode async", () => {
  it("never waits for the record", async () => {
    await open({ gateway: { mode: "async" } });
    r.recorder.holding = true;
    expect((await post(r.url, CHAT, ask("m-large"))).text).toContain(TEXT);
    expect((await post(r.url, CHAT, stream("m-large"))).text).toContain("[DONE]");
    await r.recorder.ended(2);
  });

  it("counts a record that failed after the answer was given", async () => {
    await open({ gateway: { mode: "async" } });
    r.recorder.failFinish = true;
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
    await settle();
    expect(r.gateway.tally.ledgerFailures.values.get("finish")).toBe(1);
    expect(r.gateway.ready).toBe(false);
  });
});

describe("a ledger that cannot be written", () => {
  it("refuses before the model is asked", async () => {
    await open();
    r.recorder.failBegin = true;
    const answer = await post(r.url, CHAT, ask("m-large"));
    expect(answer).toMatchObject({
      status: 503,
      json: { error: { code: "ledger_unavailable", type: "server_error" } },
    });
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(r.api.requests).toEqual([]);
    expect(r.gate.settled).toEqual([null]);
    expect(r.logged.join()).toContain("The disk is full.");
    expect(answer.text).not.toContain("disk");
  });

  it("withholds an answer whose record failed, and the end of a stream", async () => {
    await open();
    r.recorder.failFinish = true;
    const answer = await post(r.url, CHAT, ask("m-large"));
    expect(answer).toMatchObject({ status: 503, json: { error: { code: "ledger_unavailable" } } });
    expect(answer.text).not.toContain("fox");
    const cut = await post(r.url, CHAT, stream("m-large"));
    expect(cut.text).not.toContain("[DONE]");
    expect(cut.text.trimEnd().split("\n").at(-1)).toContain('"code":"ledger_unavailable"');
  });

  it("serves anyway and counts it where the operator chose so", async () => {
    await open({ gateway: { onLedgerFailure: "open" } });
    r.recorder.failBegin = true;
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
    r.recorder.failBegin = false;
    r.recorder.failFinish = true;
    expect((await post(r.url, CHAT, stream("m-large"))).text).toContain("[DONE]");
    expect(r.gateway.tally.unrecorded.total).toBe(2);
    expect(r.gateway.tally.ledgerFailures.total).toBe(2);
    expect(r.gate.settled).toHaveLength(2);
  });
});

describe("many bodies at once", () => {
  it("are refused beyond the budget, and let in again when it is free", async () => {
    await open({ gateway: { maxBodyBytesInHand: 100_000 } });
    const slow = [0, 1].map(() => {
      const caller = new RawCaller(r.url);
      caller.send(
        `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-alice\r\ncontent-length: 90000\r\n\r\n${" ".repeat(60_000)}`,
      );
      return caller;
    });
    const refused = await Promise.race(
      slow.map((caller) => caller.until((seen) => seen.includes("\r\n\r\n"))),
    );
    expect(refused).toContain("HTTP/1.1 503");
    for (const caller of slow) caller.socket.destroy();
    await settle();
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
  });
});

describe("an upstream that misbehaves", () => {
  it.each([
    ["half", 502, "upstream_failed", "closed"],
    ["short", 502, "upstream_failed", "closed"],
    ["garbage", 502, "upstream_failed", "bad_response"],
    ["garbage-mid", 502, "upstream_failed", "bad_response"],
    ["twice", 502, "upstream_failed", "bad_response"],
    ["stall", 504, "upstream_timeout", "timeout"],
    ["stall-mid", 504, "upstream_timeout", "timeout"],
    ["unauthorised", 502, "upstream_failed", "credential"],
  ])("%s: the caller gets %i, the record says %s", async (mood, status, outcome, code) => {
    await open({ upstream: { timeouts: { firstByteMs: 100, idleMs: 100 } as never } });
    const answer = await post(r.url, CHAT, ask(mood));
    expect(answer).toMatchObject({ status, json: { error: { code: "upstream_error" } } });
    expect(answer.headers.get("x-stillwatch-exchange")).toBe(r.recorder.last.intent.id);
    expect(answer.text).not.toMatch(/127\.0\.0\.1|sk-/);
    expect(r.recorder.last.result).toMatchObject({ status, outcome, notes: { error: code } });
    expect(r.recorder.last.text.length > 0).toBe(
      ["half", "short", "garbage-mid", "stall-mid"].includes(mood),
    );
  });

  it.each([
    ["half", "upstream_failed"],
    ["garbage-mid", "upstream_failed"],
    ["stall-mid", "upstream_timeout"],
  ])("%s in a stream: an error event ends it, what came is recorded", async (mood, outcome) => {
    await open({ upstream: { timeouts: { idleMs: 100 } as never } });
    const answer = await post(r.url, CHAT, stream(mood));
    const events = answer.text.trimEnd().split("\n\n");
    expect(answer.text).not.toContain("[DONE]");
    expect(events.at(-1)).toContain('"code":"upstream_error"');
    expect(r.recorder.last.result.outcome).toBe(outcome);
    expect(`${events.slice(0, -1).join("\n\n")}\n\n`).toBe(r.recorder.last.text);
  });

  it("an event cut in two is not made to look whole: the connection breaks", async () => {
    await open();
    await expect(post(r.url, CHAT, stream("half-event"))).rejects.toThrow();
    expect(r.recorder.last.result.outcome).toBe("upstream_failed");
  });

  it("surplus bytes are not passed on, and their connection is not used again", async () => {
    await open();
    const answer = await post(r.url, CHAT, ask("surplus"));
    expect(answer.json.choices[0].message.content).toBe(TEXT);
    expect(answer.text).not.toContain("html");
    expect((await post(r.url, CHAT, ask("m-large"))).json.choices[0].message.content).toBe(TEXT);
  });

  it("an answer without end is cut at the limit and recorded as failed", async () => {
    await open({ gateway: { maxResponseBytes: 100_000 } });
    const answer = await post(r.url, CHAT, stream("endless")).catch(() => null);
    expect(answer?.text ?? "").not.toContain("[DONE]");
    await r.recorder.ended(1);
    const { result, text } = r.recorder.last;
    expect(result).toMatchObject({ outcome: "upstream_failed", notes: { error: "too_large" } });
    expect(text.length).toBeLessThanOrEqual(100_000);
    expect(text.length).toBeGreaterThan(30_000);
  });

  it("after failures in a row it is left alone, and tried again later", async () => {
    await open({ upstream: { breaker: { failures: 3, openMs: 60 } } });
    for (let i = 0; i < 3; i++) expect((await post(r.url, CHAT, ask("half"))).status).toBe(502);
    expect((await get(r.url, "/readyz")).status).toBe(503);
    const refused = await post(r.url, CHAT, ask("m-large"));
    expect(refused).toMatchObject({ status: 503, json: { error: { code: "upstream_error" } } });
    expect(r.api.requests).toHaveLength(3);
    await expect.poll(() => r.upstream.breaker.state).toBe("half-open");
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
    expect(r.upstream.breaker.state).toBe("closed");
  });
});
