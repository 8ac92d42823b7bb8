import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { delivery } from "../src/cli/delivery.ts";
import { parseConfig, receiversOf } from "../src/config.ts";
import { serve, type Running } from "../src/serve.ts";
import { writeFileSync } from "node:fs";

let folder: string;
let receiver: Server;
let running: Running | null;
let got: { type: string; data: { subject?: { account: string } } }[];
let status: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sw-serve-delivery-"));
  running = null;
  got = [];
  status = 204;
  receiver = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      if (status === 204) got.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof got)[number]);
      res.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  writeFileSync(join(folder, "secret"), `whsec_${Buffer.alloc(32, 1).toString("base64")}\n`);
});
afterEach(async () => {
  await running?.stop();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const said: string[] = [];
const start = async (sinks: object[]): Promise<Running> => {
  const config = parseConfig(
    {
      port: 0,
      admin: { port: 0 },
      upstreams: [{ name: "r", kind: "recorded" }],
      detect: { enabled: false },
      ...(sinks.length > 0 && { delivery: { sinks } }),
    },
    "test",
  );
  return serve({ dataDir: join(folder, "data"), config, log: (_, message) => void said.push(message) });
};
const soc = () => ({
  name: "soc",
  kind: "webhook",
  url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
  secretFile: join(folder, "secret"),
});
const alarm = (account: string) => ({
  type: "alarm",
  time: "2026-03-01T12:00:00.000Z",
  subject: { account },
  tier: "review",
  p: 0.01,
});
async function statusOf({ adminUrl, adminToken }: Running): Promise<Record<string, unknown>> {
  const answer = await fetch(`${adminUrl}/admin/status`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  return (await answer.json()) as Record<string, unknown>;
}

describe("serve", () => {
  it("sends nothing, reads nothing and keeps nothing for it unless a sink is configured", async () => {
    expect(receiversOf(parseConfig({}, "test"))).toEqual([]);
    running = await start([]);
    await running.ledger.append(alarm("a"));
    expect(await statusOf(running)).not.toHaveProperty("delivery");
    expect(existsSync(join(folder, "data", "delivery"))).toBe(false);
    expect(got).toEqual([]);
  });

  it("tells alarms, says a trouble in its status, and goes on after a restart", async () => {
    running = await start([soc()]);
    await running.ledger.append(alarm("a"));
    await expect.poll(() => got.length, { timeout: 20_000 }).toBe(1);
    expect(got[0]).toMatchObject({ type: "stillwatch.alarm", data: { subject: { account: "a" } } });

    status = 401;
    await running.ledger.append(alarm("b"));
    await expect
      .poll(() => statusOf(running!), { timeout: 20_000 })
      .toMatchObject({
        delivery: { running: true, sinks: [{ sink: "soc", misconfigured: true, taken: 1 }] },
      });
    const { delivery: told } = (await statusOf(running)) as {
      delivery: { sinks: { trouble: string; recordsBehind: number }[] };
    };
    expect(told.sinks[0]!.trouble).toMatch(/answered 401/);
    expect(told.sinks[0]!.recordsBehind).toBeGreaterThan(0);
    expect(said.join("\n")).toMatch(/sink soc: .* answered 401/);
    await running.stop();

    status = 204;
    running = await start([soc()]);
    await expect.poll(() => got.length, { timeout: 20_000 }).toBe(2);
    expect(got[1]!.data.subject).toEqual({ account: "b" });
  });

  it("does not start with a sink that cannot work", async () => {
    await expect(start([{ ...soc(), url: "http://example.com/" }])).rejects.toThrow(/must be https/);
    await expect(start([{ ...soc(), secretFile: join(folder, "none") }])).rejects.toThrow(/cannot be read/);
    await expect(start([{ ...soc(), secretFile: undefined, secretEnv: "NOT_SET_1" }])).rejects.toThrow(
      /NOT_SET_1 is not set/,
    );
  });
});

describe("stillwatch delivery test", () => {
  const test = async (...args: string[]) => {
    let out = "";
    const code = await delivery.run(["test", ...args], { out: (text) => void (out += text), err: () => {} });
    return { code, out };
  };
  const configured = (sinks: object[]) => {
    const path = join(folder, "stillwatch.yaml");
    writeFileSync(path, JSON.stringify({ delivery: { sinks } }));
    return path;
  };

  it("sends a test to every sink, or to one, and says what failed", async () => {
    const dead = { ...soc(), name: "dead", url: "http://127.0.0.1:1/" };
    const path = configured([soc(), dead]);
    const both = await test("--config", path);
    expect(both.code).toBe(1);
    expect(both.out).toMatch(/^ok +soc /m);
    expect(both.out).toMatch(/^FAILED +dead +http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/m);
    expect(got.map(({ type }) => type)).toEqual(["stillwatch.test"]);
    const one = await test("--config", path, "--sink", "soc", "--json");
    expect(one.code).toBe(0);
    expect(JSON.parse(one.out)).toMatchObject({ sink: "soc", ok: true, error: null });
    await expect(test("--config", path, "--sink", "x")).rejects.toThrow(/there is no sink x/);
    await expect(test("--config", configured([]))).rejects.toThrow(/no sinks/);
  });
});
