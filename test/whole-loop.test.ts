import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answersByPrompt,
  contentOf,
  fromWorld,
  recordedTraffic,
  type Customer,
} from "../examples/traffic.ts";
import type { Exchange, JsonObject } from "../src/exchange/exchange.ts";
import {
  ask,
  json,
  jsonLines,
  run,
  serve,
  stillwatch,
  type Said,
  type Server,
  type Way,
} from "./stillwatch.ts";
import { startApi, type Api } from "./world/api.ts";

// One life of a data folder, as its operator lives it: processes, files and HTTP only. The tests build on each other.

const HARVESTERS = 3;
/** Of each account's requests. Harvesters are alarmed in the second part: after the snapshot and before the crash. */
const PARTS = {
  beforeSnapshot: [0, 20],
  alarming: [20, 45],
  crashing: [45, 60],
  afterwards: [60, 75],
} as const;

let work: string;
let data: string;
let api: Api;
let server: Server;
let customers: Customer[];
const keys = new Map<string, string>();
/** Every exchange that a caller got to its end, by id: what it was told. */
const acknowledged = new Map<string, { account: string; said: Said }>();

const file = (name: string): string => join(work, name);

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "sw-loop-"));
  data = file("data");
  api = await startApi();
  const cast = fromWorld("whole loop");
  customers = [
    ...cast.filter(({ role }) => role === "generator").slice(0, HARVESTERS),
    ...cast.filter(({ role }) => role === "honest").slice(0, 6),
  ];
  writeFileSync(
    file("recorded.jsonl"),
    recordedTraffic(customers)
      .map((exchange) => `${JSON.stringify(exchange)}\n`)
      .join(""),
  );
  for (const { account } of customers) {
    await stillwatch("accounts", "add", account, "--data", data);
    const { secret } = await json<{ secret: string }>("keys", "add", account, "--data", data);
    keys.set(account, secret);
  }
});

afterAll(async () => {
  await server?.kill();
  await api.close();
  rmSync(work, { recursive: true, force: true });
});

function modelsAsked(): string[] {
  const asked = customers.flatMap(({ requests }) => requests.map(({ request }) => request["model"]));
  return [...new Set(asked)].filter((model) => typeof model === "string");
}

function started(way: Way = {}): Promise<Server> {
  const config = {
    upstreams: [
      { name: "recorded", kind: "recorded", file: file("recorded.jsonl"), models: modelsAsked() },
      { name: "mock", kind: "openai", baseUrl: api.url, apiKeyEnv: "MOCK_KEY", models: ["stall*"] },
    ],
  };
  return serve(data, file("stillwatch.json"), config, { ...way, env: { MOCK_KEY: api.key } });
}

/** Everybody at once sends its requests of a part, one after the other, and stops at the first that breaks. Returns how many broke. */
async function send([from, to]: readonly [number, number], onEach: () => void = () => {}): Promise<number> {
  const answers = answersByPrompt(customers);
  const broken = await Promise.all(
    customers.map(async ({ account, requests }) => {
      for (const [i, { request }] of requests.slice(from, to).entries()) {
        const body = i % 3 === 2 ? { ...request, stream: true } : request;
        let said: Said;
        try {
          said = await ask(server.url, keys.get(account) as string, body);
        } catch {
          return 1;
        }
        expect([said.status, answers(request).has(said.text)]).toEqual([200, true]);
        acknowledged.set(said.id, { account, said });
        onEach();
      }
      return 0;
    }),
  );
  return broken.reduce<number>((sum, n) => sum + n, 0);
}

interface Alarm {
  readonly time: string;
  readonly tier: string;
  readonly subject: { readonly account: string };
}

async function alarms(folder = data): Promise<Alarm[]> {
  return jsonLines(await stillwatch("alarms", "--all", "--tier", "watch", "--data", folder, "--json"));
}

async function exported(folder = data): Promise<Exchange[]> {
  await stillwatch("ledger", "export", "--data", folder, "--out", file("export.jsonl"));
  return jsonLines<Exchange>(readFileSync(file("export.jsonl"), "utf8"));
}

async function ledgerHolds(): Promise<JsonObject> {
  const checkpoint = existsSync(file("checkpoint")) ? ["--checkpoint", file("checkpoint")] : [];
  return json("ledger", "verify", "--data", data, ...checkpoint);
}

/** The oldest Node on this machine that the launcher takes; that of the tests when there is no other. */
function anotherNode(): string {
  const folders = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"));
  const found = folders.map((folder) => join(folder, "node")).find((node) => existsSync(node));
  if (found === undefined) return process.execPath;
  const major = Number(
    execFileSync(found, ["-p", "process.versions.node"], { encoding: "utf8" }).split(".")[0],
  );
  return major >= 20 ? found : process.execPath;
}

const harvests = (account: string): boolean =>
  customers.some((each) => each.account === account && each.role !== "honest");

describe("one life of a data folder", () => {
  it("serves and records, and stops when asked to", async () => {
    server = await started();
    expect(await send(PARTS.beforeSnapshot)).toBe(0);
    await server.detected();
    writeFileSync(file("checkpoint"), await stillwatch("ledger", "checkpoint", "--data", data));
    writeFileSync(file("log.vkey"), await stillwatch("ledger", "key", "--data", data));
    expect(await server.stop()).toBe(0);
    expect(existsSync(join(data, "detect.snapshot"))).toBe(true);
    expect(await ledgerHolds()).toMatchObject({ holds: true, exchanges: acknowledged.size, inFlight: 0 });
  });

  it("loses nothing that was acknowledged when it is killed, and records what was in flight", async () => {
    server = await started();
    const [{ account, requests }] = customers as [Customer];
    const hanging = ["stall", "stall-mid"].map((model) =>
      ask(server.url, keys.get(account) as string, { ...requests[0]?.request, model, stream: true }).catch(
        (error: unknown) => error,
      ),
    );
    await api.opened(2);
    expect(await send(PARTS.alarming)).toBe(0);
    await server.detected();
    let sent = 0;
    let killed: Promise<void> | undefined;
    const broken = await send(PARTS.crashing, () => {
      if (++sent === 40) killed = server.kill();
    });
    await killed;
    expect(broken).toBeGreaterThan(0);
    for (const error of await Promise.all(hanging)) expect(error).toBeInstanceOf(Error);
    expect((await alarms()).length).toBeGreaterThanOrEqual(HARVESTERS);

    // As `node bin/stillwatch`, with whatever Node there is: an old one starts the pinned one.
    server = await started({ node: anotherNode() });
    expect(server.talk()).toMatch(/exchanges were in flight when the last run stopped/);
    const recorded = await exported();
    const byId = new Map(recorded.map((exchange) => [exchange.id, exchange]));
    for (const [id, { account, said }] of acknowledged) {
      expect(byId.get(id), `${id} of ${account} was acknowledged`).toMatchObject({ account, status: 200 });
      expect(contentOf(byId.get(id)?.response as JsonObject)).toBe(said.text);
    }
    expect(byId.size).toBe(recorded.length);
    const { activity } = await json<{ activity: { outcomes: Record<string, number> } }>(
      "account",
      account,
      "--data",
      data,
    );
    expect(activity.outcomes["interrupted"]).toBeGreaterThanOrEqual(2);
    expect(await ledgerHolds()).toMatchObject({ holds: true });
  });

  it("goes on detecting from its snapshot: no alarm is lost, none is raised twice", async () => {
    expect(await send(PARTS.afterwards)).toBe(0);
    await server.detected();
    // Killing the launcher takes the server with it, and frees the folder.
    await server.kill();
    server = await started({ node: process.execPath });
    await server.detected();
    const raised = await alarms();
    const once = new Set(raised.map(({ subject, tier }) => `${subject.account} ${tier}`));
    expect(raised).toHaveLength(once.size);
    const atReview = new Set(
      raised.filter(({ tier }) => tier === "review").map(({ subject }) => subject.account),
    );
    expect([...atReview].filter(harvests)).toHaveLength(HARVESTERS);
    expect([...atReview].filter((account) => !harvests(account))).toEqual([]);
  });

  it("replays its export to the same alarms, and imports it elsewhere with the same alarms", async () => {
    await exported();
    await stillwatch("replay", "--traffic", file("export.jsonl"), "--out", file("replay"));
    const live = await alarms();
    expect(live.length).toBeGreaterThanOrEqual(HARVESTERS);
    expect(jsonLines(readFileSync(join(file("replay"), "alarms.jsonl"), "utf8"))).toEqual(live);

    const copy = file("imported");
    const argv = ["import", "--from", "stillwatch", "--in", file("export.jsonl"), "--data", copy];
    const before = await exported();
    expect(await json(...argv)).toMatchObject({ imported: before.length, alarms: live.length });
    expect(await alarms(copy)).toEqual(live);
    expect(await exported(copy)).toEqual(before);
    // Where a server writes, nobody else does.
    const refused = await run([
      "import",
      "--from",
      "stillwatch",
      "--in",
      file("export.jsonl"),
      "--data",
      data,
    ]);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toMatch(/^stillwatch: another process is writing to .* stop it first/);
  });

  it("gives a receipt for what was served before the crash, that holds for these bytes only", async () => {
    const [id, { account, said }] = [...acknowledged][0] as [string, { account: string; said: Said }];
    const get = (key: string): Promise<Response> =>
      fetch(`${server.url}/v1/stillwatch/receipts/${id}`, { headers: { authorization: `Bearer ${key}` } });
    const answer = await get(keys.get(account) as string);
    expect(answer.status).toBe(200);
    writeFileSync(file("receipt"), await answer.text());
    writeFileSync(file("prompt"), said.sent);
    writeFileSync(file("response"), said.received);
    const verify = async (...more: string[]): Promise<number | null> =>
      (await run(["receipt", "verify", file("receipt"), ...more])).code;
    const trust = ["--trust", file("log.vkey")];
    expect(await verify(...trust, "--prompt", file("prompt"), "--response", file("response"))).toBe(0);
    expect(await verify(...trust, "--response", file("prompt"))).toBe(1);
    expect(await verify()).toBe(2);
    const stranger = customers.find((each) => each.account !== account)?.account as string;
    expect((await get(keys.get(stranger) as string)).status).toBe(404);
  });

  it("says where a folder is not what was written", async () => {
    expect(await server.stop()).toBe(0);
    const copy = file("copy");
    cpSync(data, copy, { recursive: true });
    const [segment] = readdirSync(join(copy, "journal")).filter((name) => name.endsWith(".swj"));
    const path = join(copy, "journal", segment as string);
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(path, bytes);
    const { code, out } = await run(["ledger", "verify", "--data", copy]);
    expect(code).toBe(1);
    const [, where] = /journal\/\d+\.swj, byte (\d+):/.exec(out) ?? [];
    expect(Number(where)).toBeLessThanOrEqual(at);
    expect(at - Number(where)).toBeLessThan(100_000);
    expect(out).toContain("DOES NOT HOLD");
  });

  it("packs a harvester's exchanges into evidence that verifies offline, and not without a trust anchor", async () => {
    const { account } = customers[0] as Customer;
    const bundle = file("bundle.jsonl.zst");
    await stillwatch("evidence", "export", "--account", account, "--out", bundle, "--data", data);
    const trusted = await run(["evidence", "verify", bundle, "--trust", file("log.vkey"), "--json"]);
    const asked = [...acknowledged.values()].filter((each) => each.account === account).length;
    expect(trusted.code).toBe(0);
    const judged = JSON.parse(trusted.out) as { holds: boolean; account: string; exchanges: number };
    expect(judged).toMatchObject({ holds: true, account });
    expect(judged.exchanges).toBeGreaterThanOrEqual(asked + 2);
    expect((await run(["evidence", "verify", bundle])).code).toBe(2);
  });

  it("erases what it is told to; proofs hold, nothing brings it back, and the account goes on", async () => {
    const { account, requests } = customers.at(-1) as Customer;
    const before = await exported();
    const gone = before.filter((exchange) => exchange.account === account).length;
    expect(await json("ledger", "erase", "--account", account, "--reason", "test", "--data", data)).toEqual({
      erased: gone,
    });
    const left = await exported();
    expect(left).toEqual(before.filter((exchange) => exchange.account !== account));
    expect(await ledgerHolds()).toMatchObject({ holds: true, erased: gone });

    const backup = file("backup.jsonl");
    writeFileSync(backup, before.map((exchange) => `${JSON.stringify(exchange)}\n`).join(""));
    const again = await json("import", "--from", "stillwatch", "--in", backup, "--data", data);
    expect(again).toMatchObject({ imported: 0, alreadyThere: left.length, erased: gone, alarms: 0 });

    server = await started();
    const said = await ask(server.url, keys.get(account) as string, requests[0]?.request as JsonObject);
    expect(said.status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect((await exported()).at(-1)).toMatchObject({ id: said.id, account });
    expect(await ledgerHolds()).toMatchObject({
      holds: true,
      erased: gone,
      exchanges: before.length + 1,
    });
  });
});
