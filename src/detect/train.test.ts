import { describe, expect, it } from "vitest";
import { seeded } from "../stats/random.ts";
import { trainedScore, type Values } from "./score.ts";
import { signals } from "./signal/signals.ts";
import { type Example, train } from "./train.ts";
import type { Weights } from "./weights.ts";

const about = { source: "a test", codeVersion: "0" };
const random = seeded("train");
/** Every signal a little, some much, some missing. */
const values = (strong: readonly string[], silent: readonly string[] = []): Values =>
  signals.map(({ name }) =>
    silent.includes(name)
      ? null
      : strong.includes(name)
        ? 0.6 + 0.4 * random.uniform()
        : 0.15 * random.uniform(),
  );
const many = (
  count: number,
  harvests: boolean,
  kind: string,
  strong: readonly string[] = [],
  silent: readonly string[] = [],
): Example[] =>
  Array.from({ length: count }, () => ({
    harvests,
    kind,
    looks: [0, 1].map(() => ({ whole: values(strong, silent), parts: [] })),
  }));
const honest = ["shop", "tutor", "search"].flatMap((kind) => many(40, false, kind));
const weightOf = ({ trained }: Weights, name: string): number => trained.signals[name] ?? NaN;
const mean = (examples: readonly Example[], weights: Weights): number =>
  examples.reduce((sum, { looks }) => sum + trainedScore(looks[0]?.whole ?? [], weights), 0) /
  examples.length;

describe("train", () => {
  it("finds the signals that were planted, as alternatives of each other, and nothing else", () => {
    const weights = train(
      [...honest, ...many(30, true, "one", ["generator"]), ...many(30, true, "two", ["judging"])],
      about,
    );
    const planted = ["generator", "judging"];
    for (const name of planted) expect(weightOf(weights, name), name).toBeGreaterThan(0.5);
    for (const { name, speaks } of signals)
      if (speaks === "for" && !planted.includes(name))
        expect(weightOf(weights, name), name).toBeLessThan(0.3);
    // Strangers of either sort, and one that does both.
    const strangers = many(30, true, "one", ["generator"]);
    expect(mean(strangers, weights)).toBeGreaterThan(0.5);
    expect(mean(many(30, false, "shop"), weights)).toBeLessThan(0.2);
    expect(mean(many(30, true, "both", planted), weights)).toBeGreaterThan(mean(strangers, weights));
    expect(weights.trainedOn).toEqual({ honest: 120, harvest: 60, families: ["one", "two"] });
  });

  it("learns what speaks against where honest accounts show it", () => {
    const weights = train(
      [
        ...many(60, false, "chat", ["lived in", "judging"]),
        ...many(60, false, "quiet"),
        ...many(30, true, "one", ["judging"]),
      ],
      about,
    );
    expect(weightOf(weights, "lived in")).toBeGreaterThan(0.4);
    expect(weightOf(weights, "judging")).toBeGreaterThan(0.4);
  });

  it("does not learn a signal the other way round, however the examples show it", () => {
    const upside = train(
      [
        ...many(60, false, "shop", ["elicitation"]),
        ...many(60, false, "tutor", ["elicitation", "worklist"]),
        ...many(40, true, "one", ["lived in", "typed by people", "generator"]),
      ],
      about,
    );
    for (const { name } of signals) {
      expect(weightOf(upside, name), name).toBeGreaterThanOrEqual(0);
      expect(weightOf(upside, name), name).toBeLessThan(1);
    }
    // What speaks for harvesting and only honest accounts show gets nothing; what speaks against and only harvesters show, too.
    for (const name of ["elicitation", "worklist", "lived in", "typed by people"])
      expect(weightOf(upside, name), name).toBeLessThan(0.05);
    expect(weightOf(upside, "generator")).toBeGreaterThan(0.4);
  });

  it("weighs every kind the same, however many accounts and looks it has", () => {
    const weights = train(
      [...honest, ...many(400, true, "large", ["generator"]), ...many(10, true, "small", ["judging"])],
      about,
    );
    expect(Math.abs(weightOf(weights, "generator") - weightOf(weights, "judging"))).toBeLessThan(0.1);
    const [first] = many(1, true, "one", ["generator"]) as [Example];
    const looks = Array.from({ length: 50 }, () => first.looks).flat();
    const even = train([...honest, ...many(19, true, "one", ["judging"]), { ...first, looks }], about);
    expect(weightOf(even, "judging")).toBeGreaterThan(weightOf(even, "generator"));
  });

  it("learns nothing of signals that are left out or that no traffic carried", () => {
    const planted = [
      ...honest,
      ...many(40, true, "one", ["identity"]),
      ...many(40, true, "two", ["generator"]),
    ];
    expect(weightOf(train(planted, about), "identity")).toBeGreaterThan(0.5);
    const without = train(planted, { ...about, leaveOut: ["identity"] });
    expect(weightOf(without, "identity")).toBe(0);
    expect(weightOf(without, "generator")).toBeGreaterThan(0.5);
    const missing = signals.map(({ name }) => name).filter((name) => name !== "generator");
    const few = train(
      [...many(60, false, "shop", [], missing), ...many(20, true, "one", ["generator"], missing)],
      about,
    );
    expect(weightOf(few, "generator")).toBeGreaterThan(0.5);
  });

  it("is deterministic, and fits the tails to the honest accounts' highest looks, parts apart", () => {
    const examples = [...honest, ...many(20, true, "one", ["generator"])];
    const weights = train(examples, about);
    expect(train(examples, about).hash).toBe(weights.hash);
    for (const scope of ["whole", "part"] as const) {
      const { trained, reasons } = weights.tails[scope];
      expect(trained.quantiles[100]).toBeLessThan(0.5);
      expect(reasons.share).toBeCloseTo(0.05, 9);
    }
    // Without parts the whole counts for them; with parts only they do.
    expect(weights.tails.part).toEqual(weights.tails.whole);
    const loud = honest.map((example) => ({
      ...example,
      looks: example.looks.map(({ whole }) => ({
        whole,
        parts: [values([]), values(["worklist", "judging"])],
      })),
    }));
    const apart = train([...loud, ...examples.slice(honest.length)], about).tails;
    expect(apart.whole).toEqual(weights.tails.whole);
    expect(apart.part.reasons.quantiles[50]).toBeGreaterThan(apart.whole.reasons.quantiles[50] as number);
  });

  it("refuses too few accounts of either sort, and does not count those without a look", () => {
    const harvest = many(10, true, "one", ["generator"]);
    const blind = (examples: Example[]): Example[] => examples.map((example) => ({ ...example, looks: [] }));
    expect(() => train([...honest.slice(0, 39), ...harvest], about)).toThrow(/39 honest and 10 harvesting/);
    expect(() => train([...honest, ...harvest.slice(1)], about)).toThrow(/120 honest and 9 harvesting/);
    expect(() => train([...honest, ...blind(harvest)], about)).toThrow(/and 0 harvesting/);
    expect(train([...honest.slice(0, 40), ...harvest, ...blind(honest)], about).trainedOn.honest).toBe(40);
  });
});
