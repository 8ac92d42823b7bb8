import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLines } from "../exchange/lines.ts";
import { commit, opens } from "../ledger/entry.ts";
import { loadMasterKeys } from "../ledger/keyring.ts";
import { Ledger } from "../ledger/ledger.ts";
import { newSigner } from "../ledger/note.ts";
import { readVkeys } from "../ledger/signers.ts";
import { checkpointPath } from "../ledger/tiles.ts";
import type { BundleHead, BundleItem } from "./bundle.ts";
import { EvidenceError } from "./error.ts";
import { exportBundle } from "./export.ts";
import { verifyBundle, type Verified } from "./verify.ts";

let dataDir: string;
let lines: string[];
const now = (): number => 1_772_366_400_000;

async function record(ledger: Ledger, account: string, id: string): Promise<void> {
  await ledger
    .begin({
      id,
      account,
      key: "key_1",
      receivedAt: now(),
      client: { ip: "203.0.113.9" },
      endpoint: "/v1/chat/completions",
      model: "m",
      permit: null,
      upstream: "u",
      request: Buffer.from(`{"prompt":"${id}"}`),
    })
    .finish({
      status: 200,
      outcome: "complete",
      contentType: "application/json",
      response: [Buffer.from(`{"answer":"${id}"}`)],
      usage: { input: 1, output: 1 },
      firstByteMs: 1,
    });
}

async function bundle(account: string, withhold: ("prompt" | "response")[] = []): Promise<string[]> {
  const out = join(dataDir, "bundle.jsonl.zst");
  await exportBundle({
    dataDir,
    masters: await loadMasterKeys(dataDir, {}),
    checkpoint: readFileSync(checkpointPath(dataDir), "utf8"),
    account,
    withhold,
    out,
    now,
  });
  const text = await Array.fromAsync(readLines(out));
  return text.map((line) => line.text);
}

async function judge(changed: readonly string[], trust = readVkeys(dataDir)): Promise<Verified> {
  const path = join(dataDir, "judged.jsonl");
  writeFileSync(path, changed.map((line) => `${line}\n`).join(""));
  return verifyBundle(readLines(path), trust);
}

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "sw-evidence-"));
  const ledger = await Ledger.open({ dataDir, now });
  for (let i = 0; i < 30; i++) await record(ledger, `acc_${i % 3}`, `ex_${i}`);
  await ledger.erase({ exchange: "ex_7", reason: "asked" });
  await record(ledger, "acc_1", "ex_after");
  await ledger.stop();
  lines = await bundle("acc_1");
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describe("a bundle", () => {
  it("holds against the log's key, with its erased exchange accounted for", async () => {
    expect(await judge(lines)).toMatchObject({
      holds: true,
      problems: [],
      account: "acc_1",
      exchanges: 10,
      erased: 1,
      withheld: [],
    });
  });

  it("holds with prompt and response withheld, and shows that they are", async () => {
    const short = await bundle("acc_1", ["prompt", "response"]);
    expect(short.join("")).not.toContain(Buffer.from('{"answer":"ex_1"}').toString("base64"));
    expect(await judge(short)).toMatchObject({ holds: true, withheld: ["prompt", "response"] });
  });

  it("does not hold against another log's key", async () => {
    const other = newSigner((JSON.parse(lines[0]!) as BundleHead).checkpoint.split("\n")[0]!);
    expect((await judge(lines, [other.verifier])).holds).toBe(false);
    expect((await judge(lines, [])).holds).toBe(false);
  });

  it("does not hold with an exchange left out, added, changed or put in another place", async () => {
    for (let at = 1; at < lines.length - 1; at++) {
      const without = [
        JSON.stringify({ ...(JSON.parse(lines[0]!) as BundleHead), items: lines.length - 2 }),
        ...lines.slice(1).filter((_, i) => i + 1 !== at),
      ];
      expect((await judge(without)).holds, `line ${at} left out`).toBe(false);
    }
    const swapped = [...lines];
    [swapped[2], swapped[3]] = [swapped[3]!, swapped[2]!];
    expect((await judge(swapped)).holds).toBe(false);
    const item = JSON.parse(lines[2]!) as BundleItem;
    const forged = Buffer.from('{"answer":"something else"}').toString("base64");
    const changed = {
      ...item,
      opened: { ...item.opened, response: { ...item.opened!.response!, value: forged } },
    };
    expect((await judge(lines.with(2, JSON.stringify(changed)))).problems[0]).toContain(
      "the response shown is not what leaf",
    );
    expect((await judge(lines.with(2, JSON.stringify({ ...item, leaf: item.leaf + 1 })))).holds).toBe(false);
    const erased = { leaf: item.leaf, entry: item.entry, path: item.path, erased: true };
    expect((await judge(lines.with(2, JSON.stringify(erased)))).problems.join()).toContain(
      "no erasure in the bundle says so",
    );
  });

  it("does not hold with exchanges left out elsewhere than where erased ones stand", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    for (let i = 0; i < 10; i++) await record(ledger, "acc_gaps", `ex_gap_${i}`);
    for (const i of [7, 8, 9]) await ledger.erase({ exchange: `ex_gap_${i}`, reason: "asked" });
    await ledger.stop();
    const whole = await bundle("acc_gaps");
    expect(await judge(whole)).toMatchObject({ holds: true, exchanges: 7, erased: 3 });
    const cut = [
      JSON.stringify({ ...(JSON.parse(whole[0]!) as BundleHead), items: whole.length - 4 }),
      ...whole.slice(1).toSpliced(2, 3),
    ];
    expect((await judge(cut)).problems[0]).toContain("stands where exchange 3 should be");
  });

  it("opens a commitment in one way only: bytes cannot move between salt and value", async () => {
    const item = JSON.parse(lines[2]!) as BundleItem;
    const { salt, value } = item.opened!.response!;
    const [s, v] = [Buffer.from(salt, "base64"), Buffer.from(value, "base64")];
    const joined = Buffer.concat([s, Buffer.of(4), v]);
    for (let at = 1; at < joined.length; at++) {
      if (joined[at] !== 4 || at === 16) continue;
      const moved = {
        salt: joined.subarray(0, at).toString("base64"),
        value: joined.subarray(at + 1).toString("base64"),
      };
      const changed = { ...item, opened: { ...item.opened, response: moved } };
      expect((await judge(lines.with(2, JSON.stringify(changed)))).holds).toBe(false);
    }
    // The same bytes under the same hash: without the check of the length this would hold.
    const four = Buffer.concat([s.subarray(0, 15), Buffer.of(4)]);
    expect(opens(commit(four, 4, v), four, 4, v)).toBe(true);
    expect(opens(commit(four, 4, v), four.subarray(0, 15), 4, Buffer.concat([Buffer.of(4), v]))).toBe(false);
  });

  it("says which exchanges the log did not see being served", async () => {
    const ledger = await Ledger.open({ dataDir, now });
    const endedAt = Date.parse("2019-01-02T00:00:00Z");
    await ledger.import({
      intent: {
        id: "ex_old",
        account: "acc_imported",
        key: "",
        receivedAt: endedAt,
        client: {},
        endpoint: "/v1/chat/completions",
        model: "m",
        permit: null,
        upstream: "import",
        request: Buffer.from("{}"),
      },
      result: {
        status: 200,
        outcome: "complete",
        contentType: "application/json",
        response: [Buffer.from("{}")],
        usage: { input: null, output: null },
        firstByteMs: null,
      },
      endedAt,
    });
    await ledger.stop();
    const verdict = await judge(await bundle("acc_imported"));
    expect(verdict).toMatchObject({ holds: true, exchanges: 1, notWitnessed: 1 });
    expect(verdict.limits.join()).toContain("did not see them being served");
  });

  it("of another account's exchange is noticed", async () => {
    const [first, ...theirs] = await bundle("acc_2");
    const head = { ...(JSON.parse(first!) as BundleHead), subject: { account: "acc_1" } };
    expect((await judge([JSON.stringify(head), ...theirs])).problems[0]).toContain("is of account acc_2");
  });

  it("with any one character changed never holds as if nothing were, and never breaks the verifier", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.constantFrom("A", "z", "0", '"', "{", "\\", "\u0000", "é"),
        async (l, c, char) => {
          const line = l % lines.length;
          const text = lines[line]!;
          const at = c % text.length;
          if (text[at] === char) return;
          const changed = lines.with(line, text.slice(0, at) + char + text.slice(at + 1));
          try {
            const verdict = await judge(changed);
            // The date on which the bundle was made is not authenticated, and not shown as if it were.
            if (verdict.holds)
              expect(
                line === 0 && text.indexOf('"made"') <= at && at <= text.indexOf('"made"') + 40,
                changed[line],
              ).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(EvidenceError);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("is refused for an account without exchanges", async () => {
    await expect(bundle("acc_nobody")).rejects.toMatchObject({ code: "empty" });
  });
});
