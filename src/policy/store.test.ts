import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashSecret, isSecret } from "./secret.ts";
import { Store } from "./store.ts";
import type { StoreOptions } from "./store.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-policy-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = Date.parse("2026-03-01T12:00:00.000Z");

function options(): StoreOptions & { time: number } {
  let seed = 0;
  const clock = {
    time: start,
    now: () => clock.time,
    random: (bytes: number) => new Uint8Array(bytes).fill(++seed),
  };
  return clock;
}

const open = (at = options()) => new Store(":memory:", at);

describe("accounts", () => {
  it("are created, listed, changed, suspended and reactivated", () => {
    const store = open();
    const made = store.createAccount(
      { account: "acc_1", plan: "free", limits: { tokensPerDay: 100 } },
      "cli:me",
    );
    expect(made).toMatchObject({
      account: "acc_1",
      plan: "free",
      standing: "active",
      createdAt: "2026-03-01T12:00:00.000Z",
    });
    expect(store.createAccount({}, "cli:me").account).toMatch(/^acc_[0-9A-Z]{26}$/);
    expect(store.listAccounts()).toHaveLength(2);
    const changed = store.setAccount(
      "acc_1",
      {
        withheld: ["seed", "logprobs", "seed"],
        twins: 0.05,
        limits: { requestsPerMinute: 5, tokensPerDay: null },
      },
      "cli:me",
    );
    expect(changed).toMatchObject({
      withheld: ["logprobs", "seed"],
      twins: 0.05,
      limits: { requestsPerMinute: 5 },
    });
    expect(changed.limits).not.toHaveProperty("tokensPerDay");
    expect(store.suspend("acc_1", "cli:me", "harvest").standing).toBe("suspended");
    expect(store.reactivate("acc_1", "cli:me").standing).toBe("active");
    expect(store.getAccount("acc_1")).toEqual(changed);
    store.close();
  });

  it.each([
    [{ account: "" }, "account"],
    [{ account: "a b" }, "account"],
    [{ account: "acc_1" }, "exists already"],
    [{ twins: 2 }, "twins is 2"],
    [{ twins: Number.NaN }, "twins"],
    [{ withheld: ["everything"] }, 'withheld is "everything"; it must be one or more of'],
    [{ limits: { tokensPerDay: -1 } }, "tokensPerDay is -1"],
    [{ limits: { tokensPerHour: 1 } as never }, 'limit is "tokensPerHour"'],
    [{ createdAt: "soon" }, '"createdAt" is "soon"'],
    [{ plan: "x".repeat(300) }, "plan"],
  ])("refuses %j", (change, message) => {
    const store = open();
    store.createAccount({ account: "acc_1" }, "test");
    expect(() => store.createAccount(change, "test")).toThrow(message);
    expect(store.listAccounts()).toHaveLength(1);
    expect(store.drainChanges()).toHaveLength(1);
    expect(() => store.getAccount("acc_none")).toThrow(/no account acc_none/);
    store.close();
  });
});

describe("keys", () => {
  it("are shown once and stored hashed", () => {
    const data = join(folder, "hashed");
    const store = new Store(data, { now: () => start, random: (bytes) => new Uint8Array(bytes).fill(bytes) });
    store.createAccount({ account: "acc_1" }, "test");
    const { key, secret } = store.issueKey(
      { account: "acc_1", label: "ci", scopes: { models: ["m"] }, expiresAt: "2027-01-01T00:00:00Z" },
      "test",
    );
    expect(isSecret(secret)).toBe(true);
    expect(key).toMatchObject({ account: "acc_1", hint: secret.slice(-4), label: "ci", revokedAt: null });
    expect(store.findKeyByHash(hashSecret(secret))).toEqual(key);
    expect(JSON.stringify(store.drainChanges())).not.toContain(secret);
    store.close();
    const bytes = readFileSync(join(data, "control.db")).toString("latin1");
    expect(bytes).toContain(hashSecret(secret));
    expect(bytes).not.toContain(secret);
    expect(statSync(join(data, "control.db")).mode & 0o077).toBe(0);
  });

  it("rotate with an overlap, and are revoked without touching the account", () => {
    const clock = options();
    const store = open(clock);
    store.createAccount({ account: "acc_1" }, "test");
    const old = store.issueKey(
      { account: "acc_1", label: "a", scopes: { endpoints: ["/v1/embeddings"] } },
      "test",
    );
    const next = store.rotateKey(old.key.key, 3_600_000, "test");
    expect(next.secret).not.toBe(old.secret);
    expect(next.key).toMatchObject({ account: "acc_1", label: "a", scopes: old.key.scopes, expiresAt: null });
    expect(store.getKey(old.key.key).expiresAt).toBe("2026-03-01T13:00:00.000Z");
    // A key that ends sooner than the overlap is not prolonged.
    store.rotateKey(old.key.key, 86_400_000, "test");
    expect(store.getKey(old.key.key).expiresAt).toBe("2026-03-01T13:00:00.000Z");

    const revoked = store.revokeKey(next.key.key, "test", "stolen");
    expect(revoked.revokedAt).toBe("2026-03-01T12:00:00.000Z");
    clock.time += 1000;
    expect(store.revokeKey(next.key.key, "test")).toEqual(revoked);
    expect(store.getAccount("acc_1").standing).toBe("active");
    expect(() => store.rotateKey(next.key.key, 0, "test")).toThrow(/not revoked/);
    expect(store.listKeys("acc_1")).toHaveLength(3);
    expect(store.listKeys("acc_2")).toEqual([]);
    store.close();
  });

  it.each([
    [{ account: "acc_none" }, "no account acc_none"],
    [{ account: "acc_1", scopes: { endpoints: ["/v1/files"] } }, 'scope is "/v1/files"; it must be one of'],
    [{ account: "acc_1", expiresAt: "tomorrow" }, '"expiry" is "tomorrow"'],
    [{ account: "acc_1", limits: { usdPerDay: -2 } }, "usdPerDay is -2"],
  ])("refuses %j", (wanted, message) => {
    const store = open();
    store.createAccount({ account: "acc_1" }, "test");
    expect(() => store.issueKey(wanted, "test")).toThrow(message);
    expect(store.listKeys()).toEqual([]);
    store.close();
  });
});

describe("the outbox of changes", () => {
  it("gives every change once, in order, until it is marked", () => {
    const store = open();
    store.createAccount({ account: "acc_1" }, "cli:me");
    const { key } = store.issueKey({ account: "acc_1" }, "cli:me");
    store.suspend("acc_1", "admin:x", "why");
    const changes = store.drainChanges();
    expect(changes.map(({ kind, subject, actor }) => [kind, subject, actor])).toEqual([
      ["account.created", "acc_1", "cli:me"],
      ["key.issued", key.key, "cli:me"],
      ["account.changed", "acc_1", "admin:x"],
    ]);
    expect(changes[2]).toMatchObject({
      time: "2026-03-01T12:00:00.000Z",
      detail: { standing: "suspended", reason: "why" },
    });
    store.markJournaled(changes[1]!.seq);
    expect(store.drainChanges().map((change) => change.seq)).toEqual([changes[2]!.seq]);
    expect(store.drainChanges(0)).toEqual([]);
    store.close();
  });
});

describe("the database", () => {
  it("is shared by processes: each sees that the other changed something", () => {
    const data = join(folder, "shared");
    const [one, two] = [new Store(data, options()), new Store(data, options())];
    const before = [one.version(), two.version()];
    one.createAccount({ account: "acc_1" }, "test");
    expect(one.version()).not.toBe(before[0]);
    expect(two.version()).not.toBe(before[1]);
    expect(two.getAccount("acc_1").account).toBe("acc_1");
    const after = two.version();
    expect(two.version()).toBe(after);
    one.close();
    two.close();
  });

  it("is refused when a newer version wrote it, or when it is none", () => {
    const data = join(folder, "newer");
    new Store(data, options()).close();
    const raw = new DatabaseSync(join(data, "control.db"));
    raw.exec("pragma user_version = 99");
    raw.close();
    expect(() => new Store(data, options())).toThrow(/newer Stillwatch/);
    expect(() => new Store("/dev/null/x", options())).toThrow(/cannot be opened/);
  });
});
