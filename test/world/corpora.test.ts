import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conversation } from "../../src/exchange/conversation.ts";
import { seeded } from "../../src/stats/random.ts";
import { corpusArchetypes } from "./corpus-actor.ts";
import { type Corpora, corpusKinds, lineageOf, loadCorpora } from "./corpora.ts";
import { citizen, generateWorld } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "corpora-"));
const write = (name: string, rows: readonly object[]): void =>
  writeFileSync(
    join(folder, `${name}.jsonl.gz`),
    gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join("")),
  );
const ask = (content: string): object[] => [{ role: "user", content }];

beforeAll(() => {
  for (const kind of corpusKinds) mkdirSync(join(folder, kind));
  write(
    "harvest/alpaca_like",
    Array.from({ length: 80 }, (_, i) => ({
      id: `a${i}`,
      messages: ask(`task ${i}`),
      response: `answer ${i}`,
    })),
  );
  write(
    "harvest_wire/self_instruct_like",
    Array.from({ length: 60 }, (_, i) => ({
      id: `s${i}`,
      messages: ask(`make ${i}`),
      meta: { temperature: 1, usd: 3 },
    })),
  );
  write(
    "benign_app/booking",
    Array.from({ length: 30 }, (_, i) => ({
      id: `b${i}`,
      messages: ask(`talk ${i}`),
      response: "ok",
      conv: `c${Math.floor(i / 3)}`,
    })),
  );
  write(
    "benign_user/arena",
    Array.from({ length: 30 }, (_, i) => ({
      id: `u${i}`,
      messages: ask(`ask ${i}`),
      t: 1_680_000_000 + 3600 * i,
      user: `p${i % 7}`,
    })),
  );
  write("evaluator/gsm8k_like", [{ id: "e", messages: ask("sum"), response: "4" }, { id: "no messages" }]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const archetypeOf = (corpora: Corpora, name: string, order: "file" | "random" = "file") => {
  const found = corpusArchetypes(corpora, { order }).find((each) => each.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe("a folder of corpora", () => {
  it("is read with kinds, lineages and as many rows as wanted", async () => {
    const { corpora } = await loadCorpora(folder, { rows: 50 });
    expect(corpora.map(({ name, kind, lineage, rows }) => [name, kind, lineage, rows.length])).toEqual([
      ["alpaca_like", "harvest", "alpaca", 50],
      ["self_instruct_like", "harvest_wire", "alpaca", 50],
      ["booking", "benign_app", "booking", 30],
      ["arena", "benign_user", "arena", 30],
      ["gsm8k_like", "evaluator", "gsm8k", 1],
    ]);
    expect((await loadCorpora(folder, { names: ["arena"] })).corpora).toHaveLength(1);
    expect(lineageOf("evol_instruct_code")).toBe("code alpaca");
    expect(lineageOf("evol_instruct_rewrite_requests")).toBe("alpaca");
  });

  it("is sent by accounts: no row twice, answers and parameters as they are, and then nothing more", async () => {
    const corpora = await loadCorpora(folder);
    for (const order of ["file", "random"] as const) {
      const one = citizen(seeded("alpaca account"), "acc", archetypeOf(corpora, "alpaca_like", order));
      const said = [...one.exchanges(500)].map((x) => conversation(x));
      const prompts = said.map(({ turns }) => turns[0]?.text);
      expect(new Set(prompts).size).toBe(80);
      for (const { turns, answers } of said)
        if (answers[0] !== undefined) expect(answers[0]).toBe(turns[0]?.text.replace("task", "answer"));
      expect([one.family, one.application, one.lineage, one.harvests]).toEqual([
        "alpaca_like",
        null,
        "alpaca",
        true,
      ]);
    }
    const [request] = citizen(seeded(1), "acc", archetypeOf(corpora, "self_instruct_like")).exchanges(1);
    expect(request?.request["temperature"]).toBe(1);
    expect(request?.request["usd"]).toBeUndefined();
    expect(request?.response).toBeNull();
  });

  it("keeps conversations together, real pauses and end users", async () => {
    const corpora = await loadCorpora(folder);
    for (const order of ["file", "random"] as const) {
      const talk = [
        ...citizen(seeded("booking"), "acc", archetypeOf(corpora, "booking", order)).exchanges(30),
      ];
      const numbers = talk.map((x) => Number(conversation(x).turns[0]?.text.slice(5)));
      for (let i = 0; i < 30; i += 3)
        expect([numbers[i], numbers[i + 1], numbers[i + 2]]).toEqual(
          [0, 1, 2].map((k) => 3 * Math.floor((numbers[i] as number) / 3) + k),
        );
    }
    const people = [...citizen(seeded("arena"), "acc", archetypeOf(corpora, "arena")).exchanges(30)];
    const gaps = people
      .slice(1)
      .map((x, i) => Date.parse(x.time) - Date.parse((people[i] as (typeof people)[number]).time));
    expect(gaps.filter((gap) => gap === 3_600_000)).toHaveLength(28);
    expect(people.every((x) => /^p\d$/.test(conversation(x).endUser ?? ""))).toBe(true);
  });

  it("stands in a world beside the world's own, also under cover", async () => {
    const corpora = await loadCorpora(folder);
    const { citizens } = generateWorld({
      seed: 5,
      accounts: 400,
      exchangesPerAccount: 1,
      harvest: 0.5,
      evasion: 2,
      corpora,
    });
    expect(citizens.some(({ family, cover }) => family === "alpaca_like" && cover !== null)).toBe(true);
    expect(citizens.some(({ application }) => application === "arena")).toBe(true);
    const hidden = citizen(seeded(2), "acc", archetypeOf(corpora, "alpaca_like"), {
      evasion: 1,
      cover: archetypeOf(corpora, "arena"),
    });
    const acts = [...hidden.acts(40)];
    for (const { exchange, harvest } of acts)
      expect(JSON.stringify(exchange.request)).toContain(harvest ? "task" : "ask");
    expect(acts.map(({ exchange }) => exchange.time)).toEqual(
      acts.map(({ exchange }) => exchange.time).sort(),
    );
  });
});
