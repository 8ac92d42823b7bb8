import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { DeliveryError } from "./error.ts";
import { testMessage } from "./message.ts";
import { WebhookSink } from "./webhook.ts";

const secret = `whsec_${randomBytes(32).toString("base64")}`;
const sender = { version: "0.1.0", machine: "m", now: () => Date.now() };
const message = testMessage(0, () => 0.5);
const never = new AbortController().signal;

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function sinkTo(
  answer: (req: IncomingMessage, res: ServerResponse, body: string) => void,
  timeoutMs = 5000,
): Promise<WebhookSink> {
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => answer(req, res, Buffer.concat(chunks).toString("utf8")));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=t`;
  return new WebhookSink({ kind: "webhook", name: "soc", url, secret, timeoutMs }, sender);
}

/** What docs/delivery.md tells receivers to do, taken from there. */
const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(documented())}`)) as {
  isGenuine: (headers: IncomingMessage["headers"], body: string, secret: string) => boolean;
};

function documented(): string {
  const page = readFileSync(new URL("../../docs/delivery.md", import.meta.url), "utf8");
  return /```js\n([\s\S]*?)```/.exec(page)![1]!;
}

async function failure(sink: WebhookSink): Promise<DeliveryError> {
  return sink.send(message, never).then(
    () => expect.fail("was taken"),
    (error: unknown) => error as DeliveryError,
  );
}

describe("WebhookSink", () => {
  it("posts JSON that the receiver can check, and notices when one byte of it is another", async () => {
    const seen: [IncomingMessage, string][] = [];
    const sink = await sinkTo((req, res, body) => {
      seen.push([req, body]);
      res.writeHead(204).end();
    });
    expect(await sink.send(message, never)).toBe(null);
    const [req, body] = seen[0]!;
    expect(req.url).toBe("/hook?token=t");
    expect(req.headers["content-type"]).toBe("application/json");
    expect(req.headers["webhook-id"]).toBe(message.id);
    expect(isGenuine(req.headers, body, secret)).toBe(true);
    expect(isGenuine(req.headers, body.replace("test", "tesT"), secret)).toBe(false);
    expect(isGenuine({ ...req.headers, "webhook-timestamp": "1" }, body, secret)).toBe(false);
    expect(isGenuine({ ...req.headers, "webhook-id": "sw_other" }, body, secret)).toBe(false);
    expect(isGenuine(req.headers, body, `whsec_${randomBytes(32).toString("base64")}`)).toBe(false);
    expect(isGenuine({}, body, secret)).toBe(false);
    expect(JSON.parse(body)).toMatchObject({ type: "stillwatch.test", id: message.id, data: { test: true } });
  });

  it("says what another try may mend and what it will not", async () => {
    const codes: [number, string][] = [];
    for (const status of [500, 503, 408, 429, 400, 401, 404, 410, 302, 304]) {
      const sink = await sinkTo((_, res) => res.writeHead(status, { location: "/elsewhere" }).end());
      codes.push([status, (await failure(sink)).code]);
      server.close();
    }
    expect(codes).toEqual([
      [500, "busy"],
      [503, "busy"],
      [408, "busy"],
      [429, "busy"],
      [400, "refused"],
      [401, "refused"],
      [404, "refused"],
      [410, "refused"],
      [302, "refused"],
      [304, "refused"],
    ]);
  });

  it("does not follow redirects, and hears when to come again", async () => {
    let calls = 0;
    const sink = await sinkTo((_, res) => {
      calls++;
      res.writeHead(307, { location: "/hook" }).end();
    });
    expect((await failure(sink)).message).toMatch(/redirect/);
    expect(calls).toBe(1);
    server.close();
    const busy = await sinkTo((_, res) => res.writeHead(429, { "retry-after": "120" }).end());
    expect((await failure(busy)).retryAfterMs).toBe(120_000);
  });

  it("gives up on a receiver that does not answer, and does not wait for an endless body", async () => {
    const silent = await sinkTo(() => {}, 50);
    expect((await failure(silent)).code).toBe("timeout");
    server.closeAllConnections();
    server.close();
    const endless = await sinkTo((_, res) => {
      res.writeHead(200);
      res.write("x");
    });
    expect(await endless.send(message, never)).toBe(null);
  });

  it("names the receiver without its path when nobody is there", async () => {
    const sink = await sinkTo(() => {});
    await new Promise((done) => server.close(done));
    const error = await failure(sink);
    expect(error.code).toBe("unreachable");
    expect(error.message).not.toMatch(/token/);
  });

  it("takes https, and http to this machine only", async () => {
    const open = (url: string) =>
      new WebhookSink({ kind: "webhook", name: "soc", url, secret, timeoutMs: 1 }, sender);
    await sinkTo(() => {});
    for (const url of ["https://x.example/", "http://127.0.0.1/", "http://[::1]:9/", "http://localhost/"])
      expect(open(url).where).toBe(new URL(url).origin);
    for (const url of ["http://x.example/", "http://127.0.0.1.x.example/", "http://10.0.0.1/"])
      expect(() => open(url), url).toThrow(/must be https/);
    expect(() => open("https://u:p@x.example/")).toThrow(/no user and password/);
  });
});
