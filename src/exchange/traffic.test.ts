import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Exchange, Json } from "./exchange.ts";
import { parseExchange, readAccounts, readTraffic, writeTraffic } from "./traffic.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-traffic-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const line = {
  id: "ex_1",
  time: "2026-03-01T12:00:00.123Z",
  account: "acc_1",
  endpoint: "/v1/chat/completions",
  request: { model: "m", messages: [{ role: "user", content: "Hello" }] },
};

describe("parseExchange", () => {
  it("takes the smallest line, and fills in what follows from it", () => {
    expect(parseExchange(line)).toEqual({ ...line, model: "m", response: null, status: 0 });
    expect(parseExchange({ ...line, response: {} }).status).toBe(200);
    expect(parseExchange({ ...line, time: "2026-03-01T14:00:00+02:00" }).time).toBe(
      "2026-03-01T12:00:00.000Z",
    );
    expect(parseExchange({ ...line, time: "2026-03-01 12:00:00" }).time).toBe("2026-03-01T12:00:00.000Z");
    expect(parseExchange({ ...line, client: { asn: 1 }, key: null })).toMatchObject({ client: { asn: 1 } });
  });

  it.each([
    [{ ...line, id: undefined }, '"id" is missing'],
    [{ ...line, id: "" }, '"id" is ""'],
    [{ ...line, account: 5 }, '"account" is 5'],
    [{ ...line, account: "a\nb" }, '"account"'],
    [{ ...line, time: "yesterday" }, '"time" is "yesterday"; it must be a time such as'],
    [{ ...line, time: "2026-13-01T00:00:00Z" }, '"time"'],
    [{ ...line, request: [] }, '"request" is []; it must be a JSON object'],
    [{ ...line, response: "text" }, '"response" is "text"'],
    [{ ...line, status: "200" }, '"status" is "200"; it must be a whole number'],
    [{ ...line, client: { ip: 1 } }, '"ip" is 1'],
    [[], "the line is []"],
  ])("refuses %j", (bad, message) => {
    expect(() => parseExchange(bad as Json)).toThrow(message);
  });

  it("refuses a body that nests past any sense", () => {
    const response = JSON.parse(`{"x":${"[".repeat(9999)}${"]".repeat(9999)}}`) as Json;
    expect(() => parseExchange({ ...line, response })).toThrow('"response" is "nested too deep"');
  });

  it("gives an exchange or an ExchangeError for any JSON", () => {
    const changed = fc.record({
      field: fc.constantFrom(...Object.keys(line), "client", "key"),
      value: fc.jsonValue(),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          changed.map(({ field, value }) => ({ ...line, [field]: value })),
        ),
        (json) => {
          try {
            expect(parseExchange(json as Json).id.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toMatchObject({ name: "ExchangeError", code: "malformed" });
          }
        },
      ),
    );
  });
});

describe("traffic files", () => {
  const exchanges: Exchange[] = Array.from({ length: 300 }, (_, i) =>
    parseExchange({ ...line, id: `ex_${i}` }),
  );

  it.each(["t.jsonl", "t.jsonl.gz", "t.jsonl.zst"])("writes and reads %s", async (name) => {
    const path = join(folder, name);
    const writer = writeTraffic(path);
    for (const exchange of exchanges) await writer.write(exchange);
    await writer.close();
    const magic = readFileSync(path).readUInt16BE(0);
    expect(magic).toBe({ "t.jsonl": 0x7b22, "t.jsonl.gz": 0x1f8b, "t.jsonl.zst": 0x28b5 }[name]);
    expect(await Array.fromAsync(readTraffic(path))).toEqual(exchanges);
  });

  it("says why it cannot write", async () => {
    const writer = writeTraffic(join(folder, "no", "such", "folder.jsonl.gz"));
    await writer.write(exchanges[0]!);
    await expect(writer.close()).rejects.toMatchObject({ code: "unreadable" });
  });

  it("tells bad lines with their number and goes on; strict stops", async () => {
    const path = join(folder, "bad.jsonl");
    const long = JSON.stringify({ ...line, id: "long", account: "x".repeat(2000) });
    writeFileSync(
      path,
      `${JSON.stringify(line)}\n\n{"id":\n${JSON.stringify({ ...line, id: 1 })}\n${long}\n${JSON.stringify(line)}`,
    );
    const told: [number, string][] = [];
    const options = {
      maxLineBytes: 1000,
      onBad: (number: number, message: string) => told.push([number, message]),
    };
    expect(await Array.fromAsync(readTraffic(path, options))).toHaveLength(2);
    expect(told).toEqual([
      [3, expect.stringContaining("not JSON")],
      [4, expect.stringContaining('"id" is 1')],
      [5, "the line is longer than 1000 bytes"],
    ]);
    const strict = Array.fromAsync(readTraffic(path, { strict: true }));
    await expect(strict).rejects.toThrow(/bad\.jsonl, line 3: not JSON/);
  });

  it("reads accounts", async () => {
    const path = join(folder, "accounts.jsonl");
    const limits = { requestsPerMinute: 500, tokensPerDay: 2_000_000, later: 1 };
    writeFileSync(
      path,
      `${JSON.stringify({ account: "acc_1", plan: "free", verified: true, limits })}\n{"account":""}`,
    );
    expect(await Array.fromAsync(readAccounts(path))).toEqual([
      {
        account: "acc_1",
        createdAt: null,
        plan: "free",
        organization: null,
        emailDomain: null,
        payment: null,
        country: null,
        verified: true,
        limits: { requestsPerMinute: 500, tokensPerDay: 2_000_000 },
      },
    ]);
  });
});
