import { describe, expect, it } from "vitest";
import { citizen, generateWorld, honest } from "../../test/world/world.ts";
import { harvesters } from "../../test/world/harvesters.ts";
import type { Exchange, JsonObject } from "../exchange/exchange.ts";
import { seeded } from "../stats/random.ts";
import type { Alarm } from "./alarm.ts";
import { builtInCalibration, checkCalibration } from "./calibration.ts";
import { Detector } from "./detector.ts";
import { makeCalibration } from "./make-calibration.ts";
import { CHECKPOINTS } from "./trajectory.ts";
import { builtInWeights } from "./weights.ts";

const builtIn = builtInCalibration();
const world = [
  ...generateWorld({ seed: "detector", accounts: 24, exchangesPerAccount: 90, harvest: 0.3 }).exchanges(),
];
const about = { source: "test", codeVersion: "0", builtIn: false, weights: builtInWeights(), samplingKey: 7 };
// An operator's own calibration of a given size, with scores spread below what harvesters reach.
const own = (accounts: number) =>
  checkCalibration(
    makeCalibration(
      Array.from({ length: accounts }, (_, i) => ({
        scores: CHECKPOINTS.map(() => (2 * i) / accounts),
        signals: [],
        facts: null,
      })),
      about,
    ) as unknown as JsonObject,
    "test",
  );
const run = (detector: Detector, exchanges: Iterable<Exchange>): Alarm[] =>
  [...exchanges].flatMap((x) => detector.observe(x).alarms.filter((alarm) => "account" in alarm));
const campaign = (count: number): Exchange[] =>
  Array.from({ length: count }, (_, i) => [
    ...citizen(seeded(`c${i}`), `acc_h${i}`, harvesters[0] as (typeof harvesters)[number]).exchanges(30),
  ]).flat();

describe("Detector", () => {
  it("repeats itself", () => {
    const [a, b] = [new Detector({ calibration: builtIn }), new Detector({ calibration: builtIn })];
    expect(run(a, world)).toEqual(run(b, world));
    expect(a.finish()).toEqual(b.finish());
  });

  it("goes on from a snapshot as if there had been no break, wherever the break is", () => {
    for (const calibration of [builtIn, own(400)]) {
      const whole = new Detector({ calibration });
      const expected = run(whole, world);
      for (const at of [0, 1, 333, 1000, world.length]) {
        const before = new Detector({ calibration });
        const alarms = run(before, world.slice(0, at));
        const after = Detector.restore(before.snapshot(), { calibration });
        alarms.push(...run(after, world.slice(at)));
        expect(alarms).toEqual(expected);
        expect(after.finish()).toEqual(whole.finish());
        expect(after.snapshot()).toEqual(whole.snapshot());
      }
    }
  });

  it("refuses damaged snapshots and those of another calibration", () => {
    const detector = new Detector({ calibration: builtIn });
    run(detector, world.slice(0, 50));
    const bytes = detector.snapshot();
    const restore = (b: Uint8Array) => () => Detector.restore(b, { calibration: builtIn });
    expect(restore(bytes.slice(0, -1))).toThrow(/ends too early/);
    expect(restore(new Uint8Array(20))).toThrow(/not a snapshot/);
    expect(() => Detector.restore(bytes, { calibration: own(100) })).toThrow(/delete it and replay/);
  });

  it("alarms once per tier reached, with reasons, evidence of the account and a benign reading", () => {
    const detector = new Detector({ calibration: builtIn });
    const alarms = run(detector, world);
    expect(alarms.length).toBeGreaterThan(3);
    const seen = new Set<string>();
    for (const alarm of alarms) {
      const { account } = alarm;
      expect(seen.has(`${account} ${alarm.tier}`)).toBe(false);
      seen.add(`${account} ${alarm.tier}`);
      expect(["review", "watch"]).toContain(alarm.tier);
      expect(alarm.p).toBeLessThanOrEqual(alarm.tier === "review" ? 0.01 : 0.05);
      expect(alarm.q).toBeNull();
      expect(alarm.signals.length).toBeGreaterThanOrEqual(2);
      for (const { evidence, because } of alarm.signals) {
        expect(because.length).toBeGreaterThan(20);
        for (const id of evidence) expect(id.startsWith(`ex_${account}_`)).toBe(true);
      }
      expect(alarm.benignReading).toMatch(/^Could also be /);
      expect(alarm.calibration).toBe(builtIn.file.hash);
    }
    for (const s of detector.finish()) {
      const tiers = alarms.filter((a) => a.account === s.account);
      expect(s.tier).toBe(tiers.at(-1)?.tier ?? "none");
      expect(s.firstAlarmExchange === null).toBe(s.tier !== "review");
      expect(s.pairs).toBeLessThanOrEqual(s.exchanges);
    }
  });

  it("calls accounts bounded only with an operator's calibration that is large enough", () => {
    const tiers = (calibration: ReturnType<typeof own>, accounts: number): string[] => {
      const detector = new Detector({ calibration });
      run(detector, campaign(accounts));
      return detector.finish().map((s) => s.tier);
    };
    // Seven of the 64 of the first batch are needed: 1/401 <= 0.05 / 2 × 7 / 64.
    expect(new Set(tiers(own(400), 7))).toEqual(new Set(["bounded"]));
    expect(new Set(tiers(own(400), 6))).toEqual(new Set(["review"]));
    expect(tiers(own(2559), 1)).toEqual(["bounded"]);
    expect(tiers(own(2558), 1)).toEqual(["review"]);
    expect(tiers(builtIn, 8)).not.toContain("bounded");
  });

  it("gives q with bounded alarms, and raises an earlier suspect when others make the bar", () => {
    const alarms = run(new Detector({ calibration: own(400) }), campaign(8));
    const bounded = alarms.filter((a) => a.tier === "bounded");
    expect(bounded.map((a) => a.account).sort()).toEqual(Array.from({ length: 8 }, (_, i) => `acc_h${i}`));
    for (const { q } of bounded) expect(q).toBeLessThanOrEqual(0.05);
    // The first six wait at review until the seventh comes.
    expect(bounded.slice(0, 7).every((a) => a.time === bounded[0]?.time)).toBe(true);
    const review = alarms.filter((a) => a.tier === "review");
    expect(review).toHaveLength(6);
    for (const { q } of review) expect(q).toBeGreaterThan(0.05);
  });

  it("keeps the reasons of the look that brought an account where it stands, also when others raise the bar much later", () => {
    const detector = new Detector({ calibration: own(400) });
    const early = [
      ...citizen(seeded("c0"), "acc_early", harvesters[0] as (typeof harvesters)[number]).exchanges(40),
    ];
    const quiet = honest.find(({ name }) => name === "labelling") as (typeof honest)[number];
    const later = [...citizen(seeded("quiet"), "acc_early", quiet).exchanges(900)];
    run(detector, early);
    run(detector, later);
    const restored = Detector.restore(detector.snapshot(), { calibration: own(400) });
    const bounded = run(restored, campaign(8)).find(({ account }) => account === "acc_early");
    expect(bounded?.tier).toBe("bounded");
    const ids = new Set(early.map(({ id }) => id));
    const shown = bounded?.signals.find(({ name }) => name === "generator");
    expect(shown?.value).toBeGreaterThan(0.5);
    expect(shown?.evidence.length).toBeGreaterThan(0);
    for (const id of shown?.evidence ?? []) expect(ids).toContain(id);
  });

  it("goes on counting distinct pairs when a sketch is renewed", () => {
    const detector = new Detector({ calibration: builtIn });
    const answer = { choices: [{ message: { role: "assistant", content: "word ".repeat(150) } }] };
    for (let i = 0; i < 2400; i++)
      detector.observe({
        id: `ex_${i}`,
        time: new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
        account: "a",
        endpoint: "/v1/chat/completions",
        request: {
          messages: [
            {
              role: "user",
              content: `about ${"abcdefghij".charAt(i % 10)}${"klmnopqrst".charAt((i / 10) % 10)}`,
            },
          ],
        },
        response: answer,
        status: 200,
      });
    const { pairs } = detector.finish()[0] ?? {};
    expect(pairs).toBeGreaterThan(85);
    expect(pairs).toBeLessThan(115);
  });

  it("judges an account only as far as the calibration goes, and says so", () => {
    const short = checkCalibration(
      makeCalibration(
        Array.from({ length: 200 }, (_, i) => ({ scores: [i / 100, i / 100], signals: [], facts: null })),
        about,
      ) as unknown as JsonObject,
      "test",
    );
    const quiet = honest.find(({ name }) => name === "translation") as (typeof honest)[number];
    const early = [...citizen(seeded("quiet"), "acc_0", quiet).exchanges(40)];
    const late = [
      ...citizen(seeded("loud"), "acc_0", harvesters[0] as (typeof harvesters)[number]).exchanges(100),
    ];
    const judgedWith = (calibration: ReturnType<typeof own>) => {
      const detector = new Detector({ calibration });
      run(detector, [...early, ...late]);
      return detector.finish()[0];
    };
    expect(judgedWith(short)).toMatchObject({ judged: 35, exchanges: 140 });
    expect(judgedWith(short)?.p).toBeGreaterThan(0.05);
    // With one that goes further the same account is seen.
    expect(judgedWith(own(200))?.judged).toBeGreaterThanOrEqual(100);
    expect(judgedWith(own(200))?.tier).toBe("review");
  });

  it("does not judge small accounts, refusals, embeddings and what a permit covers", () => {
    const [first] = campaign(1);
    const judgedOn = (exchanges: Exchange[]) => {
      const detector = new Detector({ calibration: builtIn });
      expect(run(detector, exchanges)).toEqual([]);
      return detector.finish()[0];
    };
    const all = campaign(1);
    expect(judgedOn(all.slice(0, 24))).toMatchObject({ score: 0, p: 1, tier: "none", exchanges: 24 });
    expect(judgedOn(all.map((x) => ({ ...x, status: 429 })))).toMatchObject({ p: 1, exchanges: 30 });
    expect(judgedOn(all.map((x) => ({ ...x, permit: "permit_1" })))).toMatchObject({ p: 1, exchanges: 30 });
    expect(judgedOn(all.map((x) => ({ ...x, endpoint: "/v1/embeddings" })))).toMatchObject({
      p: 1,
      exchanges: 30,
    });
    expect(first).toBeDefined();
  });

  it("takes absurd exchanges without falling over", () => {
    const detector = new Detector({ calibration: builtIn });
    const requests: JsonObject[] = [
      {},
      { messages: "x" },
      { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      { prompt: "\uD800\u0000".repeat(9000) },
      { messages: [{ role: "user", content: "a".repeat(2_000_000) }] },
    ];
    for (let i = 0; i < 60; i++) {
      detector.observe({
        id: `ex_${i}`,
        time: "2026-01-01T00:00:00.000Z",
        account: "a",
        endpoint: "/v1/chat/completions",
        request: requests[i % requests.length] as JsonObject,
        response: i % 2 ? null : { choices: 3 },
        status: 200,
      });
    }
    expect(detector.finish()[0]?.p).toBeGreaterThan(0);
  });

  it("does not alarm because responses are missing", () => {
    // An everyday application of each kind, without a single response on record.
    const detector = new Detector({ calibration: builtIn });
    for (const archetype of honest.filter((a) => a.weight >= 4)) {
      for (const x of citizen(seeded(archetype.name), `acc_${archetype.name}`, archetype).exchanges(120))
        detector.observe({ ...x, response: null });
    }
    expect(detector.finish().filter((s) => s.tier === "review" || s.pairs > 0)).toEqual([]);
  });
});
