import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { loadMasterKeys } from "../ledger/keyring.ts";
import { Ledger } from "../ledger/ledger.ts";
import { deliver, type Rules } from "./deliver.ts";
import { DeliveryError } from "./error.ts";
import type { Message } from "./message.ts";
import type { Sink } from "./sink.ts";
import { statePath } from "./state.ts";
import { WebhookSink } from "./webhook.ts";

const HOUR = 3_600_000;
const everything: Rules = { minTier: "watch", digest: null };
const hourly: Rules = { minTier: "review", digest: { everyMs: HOUR, immediate: "bounded" } };

/** Takes what `taking` lets it; a test looks at what arrived. */
class Receiver implements Sink {
  readonly name = "soc";
  readonly where = "test:";
  readonly got: Message[] = [];
  readonly tried: Message[] = [];
  taking: (message: Message) => void = () => {};

  send(message: Message): Promise<null> {
    this.tried.push(message);
    try {
      this.taking(message);
    } catch (error) {
      return Promise.reject(error);
    }
    this.got.push(message);
    return Promise.resolve(null);
  }

  get accounts(): string[] {
    return this.got.flatMap(({ notices }) =>
      notices.map((notice) => (notice.kind === "alarm" ? notice.subject["account"]! : notice.campaign)),
    );
  }
}

let dataDir: string;
let ledger: Ledger;
let receiver: Receiver;
let now: number;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-delivery-"));
  ledger = await Ledger.open({ dataDir, now: () => 0 });
  receiver = new Receiver();
  now = 10.5 * HOUR;
});
afterEach(async () => {
  await ledger.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const alarm = (account: string, tier = "review"): JsonObject => ({
  type: "alarm",
  time: "2026-03-01T12:00:00.000Z",
  subject: { account },
  tier,
  p: 0.004,
  q: null,
  account,
  score: 1,
  modelBased: 0.0001,
  exchanges: 50,
  signals: [
    { name: "breadth", value: 1, percentile: 99, because: "Said.", evidence: ["ex_1"], prompt: "SECRET" },
  ],
  against: [
    { name: "declared", value: 1, percentile: null, because: "But.", evidence: [], prompt: "SECRET" },
  ],
  benignReading: "Could also be.",
  calibration: "c1",
  prompt: "SECRET",
});
const campaign = (id: string, tier: string, because = "Said."): JsonObject => ({
  type: "campaign",
  time: "2026-03-01T12:00:00.000Z",
  campaign: id,
  accounts: ["a", "b"],
  link: 0.001,
  harvest: 0.001,
  concealed: 1,
  tier,
  because: [because],
});
const raise = async (...alarms: JsonObject[]) => {
  for (const event of alarms) await ledger.append(event);
};

interface Run {
  readonly waits: number[];
  /** Everything that is there has been dealt with, and the state is kept. */
  stop(): Promise<void>;
}

async function running(rules: Rules, sink: Sink = receiver): Promise<Run> {
  const stop = new AbortController();
  const waits: number[] = [];
  const over = deliver({
    dataDir,
    masters: await loadMasterKeys(dataDir, {}),
    sink,
    rules,
    limit: () => ledger.nextRecord,
    begin: ledger.nextRecord,
    stop: stop.signal,
    pollMs: 1,
    now: () => now,
    random: () => 0,
    wait: (ms) => {
      waits.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
    onAttempt: () => {},
    onProgress: () => {},
  });
  return {
    waits,
    stop: () => {
      stop.abort();
      return over;
    },
  };
}

/** One start, for as long as `until` says. */
async function run(rules: Rules, until: () => boolean, sink?: Sink): Promise<Run> {
  const one = await running(rules, sink);
  await expect.poll(until, { timeout: 5000, interval: 2 }).toBe(true);
  await one.stop();
  return one;
}

describe("deliver", () => {
  it("begins at the present, and then tells everything in order", async () => {
    await raise(alarm("old"), alarm("old2"));
    const first = await running(everything);
    await raise(alarm("a"), alarm("b", "watch"), { type: "change", change: "x" });
    await raise({ type: "campaign", time: "t", campaign: "c", accounts: ["a", "b"], tier: "bounded" });
    await expect.poll(() => receiver.got.length).toBe(3);
    await first.stop();
    expect(receiver.accounts).toEqual(["a", "b", "c"]);
    expect(receiver.got.map(({ notices }) => notices[0]!.leaf)).toEqual([2, 3, 5]);
  });

  it("goes on after a restart without loss or repetition", async () => {
    await run(everything, () => true);
    await raise(alarm("a"), alarm("b"));
    await run(everything, () => receiver.got.length === 2);
    await raise(alarm("c"));
    await run(everything, () => receiver.got.length === 3);
    await raise(alarm("d"));
    await run(everything, () => receiver.got.length === 4);
    expect(receiver.accounts).toEqual(["a", "b", "c", "d"]);
  });

  it("tries again with the same id until it is taken, and keeps the order meanwhile", async () => {
    await run(everything, () => true);
    let failures = 3;
    receiver.taking = () => {
      if (failures-- > 0) throw new DeliveryError("busy", "test: answered 500");
    };
    await raise(alarm("a"), alarm("b"));
    const { waits } = await run(everything, () => receiver.got.length === 2);
    expect(receiver.accounts).toEqual(["a", "b"]);
    expect(new Set(receiver.tried.slice(0, 4).map(({ id }) => id)).size).toBe(1);
    expect(receiver.tried[4]!.id).not.toBe(receiver.tried[0]!.id);
    expect(waits).toEqual([1000, 2000, 4000]);
  });

  it("sends again, with the same id, what was not taken when it was killed", async () => {
    await run(everything, () => true);
    await raise(alarm("a"));
    receiver.taking = () => {
      throw new DeliveryError("unreachable", "test: gone");
    };
    await run(everything, () => receiver.tried.length > 2);
    expect(receiver.got).toEqual([]);
    receiver.taking = () => {};
    await run(everything, () => receiver.got.length === 1);
    expect(receiver.got[0]!.id).toBe(receiver.tried[0]!.id);
  });

  it("leaves out what is below the sink's tier, and what is no alarm", async () => {
    await run(everything, () => true);
    await raise(alarm("a", "watch"), alarm("b", "review"), alarm("c", "bounded"), alarm("d", "none"));
    await raise({ type: "alarm", tier: 7 }, { type: "alarm" }, { type: "checkpoint" }, alarm("e", "bounded"));
    await run({ minTier: "bounded", digest: null }, () => receiver.got.length === 2);
    expect(receiver.accounts).toEqual(["c", "e"]);
  });

  it("lets nothing out that is not named", async () => {
    await run(everything, () => true);
    await raise(alarm("a"));
    await run(everything, () => receiver.got.length === 1);
    expect(JSON.stringify(receiver.got)).not.toContain("SECRET");
    expect(JSON.stringify(receiver.got)).toContain("Said.");
    expect(receiver.got[0]!.notices[0]).toMatchObject({
      account: "a",
      modelBased: 0.0001,
      against: [{ name: "declared", because: "But." }],
    });
  });

  it("tells of a key with the account whose it is", async () => {
    await run(everything, () => true);
    await raise({ ...alarm("a"), subject: { key: "key_1" } });
    await run(everything, () => receiver.got.length === 1);
    expect(receiver.got[0]!.notices[0]).toMatchObject({ subject: { key: "key_1" }, account: "a" });
  });

  it("tells a campaign when it is new, rises or is withdrawn, over restarts, and not its alarm as well", async () => {
    const heard = (): string[] =>
      receiver.got.map(({ notices: [notice] }) =>
        notice!.kind === "campaign" ? `${notice!.campaign} ${notice!.was} ${notice!.tier}` : "alarm",
      );
    await raise(campaign("old", "review"));
    await run(everything, () => true);
    const about = { ...alarm("x", "watch"), subject: { campaign: "c" } };
    await raise(campaign("c", "watch"), about, campaign("c", "watch"), campaign("d", "review"));
    await run(everything, () => receiver.got.length === 2);
    await raise(campaign("c", "watch"), campaign("c", "review"), campaign("old", "none"));
    await run(everything, () => receiver.got.length === 3);
    await raise(
      campaign("d", "watch"),
      campaign("c", "none", "withdrawn: not found again"),
      campaign("c", "none"),
    );
    await raise(alarm("last"));
    await run(everything, () => receiver.got.length === 5);
    expect(heard()).toEqual(["c null watch", "d null review", "c watch review", "c review none", "alarm"]);
    const withdrawn = receiver.got[3]!;
    expect(withdrawn).toMatchObject({ kind: "campaign", tier: null, counts: { withdrawn: 1, review: 0 } });
    expect(withdrawn.notices[0]).toMatchObject({ because: ["withdrawn: not found again"] });
  });

  it("takes up a state that knows no campaigns yet", async () => {
    await run(everything, () => true);
    const { campaigns, ...before } = JSON.parse(readFileSync(statePath(dataDir, "soc"), "utf8")) as {
      campaigns: unknown;
    };
    expect(campaigns).toEqual([]);
    writeFileSync(statePath(dataDir, "soc"), JSON.stringify(before));
    await raise(campaign("c", "review"));
    await run(everything, () => receiver.got.length === 1);
    writeFileSync(statePath(dataDir, "soc"), JSON.stringify({ ...before, campaigns: [["c", 1]] }));
    await expect(running(everything).then((one) => one.stop())).rejects.toMatchObject({ code: "state" });
  });

  it("stops at a state that is damaged, and says which file to delete", async () => {
    await run(everything, () => true);
    writeFileSync(statePath(dataDir, "soc"), "{");
    const over = running(everything).then((one) => one.stop());
    await expect(over).rejects.toMatchObject({
      code: "state",
      message: expect.stringContaining("soc.json") as string,
    });
  });

  it("begins at the present again when the journal is another one", async () => {
    await run(everything, () => true);
    const state = JSON.parse(readFileSync(statePath(dataDir, "soc"), "utf8")) as { cursor: object };
    writeFileSync(
      statePath(dataDir, "soc"),
      JSON.stringify({ ...state, cursor: { record: 99_999, leaf: 1 } }),
    );
    await raise(alarm("old"));
    const one = await running(everything);
    await raise(alarm("new"));
    await expect.poll(() => receiver.got.length).toBe(1);
    await one.stop();
    expect(receiver.accounts).toEqual(["new"]);
  });
});

describe("a digest", () => {
  it("gathers until its hour is full, sends what is bounded at once, and nothing when nothing came", async () => {
    const one = await running(hourly);
    await raise(alarm("a"), alarm("b", "bounded"), alarm("c"), alarm("w", "watch"));
    await expect.poll(() => receiver.accounts).toEqual(["b"]);
    now = 10.99 * HOUR;
    await raise(alarm("d"), alarm("e", "bounded"));
    await expect.poll(() => receiver.accounts).toEqual(["b", "e"]);
    now = 11 * HOUR;
    await expect.poll(() => receiver.got.length).toBe(3);
    expect(receiver.got[2]).toMatchObject({
      kind: "digest",
      tier: "review",
      counts: { review: 3 },
      leftOut: 0,
    });
    expect(receiver.accounts.slice(2)).toEqual(["a", "c", "d"]);
    now = 20 * HOUR;
    await raise(alarm("f"));
    await expect.poll(() => ((now += HOUR), receiver.got.length)).toBe(4);
    await one.stop();
    expect(receiver.accounts.slice(5)).toEqual(["f"]);
  });

  it("survives restarts while it gathers: nothing lost, nothing that went at once sent twice, due when it was", async () => {
    await run(hourly, () => true);
    await raise(alarm("a"), alarm("b", "bounded"));
    await run(hourly, () => receiver.got.length === 1);
    await raise(alarm("c"));
    await run(hourly, () => true);
    now = 11.2 * HOUR;
    await raise(alarm("d"));
    await run(hourly, () => receiver.got.length === 2);
    expect(receiver.accounts).toEqual(["b", "a", "c", "d"]);
    await raise(alarm("e", "bounded"));
    await run(hourly, () => receiver.got.length === 3);
    expect(receiver.accounts).toEqual(["b", "a", "c", "d", "e"]);
  });

  it("has the same id and content in every attempt, though more came in between", async () => {
    await run(hourly, () => true);
    receiver.taking = () => {
      throw new DeliveryError("unreachable", "test: gone");
    };
    await raise(alarm("a"), alarm("b"));
    const first = await running(hourly);
    await expect
      .poll(() => JSON.parse(readFileSync(statePath(dataDir, "soc"), "utf8")) as object)
      .toMatchObject({ digest: {} });
    now = 11 * HOUR;
    await expect.poll(() => receiver.tried.length > 0).toBe(true);
    await first.stop();
    await raise(alarm("c"));
    receiver.taking = () => {};
    await run(hourly, () => receiver.got.length === 1);
    expect(receiver.got[0]).toEqual(receiver.tried[0]);
    expect(receiver.accounts).toEqual(["a", "b"]);
    now = 12 * HOUR;
    await run(hourly, () => receiver.got.length === 2);
    expect(receiver.accounts).toEqual(["a", "b", "c"]);
  });

  it("gathers campaigns' news over restarts: what went at once is not sent twice, and a withdrawal is counted", async () => {
    await run(hourly, () => true);
    await raise(alarm("a"), campaign("c", "review"), campaign("d", "bounded"), campaign("c", "review"));
    await run(hourly, () => receiver.got.length === 1);
    await raise(campaign("d", "bounded"), campaign("c", "none"));
    await run(hourly, () => true);
    now = 11.2 * HOUR;
    await run(hourly, () => receiver.got.length === 2);
    expect(receiver.accounts).toEqual(["d", "a", "c", "c"]);
    expect(receiver.got[1]).toMatchObject({ tier: "review", counts: { review: 2, withdrawn: 1 } });
    await raise(campaign("c", "review"), campaign("d", "bounded"));
    await run(hourly, () => ((now += HOUR / 10), receiver.got.length === 3));
    expect(receiver.accounts.slice(4)).toEqual(["c"]);
  });

  it("loses nothing when it is turned off, though later ones went at once", async () => {
    await run(hourly, () => true);
    await raise(alarm("a"), alarm("b", "bounded"));
    await run(hourly, () => receiver.got.length === 1);
    await run({ minTier: "review", digest: null }, () => receiver.accounts.includes("a"));
    expect(receiver.accounts.slice(0, 2)).toEqual(["b", "a"]);
  });
});

describe("deliver to a webhook", () => {
  it("survives a receiver that fails, hangs up and comes back", async () => {
    const got: string[] = [];
    let calls = 0;
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        calls++;
        if (calls === 1) return void res.writeHead(500).end();
        if (calls === 2) return void res.destroy();
        if (calls === 3) return; // Hangs until the sender's patience ends.
        const { data } = JSON.parse(Buffer.concat(chunks).toString()) as {
          data: { subject: { account: string } };
        };
        got.push(data.subject.account);
        res.writeHead(200).end("ok");
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    const sink = new WebhookSink(
      { kind: "webhook", name: "soc", url, secret, timeoutMs: 100 },
      { version: "0", machine: "m", now: () => now },
    );
    await run(everything, () => true, sink);
    await raise(alarm("a"), alarm("b"), alarm("c"));
    await run(everything, () => got.length === 3, sink);
    expect(got).toEqual(["a", "b", "c"]);
    expect(calls).toBe(6);
    server.closeAllConnections();
    server.close();
  });
});
