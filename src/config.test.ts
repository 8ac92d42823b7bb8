import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig, parseConfig, receiversOf } from "./config.ts";

describe("configuration", () => {
  it("has a default for everything", () => {
    expect(parseConfig(null, "test")).toMatchObject({
      port: 8787,
      mode: "held",
      onLedgerFailure: "closed",
      upstreams: [],
      admin: { host: "127.0.0.1" },
    });
  });

  it("takes an upstream without a kind as OpenAI-compatible", () => {
    const { upstreams } = parseConfig(
      {
        upstreams: [
          { name: "a", baseUrl: "http://127.0.0.1:8000/v1" },
          { name: "b", kind: "recorded" },
        ],
      },
      "test",
    );
    expect(upstreams.map(({ kind, models }) => [kind, models])).toEqual([
      ["openai", ["*"]],
      ["recorded", ["*"]],
    ]);
  });

  it("reports every mistake at once, with field and value", () => {
    const wrong = {
      port: 70_000,
      mode: "sometimes",
      upstreams: [{ name: "x", baseUrl: "ftp://x" }],
      prot: 1,
    };
    expect(() => parseConfig(wrong, "stillwatch.yaml")).toThrow(ConfigError);
    try {
      parseConfig(wrong, "stillwatch.yaml");
    } catch (error) {
      const { message } = error as Error;
      for (const part of [
        "4 mistakes",
        "port",
        "70000",
        "mode",
        '"sometimes"',
        "upstreams.0.baseUrl",
        "ftp://x",
        "prot",
      ])
        expect(message).toContain(part);
    }
  });

  it("takes sinks of alarms with their usual ports, and refuses what is wrong with them", () => {
    const sinks = [
      { name: "siem", kind: "syslog", host: "siem.example" },
      {
        name: "mail",
        kind: "email",
        host: "smtp.example",
        from: "a@x.example",
        to: ["b@x.example"],
        digest: { every: "1h", immediate: "bounded" },
      },
    ];
    expect(receiversOf(parseConfig({ delivery: { sinks } }, "test"))).toMatchObject([
      {
        options: { port: 6514, transport: "tls", format: "cef" },
        rules: { minTier: "review", digest: null },
      },
      {
        options: { port: 587, security: "starttls" },
        rules: { digest: { everyMs: 3_600_000, immediate: "bounded" } },
      },
    ]);
    const wrong =
      (...of: object[]) =>
      () =>
        parseConfig({ delivery: { sinks: of } }, "test");
    expect(wrong({ ...sinks[0], name: "../x" })).toThrow(/lower-case letters/);
    expect(wrong(sinks[0]!, sinks[0]!)).toThrow(/two sinks have one name/);
    expect(wrong({ ...sinks[1], digest: { every: "1 week" } })).toThrow(/15m, 1h or 1d/);
    expect(wrong({ ...sinks[1], from: "a@x.example\r\nBcc: c@x.example" })).toThrow(/from/);
    const hook = { name: "h", kind: "webhook", url: "https://x.example/" };
    expect(() => receiversOf(parseConfig({ delivery: { sinks: [hook] } }, "test"))).toThrow(
      /secretEnv or secretFile/,
    );
  });

  it("reads YAML and JSON, and the command line goes before the file", () => {
    const folder = mkdtempSync(join(tmpdir(), "sw-config-"));
    try {
      writeFileSync(join(folder, "a.yaml"), "port: 9000\nadmin: { port: 9001 }\n");
      writeFileSync(join(folder, "b.json"), '{"port": 9000}');
      writeFileSync(join(folder, "c.yaml"), "port: [1\n");
      expect(loadConfig(join(folder, "a.yaml"), { port: 7 })).toMatchObject({
        port: 7,
        admin: { port: 9001 },
      });
      expect(loadConfig(join(folder, "b.json")).port).toBe(9000);
      expect(() => loadConfig(join(folder, "c.yaml"))).toThrow(/neither YAML nor JSON/);
      expect(() => loadConfig(join(folder, "none.yaml"))).toThrow(/there is no file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
