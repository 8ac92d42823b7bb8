import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHAT, ask, get, post, RawCaller, rig } from "./rig.ts";
import type { Rig } from "./rig.ts";

let r: Rig;
beforeAll(async () => {
  r = await rig({
    upstream: { name: "<script>alert(1)</script>" },
    gateway: {
      admin: { host: "127.0.0.1", port: 0, token: "admin-token", allowedHosts: ["watch.internal"] },
    },
  });
  await post(r.url, CHAT, ask("m-large"));
  await post(r.url, CHAT, ask("half"));
  await get(r.url, "/v1/files");
});
afterAll(() => r.stop());
const admin = { authorization: "Bearer admin-token" };

describe("admin listener", () => {
  it("shows metrics as OpenMetrics", async () => {
    const { status, headers, text } = await get(r.gateway.adminUrl, "/metrics", admin);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(text).toContain('stillwatch_exchanges_total{outcome="complete"} 1\n');
    expect(text).toContain('stillwatch_exchanges_total{outcome="upstream_failed"} 1\n');
    expect(text).toContain('stillwatch_refusals_total{code="unsupported_endpoint"} 1\n');
    expect(text).toContain('stillwatch_first_byte_seconds_bucket{le="+Inf"} 2\n');
    expect(text.endsWith("# EOF\n")).toBe(true);
    // Every line is a comment or a sample, every family is declared once, buckets never fall.
    const lines = text.trimEnd().split("\n");
    for (const line of lines)
      expect(line).toMatch(/^# (TYPE|HELP|UNIT|EOF)|^[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.e+-]+$/);
    const types = lines.filter((x) => x.startsWith("# TYPE"));
    expect(new Set(types).size).toBe(types.length);
    const buckets = [...text.matchAll(/exchange_seconds_bucket\{[^}]*\} (\d+)/g)].map((x) => Number(x[1]));
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  });

  it("needs the token, but for health", async () => {
    for (const path of ["/", "/metrics", "/admin/status", "/anything"]) {
      for (const authorization of ["", "Bearer wrong", "Bearer ", "Bearer sk-alice", "Basic eDp3cm9uZw=="]) {
        expect((await get(r.gateway.adminUrl, path, { authorization })).status).toBe(401);
      }
    }
    expect((await get(r.gateway.adminUrl, "/anything", admin)).status).toBe(404);
    const basic = `Basic ${Buffer.from("me:admin-token").toString("base64")}`;
    expect((await get(r.gateway.adminUrl, "/admin/status", { authorization: basic })).json).toMatchObject({
      ready: true,
    });
    for (const url of [r.url, r.gateway.adminUrl]) {
      expect(await get(url, "/healthz", { authorization: "" })).toMatchObject({ status: 200, text: "ok\n" });
      expect(await get(url, "/readyz", { authorization: "" })).toMatchObject({ status: 200 });
    }
  });

  it("shows a status page in which nothing becomes markup", async () => {
    const { text, headers } = await get(r.gateway.adminUrl, "/", admin);
    expect(headers.get("content-type")).toContain("text/html");
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).not.toContain("<script");
    expect(text).not.toContain("sk-upstream");
  });

  it("is not reached under a name that is not its own", async () => {
    for (const [host, status] of [
      ["evil.example", 421],
      ["127.0.0.1.evil.example:80", 421],
      ["watch.internal:9000", 200],
      ["localhost", 200],
    ] as const) {
      const caller = new RawCaller(r.gateway.adminUrl).send(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
      expect(await caller.until((seen) => seen.includes("\r\n\r\n"))).toMatch(
        new RegExp(`^HTTP/1.1 ${status} `),
      );
      caller.socket.destroy();
    }
  });

  it("does not serve the API, and the API does not serve it", async () => {
    expect((await post(r.gateway.adminUrl, CHAT, ask("m-large"), admin)).status).toBe(404);
    expect((await get(r.url, "/metrics", admin)).status).toBe(404);
    expect((await get(r.url, "/admin/status", admin)).status).toBe(404);
  });
});
