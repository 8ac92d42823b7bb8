import { describe, expect, it } from "vitest";
import { builtInCalibration, checkCalibration } from "../src/detect/calibration.ts";
import { CourseRecorder } from "../src/detect/course.ts";
import { Detector } from "../src/detect/detector.ts";
import { makeCalibration } from "../src/detect/make-calibration.ts";
import { builtInWeights } from "../src/detect/weights.ts";
import { Reader } from "../src/detect/reading.ts";
import type { JsonObject } from "../src/exchange/exchange.ts";
import { conversation } from "../src/exchange/conversation.ts";
import { binomialUpperTail } from "../src/stats/interval.ts";
import { seeded } from "../src/stats/random.ts";
import { harvesters } from "./world/harvesters.ts";
import type { Archetype } from "./world/actor.ts";
import { type Citizen, citizen, generateWorld, honest } from "./world/world.ts";

// An account is looked at again and again; what counts is whether it was ever alarmed.
const everAlarmed = (citizens: readonly Citizen[], exchanges: number, calibration = builtInCalibration()) => {
  const detector = new Detector({ calibration });
  for (const c of citizens) for (const x of c.exchanges(exchanges)) detector.observe(x);
  const scores = detector.finish();
  return {
    review: scores.filter((s) => s.tier === "review").length,
    watch: scores.filter((s) => s.tier !== "none").length,
    scores,
  };
};
const honestCitizens = (seed: string, accounts: number): readonly Citizen[] =>
  generateWorld({ seed, accounts, exchangesPerAccount: 1 }).citizens;
/** How surprising so many alarms are when the stated rate holds. */
const surprise = binomialUpperTail;

describe("error control under continuous looking", () => {
  it("alarms no more fresh honest accounts than stated, with the built-in calibration", () => {
    const n = 300;
    const { review, watch } = everAlarmed(honestCitizens("null 1", n), 200);
    expect(surprise(review, n, 0.01)).toBeGreaterThan(0.001);
    expect(surprise(watch, n, 0.05)).toBeGreaterThan(0.001);
  });

  // What the accounts of a world went through in so many exchanges, as an operator would calibrate on them.
  const calibrationOf = (citizens: readonly Citizen[], length: number) => {
    const reader = new Reader();
    const courses = citizens.map((c) => {
      const course = new CourseRecorder(builtInWeights(), c.account);
      for (const x of c.exchanges(length)) course.observe(course.trajectory.read(reader, conversation(x)), x);
      return course;
    });
    const file = makeCalibration(courses, {
      source: "test",
      codeVersion: "0",
      builtIn: false,
      weights: builtInWeights(),
      samplingKey: 0,
    });
    return checkCalibration(file as unknown as JsonObject, "test");
  };

  // The second: accounts much longer than the stretch that the calibration was made from.
  for (const [calibrated, tested] of [
    [140, 140],
    [40, 280],
  ] as const) {
    it(`holds for accounts of ${tested} exchanges with a calibration of others over ${calibrated}`, () => {
      const n = 300;
      const calibration = calibrationOf(honestCitizens("null 2", n), calibrated);
      const { review, watch, scores } = everAlarmed(honestCitizens("null 3", n), tested, calibration);
      // The calibration's own draw adds as much spread as the test's: Beta(15.05, 285.95) at 0.05, so the bar is generous.
      expect(surprise(review, n, 0.025)).toBeGreaterThan(0.001);
      expect(surprise(watch, n, 0.07)).toBeGreaterThan(0.001);
      // p-values are spread over the whole of 0..1: a detector that says nothing would pass the lines above.
      expect(scores.filter((s) => s.p <= 0.5).length / n).toBeGreaterThan(0.35);
    });
  }
});

describe("power in the world", () => {
  const atReview = (family: Archetype, evasion: 0 | 1 | 2, exchanges: number): number => {
    const n = 12;
    const citizens = Array.from({ length: n }, (_, i) =>
      citizen(seeded(`power ${family.name} ${i}`), `acc_${i}`, family, {
        evasion,
        ...(evasion > 0 && { cover: honest[(7 * i) % honest.length] as Archetype }),
      }),
    );
    return everAlarmed(citizens, exchanges).review / n;
  };
  // What asks for prompts, tasks, traces or logits shows itself. The other families look like honest applications one by one
  // (docs/detection.md says so); they are measured in the bench and take part in the mean below.
  const SHOWN = new Set([
    "generator",
    "evolver",
    "answers",
    "code tasks",
    "code evolver",
    "item rewriting",
    "reasoning traces",
    "trace cleaner",
    "logit extraction",
    "dialogue factory",
  ]);
  for (const family of harvesters.filter(({ name }) => SHOWN.has(name))) {
    it(`brings accounts of "${family.name}" to review within 100 exchanges`, () => {
      expect(atReview(family, 0, 100)).toBeGreaterThanOrEqual(0.75);
    });
  }

  it("finds two accounts in five over all families, and one in four behind as much cover traffic", () => {
    const mean = (evasion: 0 | 1, exchanges: number): number =>
      harvesters.reduce((sum, family) => sum + atReview(family, evasion, exchanges), 0) / harvesters.length;
    expect(mean(0, 100)).toBeGreaterThan(0.4);
    expect(mean(1, 200)).toBeGreaterThan(0.25);
  });

  it("finds an account that begins to harvest after 800 honest exchanges", () => {
    const n = 12;
    const detector = new Detector({ calibration: builtInCalibration() });
    for (const [i, honest] of honestCitizens("sleepers", n).entries()) {
      const { account } = honest.account;
      const harvester = citizen(
        seeded(`sleeper ${i}`),
        account,
        harvesters[0] as (typeof harvesters)[number],
      );
      for (const x of honest.exchanges(800)) detector.observe(x);
      for (const x of harvester.exchanges(100)) detector.observe(x);
    }
    expect(detector.finish().filter((s) => s.tier === "review").length).toBeGreaterThanOrEqual(n * 0.75);
  });
});

describe("the world", () => {
  it("is the same for a seed, differs between seeds, in time order and complete", () => {
    const take = (seed: number): string =>
      JSON.stringify([
        ...generateWorld({ seed, accounts: 8, exchangesPerAccount: 20, harvest: 0.5 }).exchanges(),
      ]);
    expect(take(1)).toBe(take(1));
    expect(take(1)).not.toBe(take(2));
    const world = generateWorld({ seed: 3, accounts: 10, exchangesPerAccount: 30 });
    const all = [...world.exchanges()];
    expect(new Set(all.map((x) => x.account)).size).toBe(10);
    expect(new Set(all.map((x) => x.id)).size).toBe(all.length);
    expect(all.map((x) => x.time)).toEqual(all.map((x) => x.time).sort());
    expect(world.citizens.every((c) => !c.harvests)).toBe(true);
  });

  it("fills every slot of its grammars", () => {
    for (const x of generateWorld({
      seed: 4,
      accounts: 150,
      exchangesPerAccount: 12,
      harvest: 0.2,
    }).exchanges()) {
      const prompt = conversation(x)
        .turns.map((turn) => turn.text)
        .join("\n");
      expect(
        prompt.match(
          /\{(thing|field|place|name|quality|act|happening|time|code|structure|number|prose)\}/,
        )?.[0],
        prompt.slice(0, 200),
      ).toBeUndefined();
    }
  });
});
