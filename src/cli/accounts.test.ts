import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashSecret, isSecret } from "../policy/secret.ts";
import { Store } from "../policy/store.ts";
import { accounts } from "./accounts.ts";
import type { Command } from "./command.ts";
import { keys } from "./keys.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(
  command: Command,
  line: string,
  data = "data",
): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  const argv = line.split(" ").filter((word) => word !== "");
  const code = await command.run([...argv, "--data", join(folder, data)], io);
  return { code, ...said };
}

const json = async (command: Command, line: string, data?: string) => {
  const answer = await run(command, `${line} --json`, data);
  expect([answer.code, answer.err]).toEqual([0, ""]);
  return JSON.parse(answer.out) as Record<string, unknown>;
};

describe("stillwatch accounts", () => {
  it("adds, shows, changes, suspends and reactivates", async () => {
    expect(await run(accounts, "add acme --plan business --limit tokensPerDay=100")).toEqual({
      code: 0,
      out: "acme\n",
      err: "",
    });
    const changed = await json(
      accounts,
      "set acme --limit tokensPerDay=none --limit usdPerDay=2.5 --withhold logprobs,n --twins 0.1 --verified true --plan none",
    );
    expect(changed).toMatchObject({
      plan: null,
      limits: { usdPerDay: 2.5 },
      withheld: ["logprobs", "n"],
      twins: 0.1,
      verified: true,
    });
    expect(await json(accounts, "set acme --withhold none")).toMatchObject({ withheld: [], twins: 0.1 });
    expect(await json(accounts, "suspend acme --reason test")).toMatchObject({ standing: "suspended" });
    expect((await run(accounts, "list")).out).toMatch(/^ACCOUNT +STANDING.*\nacme +suspended +- /);
    expect((await run(accounts, "reactivate acme")).out).toMatch(/standing +active/);
    expect(await json(accounts, "show acme")).toMatchObject({
      account: "acme",
      standing: "active",
      keys: [],
    });
    const store = new Store(join(folder, "data"), { now: () => 0, random: (bytes) => new Uint8Array(bytes) });
    expect(store.drainChanges()[3]).toMatchObject({
      actor: expect.stringMatching(/^cli:/),
      detail: { reason: "test" },
    });
    store.close();
  });

  it("adds the accounts of an accounts file", async () => {
    const file = join(folder, "accounts.jsonl");
    const lines = [
      { account: "acc_1", plan: "free", limits: { requestsPerMinute: 9 } },
      { account: "acc_2" },
      {},
    ];
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
    const first = await run(accounts, `add --from ${file} --json`, "file");
    expect(JSON.parse(first.out)).toEqual({ added: 2, skipped: 1 });
    expect(first.err).toContain('line 3: "account" is missing');
    const second = await run(accounts, `add --from ${file}`, "file");
    expect(second).toMatchObject({ code: 0, out: "0 added, 3 skipped\n" });
    expect(await json(accounts, "show acc_1", "file")).toMatchObject({
      plan: "free",
      limits: { requestsPerMinute: 9 },
    });
  });

  it.each([
    ["add acme", "exists already"],
    ["add a b", "exactly one account id"],
    ["set acme --limit tokensPerDay=many", "--limit tokensPerDay=many: write NAME=NUMBER"],
    ["set acme --limit tokens=5", 'limit is "tokens"'],
    ["set acme --twins lots", "--twins lots: write a number"],
    ["set acme --verified yes", "write true or false"],
    ["set acme --colour red", "--colour"],
    ["set", "exactly one account id"],
    ["show nobody", "there is no account nobody"],
    ["paint acme", "there is no `accounts paint`; there is add, list"],
  ])("answers 2 to `%s`", async (line, message) => {
    await run(accounts, "add acme", "wrong");
    const answer = await run(accounts, line, "wrong");
    expect(answer).toMatchObject({ code: 2, out: "" });
    expect(answer.err).toContain(message);
    expect(answer.err).not.toContain("    at ");
  });

  it("does not make a data folder by looking, and says what is missing", async () => {
    expect(await run(accounts, "list", "nowhere")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--data DIR"),
    });
    expect(await run(accounts, "add x", "../../dev/null/x")).toMatchObject({ code: 1 });
  });

  it("helps", async () => {
    for (const command of [accounts, keys]) {
      expect(await run(command, "add --help")).toEqual({ code: 0, out: command.help, err: "" });
      const said: string[] = [];
      const code = await command.run([], { out: (text) => void said.push(text), err: () => undefined });
      expect([code, said]).toEqual([2, [command.help]]);
    }
  });
});

describe("stillwatch keys", () => {
  it("prints a secret once, rotates and revokes", async () => {
    await run(accounts, "add acme", "keys");
    const added = await run(
      keys,
      "add acme --label ci --expires 90d --model m1,m2 --limit requestsPerMinute=3",
      "keys",
    );
    const secret = added.out.trim();
    expect([added.code, isSecret(secret)]).toEqual([0, true]);
    const listed = await json(keys, "list acme", "keys");
    expect(listed).toMatchObject([
      {
        account: "acme",
        label: "ci",
        hint: secret.slice(-4),
        scopes: { models: ["m1", "m2"] },
        limits: { requestsPerMinute: 3 },
      },
    ]);
    expect(JSON.stringify(listed)).not.toContain(secret);
    const [{ key: id } = { key: "" }] = listed as unknown as { key: string }[];

    const rotated = await json(keys, `rotate ${id} --overlap 0`, "keys");
    expect(rotated).toMatchObject({ account: "acme", label: "ci", scopes: { models: ["m1", "m2"] } });
    expect(isSecret(String(rotated["secret"]))).toBe(true);
    const table = (await run(keys, "list", "keys")).out;
    expect(table).toMatch(new RegExp(`${id} +acme +….... +expired`));
    expect(await json(keys, `revoke ${String(rotated["key"])}`, "keys")).toMatchObject({
      revokedAt: expect.any(String),
    });

    const store = new Store(join(folder, "keys"), { now: () => 0, random: (bytes) => new Uint8Array(bytes) });
    expect(store.findKeyByHash(hashSecret(secret))?.key).toBe(id);
    store.close();
  });

  it.each([
    ["add nobody", "there is no account nobody"],
    ["add acme --expires soon", "--expires soon: write a time such as"],
    ["add acme --endpoint /v1/files", 'scope is "/v1/files"'],
    ["rotate key_none", "there is no key key_none"],
    ["revoke", "exactly one key id"],
    ["list nobody", "there is no account nobody"],
  ])("answers 2 to `%s`", async (line, message) => {
    await run(accounts, "add acme", "keys2");
    const answer = await run(keys, line, "keys2");
    expect(answer).toMatchObject({ code: 2, out: "" });
    expect(answer.err).toContain(message);
  });
});
