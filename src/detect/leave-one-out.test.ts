import { describe, expect, it } from "vitest";
import { seeded } from "../stats/random.ts";
import { leaveOneOut } from "./leave-one-out.ts";
import { signals } from "./signal/signals.ts";
import type { Example } from "./train.ts";

const random = seeded("leave one out");
/** An account with one look: every signal a little, some much. */
const example = (harvests: boolean, kind: string, strong: readonly string[]): Example => {
  const whole = signals.map(({ name, speaks }) =>
    strong.includes(name) ? 0.6 + 0.4 * random.uniform() : speaks === "for" ? 0.1 * random.uniform() : 0,
  );
  return { harvests, kind, looks: [{ whole, parts: [] }] };
};
const many = (count: number, harvests: boolean, kind: string, strong: readonly string[] = []): Example[] =>
  Array.from({ length: count }, () => example(harvests, kind, strong));
const honest = Array.from({ length: 20 }, (_, i) => many(40, false, `app ${i}`)).flat();

describe("leaveOneOut", () => {
  const harvest = [
    ...many(12, true, "generators", ["generator"]),
    ...many(12, true, "judges", ["judging", "generator"]),
    ...many(12, true, "hidden"),
  ];
  const found = leaveOneOut([...honest, ...harvest]);

  it("finds a kind that shares a signal with the others, and not one that looks honest", () => {
    expect(found.kinds.map(({ kind }) => kind)).toEqual(["generators", "hidden", "judges"]);
    const [generators, hidden, judges] = found.kinds;
    expect(generators).toMatchObject({ accounts: 12, found: 12, share: 1 });
    expect(judges).toMatchObject({ found: 12 });
    expect(hidden?.found).toBeLessThanOrEqual(2);
    // 12 of 12: (0.025)^(1/12).
    expect(generators?.interval.low).toBeCloseTo(0.025 ** (1 / 12), 6);
    expect(found.all).toMatchObject({ accounts: 36, found: 24 + (hidden?.found ?? 0) });
  });

  it("lays the bar by honest kinds that were not learned from, and says how high it could", () => {
    expect(found).toMatchObject({ honest: 400, bar: 0.01 });
    const few = leaveOneOut([...honest.slice(0, 160), ...harvest]);
    expect(few).toMatchObject({ honest: 80, bar: 1 / 81 });
  });

  it("learns nothing from the kind that it leaves out", () => {
    // Only this kind shows the signal: it can be found by its reasons alone, never by having been learned.
    const odd = many(12, true, "odd", ["rhythm"]);
    const without = leaveOneOut([...honest, ...many(12, true, "generators", ["generator"]), ...odd]);
    const learned = leaveOneOut([
      ...honest,
      ...many(12, true, "generators", ["generator"]),
      ...odd,
      ...many(12, true, "odd too", ["rhythm"]),
    ]);
    const shareOf = ({ kinds }: typeof found): number =>
      kinds.find(({ kind }) => kind === "odd")?.found ?? -1;
    expect(shareOf(learned)).toBe(12);
    expect(shareOf(without)).toBeLessThan(6);
  });

  it("is the same in any order of the accounts, tells its progress, and refuses too few kinds", () => {
    const told: string[] = [];
    const again = leaveOneOut([...honest, ...harvest].toReversed(), (kind, nth, of) =>
      told.push(`${kind} ${nth}/${of}`),
    );
    expect(again.kinds.map(({ found }) => found)).toEqual(found.kinds.map((each) => each.found));
    expect(told).toEqual(["generators 1/3", "hidden 2/3", "judges 3/3"]);
    expect(() => leaveOneOut([...honest, ...many(12, true, "one")])).toThrow(/two kinds of harvest/);
    expect(() => leaveOneOut([...many(90, false, "one app"), ...harvest])).toThrow(/two of honest use/);
  });
});
