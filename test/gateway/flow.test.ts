import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { defaultGatewayOptions } from "../../src/gateway/options.ts";
import { startApi } from "../world/api.ts";
import type { Rig, RigOptions } from "./rig.ts";
import { ask, CHAT, get, post, RawCaller, rig, settle } from "./rig.ts";

let r: Rig;
afterEach(() => r.stop());
const open = async (options: RigOptions = {}): Promise<Rig> => (r = await rig(options));
const stream = (model: string): object => ask(model, { stream: true });

describe("callers that leave", () => {
  it("in the middle of a stream: the model's server is let go, what came is recorded", async () => {
    await open();
    const caller = new RawCaller(r.url).post(CHAT, stream("slow"));
    await caller.until((seen) => seen.includes(" brown"));
    caller.socket.destroy();
    await r.recorder.ended(1);
    await r.api.opened(0);
    const { result, text } = r.recorder.last;
    expect(result).toMatchObject({ outcome: "client_left", status: 200 });
    expect(text).toContain(" brown");
    expect(text).not.toContain("[DONE]");
    expect(r.gate.settled[0]!.output).toBeGreaterThan(2);
    expect(r.gateway.inHand).toBe(0);
  });

  it("before an answer: recorded without one", async () => {
    await open();
    const caller = new RawCaller(r.url).post(CHAT, ask("stall"));
    await r.api.opened(1);
    caller.socket.destroy();
    await r.recorder.ended(1);
    await r.api.opened(0);
    expect(r.recorder.last.result).toMatchObject({
      outcome: "client_left",
      status: 499,
      response: [],
      firstByteMs: null,
    });
    expect(r.gate.settled).toEqual([null]);
  });

  it("where the operator wants the whole answer, it is taken to its end", async () => {
    await open({ gateway: { onClientLeft: "finish" } });
    const caller = new RawCaller(r.url).post(CHAT, stream("slow"));
    await caller.until((seen) => seen.includes(" brown"));
    caller.socket.destroy();
    await r.recorder.ended(1);
    expect(r.recorder.last.result.outcome).toBe("client_left");
    expect(r.recorder.last.text).toContain("[DONE]");
  });

  it("while the record is being written: it was complete, and nothing breaks", async () => {
    await open();
    r.recorder.holding = true;
    const caller = new RawCaller(r.url).post(CHAT, ask("m-large"));
    await r.recorder.ended(1);
    caller.socket.destroy();
    await settle();
    r.recorder.flush();
    await expect.poll(() => r.gateway.inHand).toBe(0);
    expect(r.recorder.last.result.outcome).toBe("complete");
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
  });
});

describe("back-pressure", () => {
  it("a caller that does not read stops the model's server, and goes on when it reads", async () => {
    await open();
    const caller = new RawCaller(r.url);
    caller.socket.pause();
    caller.post(CHAT, stream("endless"));
    await r.api.opened(1);
    const written = await steady(() => r.api.written());
    // Socket buffers of three hops; without back-pressure it would be gigabytes.
    expect(written).toBeLessThan(32 * 1024 * 1024);
    caller.socket.resume();
    await expect.poll(() => r.api.written()).toBeGreaterThan(written + 1_000_000);
    caller.socket.destroy();
    await r.recorder.ended(1);
    expect(r.recorder.last.result.outcome).toBe("client_left");
  });

  it("a caller that never reads is disconnected in the end, and recorded", async () => {
    await open({ gateway: { callerStallMs: 50 } });
    const caller = new RawCaller(r.url);
    caller.socket.pause();
    caller.post(CHAT, stream("endless"));
    await r.recorder.ended(1);
    await r.api.opened(0);
    expect(r.recorder.last.result.outcome).toBe("client_left");
    caller.socket.destroy();
  });

  it("a thousand open streams are held with a bounded amount each, and all end properly", async () => {
    await open();
    const callers = Array.from({ length: 1_000 }, () => new RawCaller(r.url).post(CHAT, stream("stall-mid")));
    await r.api.opened(1_000);
    await Promise.all(callers.map((x) => x.until((seen) => seen.includes(" fox"))));
    expect(r.gateway.inHand).toBe(1_000);
    expect(r.recorder.done).toEqual([]);
    // Others are served meanwhile.
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
    for (const caller of callers) caller.socket.destroy();
    await r.recorder.ended(1_001);
    await r.api.opened(0);
    expect(r.gateway.inHand).toBe(0);
    expect(r.upstream.inHand).toBe(0);
    expect(r.gate.settled).toHaveLength(1_001);
    expect(r.recorder.done.filter((x) => x.result.outcome === "client_left")).toHaveLength(1_000);
  });

  it("more exchanges than the gateway may have in hand, or the server may have, are refused", async () => {
    await open({ gateway: { maxExchangesInHand: 2 } });
    const callers = [0, 1].map(() => new RawCaller(r.url).post(CHAT, ask("stall")));
    await r.api.opened(2);
    expect(await post(r.url, CHAT, ask("m-large"))).toMatchObject({
      status: 503,
      json: { error: { code: "overloaded" } },
    });
    for (const caller of callers) caller.socket.destroy();
    await r.recorder.ended(2);
    await r.stop();
    await open({ upstream: { maxConcurrency: 1 } });
    const one = new RawCaller(r.url).post(CHAT, ask("stall"));
    await r.api.opened(1);
    expect(await post(r.url, CHAT, ask("m-large"))).toMatchObject({
      status: 503,
      json: { error: { code: "upstream_error" } },
    });
    one.socket.destroy();
    await r.recorder.ended(1);
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(200);
  });
});

describe("stopping", () => {
  it("waits for the exchanges in hand, takes no more, and can be asked twice", async () => {
    await open();
    const caller = new RawCaller(r.url).post(CHAT, stream("slow"));
    await caller.until((seen) => seen.includes(" quick"));
    const stopped = Promise.all([r.gateway.stop(), r.gateway.stop()]);
    await settle();
    await expect(get(r.url, "/healthz")).rejects.toThrow();
    await stopped;
    expect(await caller.until(() => caller.closed)).toContain("data: [DONE]");
    expect(r.recorder.last.result.outcome).toBe("complete");
  });

  it("interrupts those that take too long, and records them as interrupted", async () => {
    await open({ gateway: { stopWaitMs: 50 } });
    const caller = new RawCaller(r.url).post(CHAT, stream("stall-mid"));
    await caller.until((seen) => seen.includes(" fox"));
    await r.gateway.stop();
    expect(r.recorder.last.result).toMatchObject({ outcome: "interrupted", status: 200 });
    expect(r.recorder.last.text).toContain(" fox");
    expect(caller.text).not.toContain("[DONE]");
    await caller.until(() => caller.closed);
  });

  it("starts again only as a new gateway, and says when a port is taken", async () => {
    await open();
    const port = Number(new URL(r.url).port);
    await expect(rig({ gateway: { port } })).rejects.toThrow(/Cannot listen on 127\.0\.0\.1/);
  });

  it("leaves no port open when it cannot have both", async () => {
    await open();
    const taken = Number(new URL(r.url).port);
    const free = await freePort();
    for (const [port, adminPort] of [
      [free, taken],
      [taken, free],
    ] as const) {
      const admin = { ...defaultGatewayOptions.admin, port: adminPort };
      await expect(rig({ gateway: { port, admin } })).rejects.toThrow(`Cannot listen on 127.0.0.1:${taken}`);
      expect(await freePort(free)).toBe(free);
    }
  });
});

describe("upstreams", () => {
  it("is one that went away and came back noticed", async () => {
    await open({ upstream: { breaker: { failures: 2, openMs: 30 } } });
    await post(r.url, CHAT, ask("m-large"));
    await r.api.close();
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(502);
    expect((await post(r.url, CHAT, ask("m-large"))).status).toBe(502);
    expect(r.upstream.breaker.state).not.toBe("closed");
    expect(r.recorder.last.result.notes).toMatchObject({ error: "connect" });
  });

  it("raw paths that the operator allowed are recorded as they are", async () => {
    await open({ gateway: { allowRawPaths: ["POST /v1/audio/speech"] } });
    const body = "not json, \u0001 anything";
    const answer = await post(r.url, "/v1/audio/speech?x=1", body, {
      "content-type": "application/octet-stream",
    });
    expect(answer.status).toBe(400);
    expect(r.api.requests[0]).toMatchObject({ path: "/v1/audio/speech?x=1", body });
    expect(r.api.requests[0]!.headers["content-type"]).toBe("application/octet-stream");
    expect(r.recorder.last.intent).toMatchObject({ endpoint: "/v1/audio/speech", model: null });
    expect(Buffer.from(r.recorder.last.intent.request).toString()).toBe(body);
  });

  it("passthrough asks nobody and records nothing", async () => {
    await open({ gateway: { mode: "passthrough" } });
    const answer = await post(r.url, CHAT, ask("m-large"), { authorization: "Bearer none" });
    expect(answer.status).toBe(200);
    expect((await post(r.url, CHAT, stream("m-large"))).text).toContain("[DONE]");
    expect(answer.headers.get("x-stillwatch-exchange")).toBe(null);
    expect([r.recorder.begun, r.gate.asked]).toEqual([[], []]);
  });

  it("the mock itself behaves: no key, no answer", async () => {
    await open();
    const api = await startApi();
    expect((await post(api.url, CHAT, ask("m-large"))).status).toBe(401);
    await api.close();
  });
});

/** Opens the port (0: any) and closes it again. Rejects when it cannot be had. */
async function freePort(port = 0): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const had = (server.address() as AddressInfo).port;
  server.close();
  await once(server, "close");
  return had;
}

/** The value once it has stopped changing. */
async function steady(read: () => number): Promise<number> {
  let last = -1;
  while (read() !== last || last <= 0) {
    last = read();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return last;
}
