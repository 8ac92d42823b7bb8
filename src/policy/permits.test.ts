import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSigner } from "../ledger/note.ts";
import { PermitCounts } from "./permit-counts.ts";
import type { NewPermit, Permit } from "./permit.ts";
import type { PermitCount, StoredPermit } from "./permits.ts";
import { newHolder } from "./proof.ts";
import { Store } from "./store.ts";

const now = Date.parse("2026-03-01T12:00:00.000Z");
const signer = newSigner("watch.example/log");
const holder = newHolder("lab");
let seed = 0;
const random = (bytes: number) => new Uint8Array(bytes).map((_, i) => (seed += 11) + i);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-permits-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function open(path = ":memory:"): Store {
  const store = new Store(path, { now: () => now, random });
  if (!store.findAccount("acme")) store.createAccount({ account: "acme" }, "test");
  return store;
}

function issue(store: Store, change: Partial<NewPermit> = {}): Permit {
  const wanted: NewPermit = {
    account: "acme",
    holder: holder.verifier.vkey,
    purpose: "classifier",
    distribution: "internal",
    models: ["*"],
    volume: { exchanges: 640 },
    expires: "2026-06-01T00:00:00Z",
    ...change,
  };
  return store.permits.issue(wanted, { signer, now, random }, "test");
}

describe("permits in the control database", () => {
  it("are issued, listed and revoked, each change for the journal", () => {
    const store = open();
    const permit = issue(store);
    expect(store.permits.get(permit.id)).toMatchObject({ permit, revokedAt: null, left: { exchanges: 640 } });
    expect(store.permits.list("acme")).toHaveLength(1);
    expect(store.permits.list("other")).toEqual([]);
    const before = store.version();
    const revoked = store.permits.revoke(permit.id, "cli:me", "contract ended");
    expect(revoked).toMatchObject({ revokedAt: "2026-03-01T12:00:00.000Z", reason: "contract ended" });
    expect(store.version()).not.toBe(before);
    expect(store.permits.revoke(permit.id, "cli:me", "again").reason).toBe("contract ended");
    expect(store.drainChanges().slice(1)).toMatchObject([
      { kind: "permit.issued", subject: permit.id, actor: "test", detail: { signature: permit.signature } },
      { kind: "permit.revoked", subject: permit.id, detail: { account: "acme", reason: "contract ended" } },
    ]);
  });

  it("need an account that is there", () => {
    const store = open();
    expect(() => issue(store, { account: "nobody" })).toThrow(/no account nobody/);
    expect(() => store.permits.get("permit_1")).toThrow(/no permit permit_1/);
    expect(store.drainChanges()).toHaveLength(1);
  });
});

describe("counting a permit down", () => {
  it("holds a block on disk before the first exchange of it, and gives the rest back at a stop", () => {
    const store = open();
    const { id } = issue(store);
    const counts = new PermitCounts(store.permits);
    const one = { exchanges: 1, outputTokens: 0 };
    const before = store.version();
    const taken = counts.take(store.permits.get(id), one);
    expect(taken.left).toEqual({ exchanges: 639, outputTokens: null });
    // 640 in 64 blocks.
    expect(store.permits.get(id)).toMatchObject({ held: { exchanges: 10 }, used: { exchanges: 0 } });
    expect(store.version()).toBe(before);
    taken.settle(7);
    taken.settle(7);
    counts.flush();
    expect(store.permits.get(id)).toMatchObject({
      held: { exchanges: 10 },
      used: { exchanges: 1, outputTokens: 7 },
    });
    counts.take(store.permits.get(id), one).settle(null);
    counts.release();
    expect(store.permits.get(id)).toMatchObject({
      held: { exchanges: 1, outputTokens: 7 },
      used: { exchanges: 1, outputTokens: 7 },
      left: { exchanges: 639 },
    });
  });

  it("takes nothing when the disk refuses", () => {
    const store = open();
    const stored = store.permits.get(issue(store).id);
    const counts = new PermitCounts({
      save: () => {
        throw new Error("disk full");
      },
    });
    expect(() => counts.take(stored, { exchanges: 1, outputTokens: 5 })).toThrow("disk full");
    expect(counts.usedOf(stored)).toEqual({ exchanges: 0, outputTokens: 0 });
  });

  it("never has less on disk than was used, whatever order things end in and whenever it is killed", () => {
    const volume = fc.record({
      exchanges: fc.option(fc.integer({ min: 1, max: 500 })),
      outputTokens: fc.integer({ min: 1, max: 100_000 }),
    });
    const step = fc.oneof(
      fc.record({ do: fc.constant("take" as const), tokens: fc.integer({ min: 0, max: 500 }) }),
      fc.record({
        do: fc.constant("settle" as const),
        which: fc.nat(20),
        // Now and then the upstream gives more than its cap.
        tokens: fc.option(fc.integer({ min: 0, max: 700 })),
      }),
      fc.record({ do: fc.constantFrom("flush" as const, "kill" as const, "stop" as const) }),
    );
    fc.assert(
      fc.property(volume, fc.array(step, { maxLength: 80 }), (volume, steps) => {
        let disk: PermitCount = {
          id: "p",
          used: { exchanges: 0, outputTokens: 0 },
          held: { exchanges: 0, outputTokens: 0 },
        };
        const stored = (): StoredPermit =>
          ({ permit: { id: "p", volume }, held: disk.held }) as unknown as StoredPermit;
        const start = () => new PermitCounts({ save: ([one]) => void (disk = one ?? disk) });
        let counts = start();
        const truth = { exchanges: 0, outputTokens: 0 };
        let open: ReturnType<PermitCounts["take"]>[] = [];
        for (const one of steps) {
          if (one.do === "take") open.push(counts.take(stored(), { exchanges: 1, outputTokens: one.tokens }));
          if (one.do === "settle" && open.length > 0) {
            const [taken] = open.splice(one.which % open.length, 1);
            taken!.settle(one.tokens);
            if (one.tokens !== null) {
              truth.exchanges++;
              truth.outputTokens += one.tokens;
            }
          }
          if (one.do === "flush") counts.flush();
          if (one.do === "kill") [counts, open] = [start(), []];
          if (one.do === "stop") {
            for (const taken of open) taken.settle(null);
            open = [];
            counts.release();
            counts = start();
          }
          if (disk.held.exchanges < truth.exchanges || disk.held.outputTokens < truth.outputTokens)
            return false;
        }
        return true;
      }),
    );
  });

  it("survives kill -9: what a killed process served is counted by the next one, and at most a block more", async () => {
    const data = join(folder, "killed");
    const store = open(data);
    const { id } = issue(store);
    store.close();
    const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
    const script = `
      const { Store } = await import(${url("./store.ts")});
      const { PermitCounts } = await import(${url("./permit-counts.ts")});
      const store = new Store(${JSON.stringify(data)}, { now: Date.now, random: (n) => new Uint8Array(n) });
      const counts = new PermitCounts(store.permits);
      const stored = store.permits.get(${JSON.stringify(id)});
      for (let i = 0; i < 37; i++) counts.take(stored, { exchanges: 1, outputTokens: 0 }).settle(1);
      process.stdout.write("37\\n");
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    const after = new Store(data, { now: () => now, random });
    const counts = new PermitCounts(after.permits);
    const used = counts.usedOf(after.permits.get(id));
    expect(used.exchanges).toBeGreaterThanOrEqual(37);
    expect(used.exchanges).toBeLessThan(37 + 10);
    expect(used.outputTokens).toBeGreaterThanOrEqual(37);
    after.close();
  });
});
