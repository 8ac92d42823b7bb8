import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realDisk } from "../ledger/disk.ts";
import { loadSigners } from "../ledger/signers.ts";
import { parsePermit } from "../policy/permit.ts";
import { parseHolder } from "../policy/proof.ts";
import { accounts } from "./accounts.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { permits } from "./permits.ts";
import { terms } from "./terms.ts";

let folder: string;
let data: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stillwatch-permits-cli-"));
  data = join(folder, "data");
  await loadSigners(data, { create: { disk: realDisk, origin: "watch.example" } });
  await run(accounts, ["add", "acme", "--data", data]);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(command: Command, argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  try {
    return { code: await command.run(argv, io), ...said };
  } catch (error) {
    // As main.ts tells it.
    if (error instanceof UsageError || (error as Error).name.endsWith("Error"))
      return { code: 2, out: said.out, err: (error as Error).message };
    throw error;
  }
}
const like = (pattern: RegExp) => expect.stringMatching(pattern) as string;
const file = (name: string) => join(folder, name);

describe("stillwatch permits", () => {
  const issue = (...more: string[]) => [
    ..."issue acme --holder H --purpose classifier --distribution internal --model m-*,t --exchanges 100 --expires 90d"
      .replace("H", file("lab.key"))
      .split(" "),
    "--data",
    data,
    ...more,
  ];

  it("makes a holder's key that only its owner reads, and never over another", async () => {
    const made = await run(permits, ["holder-key", "--name", "acme/lab", "--out", file("lab.key")]);
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^acme\/lab\+[0-9a-f]{8}\+/);
    expect(statSync(file("lab.key")).mode & 0o777).toBe(0o600);
    expect(parseHolder(readFileSync(file("lab.key"), "utf8")).verifier.vkey).toBe(made.out.trim());
    expect(await run(permits, ["holder-key", "--out", file("lab.key")])).toMatchObject({
      code: 2,
      err: like(/already/),
    });
  });

  it("issues, verifies, lists, shows and revokes", async () => {
    const issued = await run(
      permits,
      issue("--out", file("p.json"), "--note", "routing", "--terms", "openai"),
    );
    expect([issued.code, issued.out]).toEqual([0, ""]);
    const permit = parsePermit(readFileSync(file("p.json"), "utf8"));
    expect(permit).toMatchObject({
      account: "acme",
      models: ["m-*", "t"],
      note: "routing",
      terms: { name: "openai" },
    });
    const verify = ["verify", file("p.json"), "--trust", join(data, "log.vkey")];
    expect(await run(permits, verify)).toMatchObject({ code: 0, out: like(/^holds: permit_/) });
    expect(
      await run(permits, [...verify, "--model", "m-1", "--purpose", "classifier", "--account", "acme"]),
    ).toMatchObject({ code: 0 });
    expect(await run(permits, [...verify, "--model", "x"])).toMatchObject({
      code: 1,
      out: like(/wrong-model/),
    });
    expect(await run(permits, [...verify, "--purpose", "general"])).toMatchObject({
      code: 1,
      out: like(/wrong-purpose/),
    });
    expect(await run(permits, [...verify, "--at", "2099-01-01T00:00Z"])).toMatchObject({
      code: 1,
      out: like(/expired/),
    });
    const json = await run(permits, [...verify, "--data", data, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({ holds: true, code: null, left: { exchanges: 100 } });

    expect((await run(permits, ["list", "--data", data])).out).toMatch(
      /^PERMIT .*\npermit_\w+ +acme +until .* 0 of 100 \(100 left\)/,
    );
    const shown = JSON.parse(
      (await run(permits, ["show", permit.id, "--data", data, "--json"])).out,
    ) as object;
    expect(shown).toMatchObject({ permit, used: { exchanges: 0 }, revokedAt: null });
    expect(await run(permits, ["revoke", permit.id, "--data", data, "--reason", "over"])).toMatchObject({
      code: 0,
      err: like(/revoked since/),
    });
    expect(await run(permits, verify)).toMatchObject({ code: 0 });
    expect(await run(permits, [...verify, "--data", data])).toMatchObject({ code: 1, out: like(/revoked/) });
  });

  it("says what is wrong: 1 what does not hold, 2 what cannot be judged or is wrong input", async () => {
    await run(permits, issue("--out", file("q.json")));
    const text = readFileSync(file("q.json"), "utf8");
    writeFileSync(file("changed.json"), text.replace('"exchanges": 100', '"exchanges": 900'));
    writeFileSync(file("broken.json"), text.slice(0, 200));
    const trust = ["--trust", join(data, "log.vkey")];
    expect(await run(permits, ["verify", file("changed.json"), ...trust])).toMatchObject({
      code: 1,
      out: like(/bad-signature/),
    });
    expect(await run(permits, ["verify", file("broken.json"), ...trust])).toMatchObject({
      code: 2,
      err: like(/cannot be judged/),
    });
    expect(await run(permits, ["verify", file("q.json")])).toMatchObject({
      code: 2,
      err: like(/no trust anchor/),
    });
    expect(await run(permits, ["verify", file("none.json"), ...trust])).toMatchObject({
      code: 2,
      err: like(/no such file/),
    });
    expect(await run(permits, issue("--purpose", "fun"))).toMatchObject({
      code: 2,
      err: like(/purpose is "fun"/),
    });
    expect(await run(permits, ["issue", "acme", "--data", data])).toMatchObject({
      code: 2,
      err: like(/--holder is missing/),
    });
    expect(await run(permits, ["show", "permit_1", "--data", data])).toMatchObject({
      code: 2,
      err: like(/no permit permit_1/),
    });
    const fresh = file("fresh");
    await run(accounts, ["add", "acme", "--data", fresh]);
    expect(await run(permits, [...issue().slice(0, -1), fresh])).toMatchObject({
      code: 2,
      err: like(/first start of `stillwatch serve/),
    });
    for (const verb of [[], ["verify"], ["holder-key"]])
      expect(await run(permits, [...verb, "--help"])).toMatchObject({ code: 0, out: like(/Example/) });
  });
});

describe("stillwatch terms", () => {
  it("lists, shows and asks", async () => {
    expect((await run(terms, ["list"])).out).toMatch(/^NAME .*\nopenai +OpenAI/);
    const shown = await run(terms, ["show", "openai"]);
    writeFileSync(file("openai.json"), shown.out);
    expect(shown.err).toMatch(/not legal advice/);
    const ask = (name: string, purpose: string, distribution = "internal") =>
      run(terms, ["ask", name, "--purpose", purpose, "--distribution", distribution]);
    expect(await ask("openai", "classifier")).toMatchObject({
      code: 0,
      out: like(/^yes\n.*Permitted Exception/),
    });
    expect(await ask(file("openai.json"), "general")).toMatchObject({ code: 1, out: like(/^no\n/) });
    expect(await ask("anthropic", "general")).toMatchObject({ code: 1, out: like(/^needs-permit\n/) });
    expect(await ask("openai", "specialist")).toMatchObject({ code: 2, out: like(/^unknown\n/) });
    expect(await ask("openai", "fun")).toMatchObject({ code: 2, err: like(/none of evaluation/) });
  });

  it("checks datasets in files and folders", async () => {
    const rows = [
      { name: "good", licenses: ["MIT", "OpenAI"], modelGenerated: ["gpt-4"] },
      { name: "bad", licenses: ["MIT"], modelGenerated: ["gpt-4"] },
      { name: "ours", licenses: ["MIT"], modelGenerated: ["house-1"] },
    ];
    writeFileSync(file("sets.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const found = await run(terms, ["check", file("sets.jsonl"), "--json"]);
    expect(found.code).toBe(1);
    expect(
      found.out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { name: string; status: string }).status),
    ).toEqual(["flagged", "unknown"]);
    expect(found.err).toBe("3 datasets: 1 flagged, 1 carry the clause, 0 clear, 1 unknown\n");
    const own = {
      ...(JSON.parse((await run(terms, ["show", "own-model"])).out) as object),
      name: "house",
      models: ["house-*"],
    };
    writeFileSync(file("house.json"), JSON.stringify(own));
    expect((await run(terms, ["check", file("sets.jsonl"), "--terms", file("house.json")])).err).toMatch(
      /1 clear, 0 unknown/,
    );
    const row = JSON.stringify({ prompt: "p", answer: "a", teacher: "gpt-4o", license: "MIT" });
    writeFileSync(file("rows.jsonl"), `${row}\n`.repeat(50));
    expect((await run(terms, ["check", file("rows.jsonl")])).err).toMatch(/^1 datasets: 1 flagged/);
    writeFileSync(file("wrong.jsonl"), '{"name":"x"}\n');
    expect(await run(terms, ["check", file("wrong.jsonl")])).toMatchObject({
      code: 2,
      err: like(/must be an object/),
    });
  });
});
