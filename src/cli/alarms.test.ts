import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../exchange/exchange.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Store } from "../policy/store.ts";
import { account } from "./account.ts";
import { alarms } from "./alarms.ts";
import type { Command } from "./command.ts";

const alarm = (of: string, calibration: string, fields: JsonObject = {}): JsonObject => ({
  type: "alarm",
  time: "2026-03-01T00:00:00.000Z",
  subject: { account: of },
  account: of,
  tier: "review",
  p: 0.004,
  q: null,
  score: 2,
  modelBased: null,
  exchanges: 50,
  signals: [{ name: "breadth", value: 1, percentile: 99, because: "Many topics.", evidence: ["ex_1"] }],
  against: [],
  benignReading: "Could also be a benchmark.",
  calibration,
  ...fields,
});

let dataDir: string;
let mine: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-cli-alarms-"));
  const store = new Store(dataDir, { now: () => 0, random: (n) => Buffer.alloc(n, 7) });
  mine = store.createAccount({}, "test").account;
  store.close();
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

async function journal(...events: JsonObject[]): Promise<void> {
  const ledger = await Ledger.open({ dataDir, now: () => 0 });
  for (const event of events) await ledger.append(event);
  await ledger.stop();
}

async function run(command: Command, ...argv: string[]): Promise<{ out: string; err: string }> {
  let out = "";
  let err = "";
  const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
  expect(await command.run([...argv, "--data", dataDir], io)).toBe(0);
  return { out, err };
}

const lines = (text: string): { account: string; calibration: string }[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { account: string; calibration: string });

describe("stillwatch alarms", () => {
  it("says nothing of calibrations when there is one", async () => {
    await journal(alarm("a", "c1", { tier: "watch" }), alarm("a", "c1"), alarm("b", "c1"));
    const { out, err } = await run(alarms);
    expect(out).toMatch(/account a .*REVIEW[^]*account b .*REVIEW/);
    expect(out).not.toMatch(/alibration|left out/);
    expect(err).toBe("");
    expect(lines((await run(alarms, "--all", "--tier", "watch", "--json")).out)).toHaveLength(3);
  });

  it("shows those of the last alarm's calibration, counts the older ones, and shows them with --all", async () => {
    await journal(
      alarm("a", "c1", { tier: "bounded", p: 0.0001, q: 0.01 }),
      alarm("b", "c1"),
      alarm("c", "c1", { tier: "watch" }),
      alarm("a", "c2"),
      alarm("d", "c2", { tier: "watch" }),
    );
    const { out } = await run(alarms);
    expect(out).toMatch(/^account a {2}REVIEW/);
    expect(out).not.toMatch(/BOUNDED|account b/);
    expect(out).toContain("Calibration: c2\n");
    expect(out).toMatch(/\n2 older alarms of other calibrations left out; --all shows them\n$/);
    const json = await run(alarms, "--tier", "watch", "--json");
    expect(lines(json.out).map((each) => [each.account, each.calibration])).toEqual([
      ["a", "c2"],
      ["d", "c2"],
    ]);
    expect(json.err).toMatch(/^3 older alarms/);
    const all = await run(alarms, "--all");
    expect(all.out.match(/Calibration: c./g)).toEqual([1, 1, 2].map((n) => `Calibration: c${n}`));
    expect(all.out + all.err).not.toContain("left out");
  });
});

describe("stillwatch account", () => {
  it("shows alarms of the last calibration, and the others with --all", async () => {
    await journal(alarm(mine, "c1", { tier: "bounded" }), alarm(mine, "c2"), alarm("other", "c2"));
    const { out } = await run(account, mine);
    expect(out).toContain("REVIEW");
    expect(out).not.toContain("BOUNDED");
    expect(out).toMatch(/\n1 older alarm of other calibrations left out/);
    expect((await run(account, mine, "--all")).out).toMatch(/BOUNDED[^]*Calibration: c1[^]*Calibration: c2/);
    const json = await run(account, mine, "--json");
    expect(JSON.parse(json.out)).toMatchObject({ alarms: [{ calibration: "c2" }] });
    expect(json.err).toMatch(/^1 older alarm /);
  });

  it("has none when only an earlier calibration alarmed it", async () => {
    await journal(alarm(mine, "c1"), alarm("other", "c2"));
    expect((await run(account, mine)).out).toMatch(/no alarm\n1 older alarm/);
  });
});
