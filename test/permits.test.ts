import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Json, JsonObject } from "../src/exchange/exchange.ts";
import { loadMasterKeys } from "../src/ledger/keyring.ts";
import { readEvents } from "../src/ledger/read.ts";
import { parseTrust } from "../src/ledger/signers.ts";
import { parsePermit, verifyPermit, type Permit } from "../src/policy/permit.ts";
import { parseHolder, permitHeaders } from "../src/policy/proof.ts";
import { json, jsonLines, serve, stillwatch, type Server } from "./stillwatch.ts";

// A permit's whole life over HTTP and processes: issued, used, counted down over a kill -9, recorded, exported, left out of detection, revoked.

let folder: string;
let server: Server;
const data = () => join(folder, "data");
const file = (name: string) => join(folder, name);
const config = { upstreams: [{ name: "r", kind: "recorded", onMiss: "answer", models: ["*"] }] };

const PERMIT_CHANGES = new Set<Json | undefined>(["permit.issued", "permit.revoked"]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-permit-loop-"));
  server = await serve(data(), file("config.json"), config);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function ask(
  key: string,
  body: JsonObject,
  permit?: string,
): Promise<{ status: number; left: string | null; json: JsonObject }> {
  const bytes = JSON.stringify(body);
  const bodySha256 = createHash("sha256").update(bytes).digest("hex");
  const holder = parseHolder(readFileSync(file("lab.key"), "utf8"));
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      ...(permit !== undefined && permitHeaders(permit, holder, Date.now(), bodySha256)),
    },
    body: bytes,
  });
  return {
    status: answer.status,
    left: answer.headers.get("x-stillwatch-permit-left"),
    json: (await answer.json()) as JsonObject,
  };
}

const body = (i: number, model = "m-large"): JsonObject => ({
  model,
  messages: [{ role: "user", content: `Classify ticket ${i}.` }],
  max_tokens: 50,
});

it("permits a harvest, counts it over a kill -9 and shows it in the ledger", async () => {
  await stillwatch("accounts", "add", "acme", "--data", data());
  const { secret: key } = await json<{ secret: string }>("keys", "add", "acme", "--data", data());
  await stillwatch("permits", "holder-key", "--out", file("lab.key"));
  const wanted = "--purpose classifier --distribution internal --model m-* --exchanges 40 --expires 1d".split(
    " ",
  );
  const issue = ["permits", "issue", "acme", "--data", data(), "--holder", file("lab.key")];
  const permit = await json<Permit>(...issue, ...wanted);

  // Without a header nothing is different; with one that does not hold nothing is forwarded.
  expect(await ask(key, body(0))).toMatchObject({ status: 200, left: null });
  expect(await ask(key, body(0, "other"), permit.id)).toMatchObject({
    status: 403,
    json: { error: { code: "permit_required", permit: "wrong-model" } },
  });
  for (let i = 1; i <= 30; i++)
    expect(await ask(key, body(i), permit.id)).toMatchObject({ status: 200, left: `exchanges=${40 - i}` });

  await server.kill();
  server = await serve(data(), file("config.json"), config);
  // 40 in blocks of one: nothing is lost by the kill, and nothing given twice.
  let served = 0;
  let last = await ask(key, body(100), permit.id);
  for (; last.status === 200; last = await ask(key, body(101 + served), permit.id)) served++;
  expect(served).toBe(10);
  expect(last).toMatchObject({ status: 403, json: { error: { permit: "volume-used" } } });

  const { activity } = await json<{ activity: JsonObject }>("account", "acme", "--data", data());
  expect(activity["permits"]).toEqual({ [permit.id]: 40 });
  expect(await stillwatch("account", "acme", "--data", data())).toMatch(
    /covered by permit permit_\w+: 40 of 41 exchanges/,
  );

  await stillwatch("permits", "revoke", permit.id, "--data", data(), "--reason", "done");
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await ask(key, body(999), permit.id)).toMatchObject({
    status: 403,
    json: { error: { permit: "revoked" } },
  });
});

it("is exported with the traffic, so that a replay leaves the same out", async () => {
  await stillwatch("ledger", "export", "--data", data(), "--out", file("traffic.jsonl"));
  const lines = jsonLines(readFileSync(file("traffic.jsonl"), "utf8"));
  expect(lines.filter((line) => line["permit"] !== undefined)).toHaveLength(40);
  await stillwatch("replay", "--traffic", file("traffic.jsonl"), "--out", file("found"));
  const scores = jsonLines(readFileSync(join(file("found"), "scores.jsonl"), "utf8"));
  expect(scores).toMatchObject([{ account: "acme", exchanges: 41, p: 1, covered: { exchanges: 40 } }]);
});

it("stands in the journal, whole, with its revocation", async () => {
  await server.stop();
  expect(await json("ledger", "verify", "--data", data())).toMatchObject({ holds: true });
  const changes: JsonObject[] = [];
  for await (const { opened } of readEvents(data(), await loadMasterKeys(data(), { command: [] })))
    if (opened !== null && PERMIT_CHANGES.has(opened.event["change"])) changes.push(opened.event);
  expect(changes).toMatchObject([
    { change: "permit.issued", detail: { account: "acme", models: ["m-*"], volume: { exchanges: 40 } } },
    { change: "permit.revoked", detail: { account: "acme", reason: "done" } },
  ]);
  const issued = parsePermit(changes[0]!["detail"] as JsonObject);
  const issuerKeys = parseTrust(readFileSync(join(data(), "log.vkey"), "utf8"));
  expect(verifyPermit(issued, { issuerKeys, now: Date.now() })).toEqual({ ok: true });
});
