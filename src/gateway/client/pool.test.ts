import type { Buffer } from "node:buffer";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { GatewayError } from "../error.ts";
import type { Call } from "./call.ts";
import { parseOrigin } from "./origin.ts";
import { ClientPool } from "./pool.ts";
import type { ClientTimeouts } from "./timeouts.ts";
import { defaultClientTimeouts } from "./timeouts.ts";

const opened: (Server | ClientPool)[] = [];
afterEach(() => {
  for (const x of opened.splice(0)) x.close();
});

/** A server whose every connection is handled by hand; `script` gets each piece of request bytes. */
async function upstream(
  script: (socket: Socket, bytes: string, connection: number) => void,
): Promise<string> {
  let connections = 0;
  const server = createServer((socket) => {
    const number = ++connections;
    socket.on("data", (bytes) => script(socket, bytes.toString("latin1"), number));
    socket.on("error", () => {});
  });
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function pool(baseUrl: string, timeouts: Partial<ClientTimeouts> = {}): ClientPool {
  const made = new ClientPool(
    parseOrigin(baseUrl),
    { timeouts: { ...defaultClientTimeouts, ...timeouts }, connectRetries: 1, sweepMs: 5 },
    () => performance.now(),
  );
  opened.push(made);
  return made;
}

interface Answered {
  status: number;
  body: string;
  error: GatewayError | null;
}
function ask(from: ClientPool, onBody?: (call: Call, chunk: Buffer) => void): Promise<Answered> {
  return new Promise((resolve) => {
    const answer: Answered = { status: 0, body: "", error: null };
    const call: Call = from.send(
      {
        head: "POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n",
        body: Buf("{}"),
        bodiless: false,
      },
      {
        onHead: (head) => (answer.status = head.status),
        onBody: (chunk) => {
          answer.body += chunk.toString();
          onBody?.(call, chunk);
        },
        onEnd: () => resolve(answer),
        onFail: (error) => resolve({ ...answer, error }),
      },
    );
  });
}
const Buf = (text: string): Uint8Array => new TextEncoder().encode(text);
const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("ClientPool", () => {
  it("uses one connection for calls one after another and several for calls at once", async () => {
    const url = await upstream((socket, bytes, n) => bytes.endsWith("{}") && socket.write(ok(`on ${n}`)));
    const client = pool(url);
    expect((await ask(client)).body).toBe("on 1");
    await new Promise(setImmediate);
    expect((await ask(client)).body).toBe("on 1");
    await new Promise(setImmediate);
    const both = await Promise.all([ask(client), ask(client)]);
    expect(both.map((x) => x.body).sort()).toEqual(["on 1", "on 2"]);
    await new Promise(setImmediate);
    expect(client.connections).toEqual({ open: 2, idle: 2 });
  });

  it("does not use a connection again after bytes nobody asked for", async () => {
    const url = await upstream((socket, _, n) => socket.write(`${ok(`on ${n}`)}HTTP/1.1 200 OK\r\n`));
    const client = pool(url);
    expect((await ask(client)).body).toBe("on 1");
    await new Promise(setImmediate);
    expect((await ask(client)).body).toBe("on 2");
  });

  it("asks again when a kept connection turns out to be closed, but only before any byte of an answer", async () => {
    const seen: number[] = [];
    const url = await upstream((socket, _, n) => {
      seen.push(n);
      if (n === 1 && seen.length === 1) socket.write(ok("first"));
      else if (n === 1) socket.destroy();
      else socket.write(ok("second"));
    });
    const client = pool(url);
    await ask(client);
    await new Promise(setImmediate);
    expect(await ask(client)).toMatchObject({ body: "second", error: null });
    expect(seen).toEqual([1, 1, 2]);
  });

  it("does not ask again on a new connection, nor after the first byte of an answer", async () => {
    let requests = 0;
    const url = await upstream((socket) => {
      requests++;
      if (requests === 2) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      else if (requests === 1) socket.write(ok("first"));
      else socket.destroy();
    });
    const client = pool(url);
    await ask(client);
    await new Promise(setImmediate);
    const half = await ask(client);
    expect(half).toMatchObject({ status: 200, body: "half", error: { code: "closed" } });
    expect(half.error!.message).toContain("5 bytes before the end");
    expect((await ask(client)).error).toMatchObject({ code: "closed" });
    expect(requests).toBe(3);
  });

  it("says that nobody listens, after having tried twice", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const answer = await ask(pool(`http://127.0.0.1:${port}`));
    expect(answer.error).toMatchObject({
      code: "connect",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  it.each([
    ["no byte at all", "", { firstByteMs: 30 }, "no answer within 0.03 s"],
    [
      "half an answer",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      { idleMs: 30 },
      "nothing more within 0.03 s",
    ],
  ])("gives up on an upstream that stalls after %s", async (_name, sent, timeouts, message) => {
    const answer = await ask(pool(await upstream((socket) => socket.write(sent)), timeouts));
    expect(answer.error).toMatchObject({ code: "timeout", message: expect.stringContaining(message) });
  });

  it("gives up on an upstream that drips for ever", async () => {
    const url = await upstream((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const drip = setInterval(() => socket.write("x"), 5);
      socket.on("close", () => clearInterval(drip));
    });
    expect((await ask(pool(url, { totalMs: 60 }))).error).toMatchObject({ code: "timeout" });
  });

  it("reads no further while paused, and does not count that time", async () => {
    const big = "x".repeat(4_000_000);
    const url = await upstream((socket) => socket.write(ok(big)));
    let pauses = 0;
    const answer = await ask(pool(url, { idleMs: 40 }), (call) => {
      if (pauses >= 3) return;
      call.pause();
      pauses++;
      setTimeout(() => call.resume(), 80);
    });
    expect(answer).toMatchObject({ error: null });
    expect(answer.body.length).toBe(big.length);
    expect(pauses).toBe(3);
  });

  it("an aborted call hears nothing more and its connection is closed", async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const url = await upstream((socket) => {
      socket.on("close", () => closed());
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n");
    });
    const client = pool(url);
    let heard = 0;
    const call = client.send(
      { head: "GET / HTTP/1.1\r\nhost: x\r\n\r\n", body: null, bodiless: false },
      {
        onHead: () => {},
        onBody: () => {
          heard++;
          call.abort();
        },
        onEnd: () => (heard += 100),
        onFail: () => (heard += 100),
      },
    );
    await gone;
    expect(heard).toBe(1);
    expect(client.connections).toEqual({ open: 0, idle: 0 });
  });

  it("closes connections that are not used", async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const url = await upstream((socket) => {
      socket.on("close", () => closed());
      socket.write(ok("x"));
    });
    const client = pool(url, { keepAliveMs: 20 });
    await ask(client);
    await gone;
    expect(client.connections.open).toBe(0);
  });
});

describe("parseOrigin", () => {
  it("reads base URLs as people write them", () => {
    expect(parseOrigin("https://api.openai.com/v1")).toMatchObject({ secure: true, port: 443, basePath: "" });
    expect(parseOrigin("http://[::1]:8080/vllm/v1/")).toMatchObject({
      host: "::1",
      port: 8080,
      basePath: "/vllm",
    });
    expect(parseOrigin("https://api.anthropic.com")).toMatchObject({
      authority: "api.anthropic.com",
      basePath: "",
    });
  });

  it.each(["", "api.openai.com", "ftp://x", "https://user:pw@x", "https://x/?key=1"])("refuses %j", (url) => {
    expect(() => parseOrigin(url)).toThrow(/baseUrl/);
  });
});
