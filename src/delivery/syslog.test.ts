import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { Digest, messageOf, testMessage, type Message } from "./message.ts";
import type { CampaignNotice } from "./notice.ts";
import { syslogMessage, SyslogSink, type SyslogOptions } from "./syslog.ts";

const sender = { version: "0.1.0", machine: "gw 1é", now: () => 0 };
const never = new AbortController().signal;
const test = testMessage(0, () => 0.5);
const campaign = (accounts: number): CampaignNotice => ({
  kind: "campaign",
  id: "sw_2",
  leaf: 8,
  time: "2026-03-01T12:00:00.000Z",
  tier: "bounded",
  was: null,
  campaign: "cmp_1",
  accountCount: accounts,
  accounts: Array.from({ length: Math.min(accounts, 200) }, (_, i) => `acc_${i}`),
  link: 0.001,
  harvest: 0.01,
  concealed: 1,
  because: ["größer 😀".repeat(60)],
});

function sinkTo(server: Pick<Server, "address">, options: Partial<SyslogOptions>): SyslogSink {
  const { port } = server.address() as AddressInfo;
  return new SyslogSink(
    {
      kind: "syslog",
      name: "siem",
      host: "127.0.0.1",
      port,
      transport: "tcp",
      format: "cef",
      facility: 13,
      timeoutMs: 5000,
      ...options,
    },
    sender,
  );
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A receiver of octet-counted frames (RFC 6587, 3.4.1). */
async function listening(
  server: Server,
  onSocket: (socket: Socket) => void = () => {},
  event = "connection",
): Promise<{ frames: () => string[] }> {
  let received = Buffer.alloc(0);
  server.on(event, (socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    onSocket(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  cleanups.push(() => server.close());
  return {
    frames: () => {
      const frames: string[] = [];
      for (let rest = received; rest.length > 0;) {
        const space = rest.indexOf(" ");
        const length = Number(rest.subarray(0, space).toString());
        frames.push(rest.subarray(space + 1, space + 1 + length).toString("utf8"));
        rest = rest.subarray(space + 1 + length);
      }
      return frames;
    },
  };
}

describe("SyslogSink", () => {
  it("writes RFC 5424 with its priority, a clean host name and the kind", () => {
    const of = (message: Message) =>
      syslogMessage(message, { facility: 13, format: "cef", transport: "udp" }, sender).toString();
    expect(of(test)).toMatch(
      /^<110>1 1970-01-01T00:00:00\.000Z gw1 stillwatch - test - CEF:0\|Stillwatch\|Stillwatch\|0\.1\.0\|test\|/,
    );
    expect(of(messageOf(campaign(3)))).toMatch(
      /^<105>1 2026-03-01T12:00:00\.000Z gw1 stillwatch - campaign - CEF/,
    );
  });

  it("sends octet-counted frames over TCP, in order", async () => {
    const server = createServer();
    const { frames } = await listening(server);
    const sink = sinkTo(server, {});
    for (const n of [1, 2, 3]) await sink.send(messageOf(campaign(n)), never);
    expect(frames().map((frame) => /cn1=(\d)/.exec(frame)?.[1])).toEqual(["1", "2", "3"]);
  });

  it("fails when the receiver breaks the connection, is not there or does not take it", async () => {
    const server = createServer();
    await listening(server, (socket) => socket.resetAndDestroy());
    const sink = sinkTo(server, {});
    await expect(sink.send(test, never)).rejects.toMatchObject({
      name: "DeliveryError",
      code: "unreachable",
    });
    await new Promise((done) => server.close(done));
    await expect(sink.send(test, never)).rejects.toMatchObject({ code: "unreachable" });
  });

  it("takes a receiver that keeps its side open for one that got it", async () => {
    const server = createServer({ allowHalfOpen: true });
    const { frames } = await listening(server);
    expect(await sinkTo(server, {}).send(test, never)).toBe(null);
    expect(frames()).toHaveLength(1);
  });

  it("speaks TLS, and only to a certificate that is trusted", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sw-tls-"));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    // prettier-ignore
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
      "-subj", "/CN=siem", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], { stdio: "ignore" });
    const ca = readFileSync(cert, "utf8");
    const server = createTlsServer({ key: readFileSync(key), cert: ca });
    const { frames } = await listening(server, undefined, "secureConnection");
    await expect(sinkTo(server, { transport: "tls" }).send(test, never)).rejects.toThrow(/self-signed/);
    expect(await sinkTo(server, { transport: "tls", ca }).send(test, never)).toBe(null);
    expect(frames()).toHaveLength(1);
  });

  it("sends datagrams of at most 2,048 octets that are still CEF and JSON", async () => {
    const socket = createSocket("udp4");
    const received: Buffer[] = [];
    socket.on("message", (data) => received.push(data));
    await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
    cleanups.push(() => socket.close());
    for (const format of ["cef", "json"] as const)
      await sinkTo(socket, { transport: "udp", format }).send(messageOf(campaign(5000)), never);
    await expect.poll(() => received.length).toBe(2);
    expect(received.every((data) => data.length <= 2048)).toBe(true);
    expect(received[0]!.toString()).toContain("cs1Label=campaign cs1=cmp_1");
    const json = received[1]!.toString().replace(/^.*? - campaign - /, "");
    expect(JSON.parse(json)).toMatchObject({ type: "stillwatch.campaign", id: "sw_2", data: { cut: true } });
  });

  it("fits every message into its transport, at a character's border", () => {
    const digest = new Digest("siem");
    for (let i = 0; i < 500; i++) digest.add(campaign(i));
    for (const message of [digest.message(), messageOf(campaign(100_000))])
      for (const transport of ["udp", "tcp"] as const)
        for (const format of ["cef", "json"] as const) {
          const bytes = syslogMessage(message, { facility: 1, format, transport }, sender);
          expect(bytes.length).toBeLessThanOrEqual(transport === "udp" ? 2048 : 8192);
          expect(Buffer.from(bytes.toString("utf8")).equals(bytes)).toBe(true);
        }
  });
});
