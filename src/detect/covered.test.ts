import { describe, expect, it } from "vitest";
import { citizen } from "../../test/world/world.ts";
import { harvesters } from "../../test/world/harvesters.ts";
import type { Exchange, Json } from "../exchange/exchange.ts";
import { parseExchange } from "../exchange/traffic.ts";
import { seeded } from "../stats/random.ts";
import type { Alarm } from "./alarm.ts";
import { builtInCalibration } from "./calibration.ts";
import { coveredText, withCovered, type Covered } from "./covered.ts";
import { Detector } from "./detector.ts";

const calibration = builtInCalibration();
const harvest = (account: string, exchanges: number): Exchange[] => [
  ...citizen(seeded("covered"), account, harvesters[0] as (typeof harvesters)[number]).exchanges(exchanges),
];
const watch = (exchanges: readonly Exchange[], detector = new Detector({ calibration })) => {
  const found = exchanges.flatMap((x) => detector.observe(x).alarms);
  const alarms = found.filter((alarm) => "account" in alarm);
  return { detector, alarms, score: detector.finish()[0]! };
};

describe("traffic that a permit covers", () => {
  const plain = harvest("acc_h", 120);
  const covered = harvest("acc_h", 60).map((x, i): Exchange => ({
    ...x,
    id: `ex_c${i}`,
    permit: "permit_1",
  }));

  it("raises no alarm, and is counted", () => {
    const { alarms, score } = watch(plain.map((x) => ({ ...x, permit: "permit_1" })));
    expect(alarms).toEqual([]);
    expect(score).toMatchObject({
      p: 1,
      judged: 0,
      exchanges: 120,
      covered: { exchanges: 120, permits: ["permit_1"] },
    });
  });

  it("hides nothing of what it does not cover: the rest is judged as if it were not there, and the alarm shows both", () => {
    const alone = watch(plain);
    const beside = watch([...covered, ...plain]);
    expect(alone.alarms.length).toBeGreaterThan(0);
    expect(alone.alarms[0]).not.toHaveProperty("covered");
    expect(beside.score).toMatchObject({
      p: alone.score.p,
      score: alone.score.score,
      tier: alone.score.tier,
      pairs: alone.score.pairs,
    });
    const signalsOf = ({ signals, p, tier }: Alarm) => ({ signals, p, tier });
    expect(beside.alarms.map(signalsOf)).toEqual(alone.alarms.map(signalsOf));
    const last = beside.alarms.at(-1)!;
    expect(last.covered).toEqual({ exchanges: 60, permits: ["permit_1"] });
    expect(coveredText(last.covered!, last.exchanges)).toBe(
      `covered by permit permit_1: 60 of ${last.exchanges} exchanges`,
    );
  });

  it("is the same after a snapshot, and after export and import as traffic lines", () => {
    const all = [...covered, ...plain];
    const whole = watch(all);
    const first = watch(all.slice(0, 90));
    const second = watch(all.slice(90), Detector.restore(first.detector.snapshot(), { calibration }));
    expect([...first.alarms, ...second.alarms]).toEqual(whole.alarms);
    expect(second.score).toEqual(whole.score);
    const again = watch(all.map((x) => parseExchange(JSON.parse(JSON.stringify(x)) as Json)));
    expect(again.alarms).toEqual(whole.alarms);
  });

  it("names the first few permits, whatever a log claims", () => {
    let many: Covered | null = null;
    for (let i = 0; i < 1000; i++) many = withCovered(many, `permit_${i % 500}`);
    expect(many).toMatchObject({ exchanges: 1000, permits: { length: 8 } });
  });
});
