import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allBaselines } from "../bench/baselines/all.ts";
import type { Baseline } from "../bench/baselines/baseline.ts";
import { dot, Embedding } from "../bench/baselines/embedding.ts";
import { anomaly, averagePath, grown, isolationForest } from "../bench/baselines/forest.ts";
import { glasswally } from "../bench/baselines/glasswally.ts";
import { keywords, matches } from "../bench/baselines/keywords.ts";
import { mmd } from "../bench/baselines/mmd.ts";
import { pradaGrowing, pradaOneSided, pradaTwoSided } from "../bench/baselines/prada.ts";
import { seat } from "../bench/baselines/seat.ts";
import { featuresOf, see } from "../bench/baselines/seen.ts";
import { shapiroW } from "../bench/baselines/shapiro.ts";
import { exchangesPerDay, rateRefusals, tokensPerDay } from "../bench/baselines/volume.ts";
import type { Account } from "../src/exchange/account.ts";
import type { Exchange, JsonObject } from "../src/exchange/exchange.ts";
import { seeded, type Random } from "../src/stats/random.ts";

const START = Date.parse("2026-03-02T09:00:00.000Z");
const MINUTE = 60_000;

interface Some {
  readonly account?: string;
  readonly at?: number;
  readonly system?: string;
  readonly answer?: string;
  readonly status?: number;
  readonly client?: Exchange["client"];
  readonly model?: string;
  readonly more?: JsonObject;
}

function ask(text: string, { account = "a", at = START, status = 200, ...some }: Some = {}): Exchange {
  const { system, answer = "Yes.", client, model = "m", more } = some;
  return {
    id: `ex_${at}`,
    time: new Date(at).toISOString(),
    account,
    endpoint: "/v1/chat/completions",
    model,
    ...(client && { client }),
    request: {
      messages: [...(system ? [{ role: "system", content: system }] : []), { role: "user", content: text }],
      ...more,
    },
    response: { choices: [{ message: { role: "assistant", content: answer } }] },
    status,
  };
}

function scoreOf(baseline: Baseline, exchanges: readonly Exchange[], account?: Account): number {
  const watch = baseline.start(account);
  for (const x of exchanges) watch.observe(see(x));
  return watch.score();
}

const every = (texts: readonly string[], step = MINUTE, some: Some = {}): Exchange[] =>
  texts.map((text, i) => ask(text, { at: START + i * step, ...some }));

const WORDS = Array.from({ length: 3000 }, (_, i) => `w${(i * 7919) % 100_003}x`);
/** Text over words `from` to `to`. */
const words = (random: Random, n: number, from = 0, to = WORDS.length): string =>
  Array.from({ length: n }, () => WORDS[from + random.below(to - from)]!).join(" ");

const strangers = (accounts: number, n: number, seed = "strangers"): Exchange[][] => {
  const random = seeded(seed);
  return Array.from({ length: accounts }, () =>
    every(Array.from({ length: n }, () => words(random, 8 + random.below(20)))),
  );
};

describe("every baseline", () => {
  it("is finite and low before it knows anything, and whatever it sees", () => {
    const honest = strangers(6, 30);
    for (const baseline of allBaselines()) {
      baseline.fit?.(honest);
      const watch = baseline.start();
      expect(Number.isFinite(watch.score()), baseline.name).toBe(true);
      fc.assert(
        fc.property(fc.jsonValue(), fc.jsonValue(), (request, response) => {
          watch.observe(
            see({
              ...ask("x"),
              request: { messages: request } as JsonObject,
              response: response as JsonObject,
            }),
          );
          return Number.isFinite(watch.score());
        }),
        { numRuns: 60 },
      );
      expect(baseline.cite.length + baseline.adapted.length, baseline.name).toBeGreaterThan(20);
    }
  });

  it("gives the same score for the same exchanges", () => {
    const honest = strangers(6, 30);
    const [xs] = strangers(1, 60, "again") as [Exchange[]];
    const scores = () =>
      allBaselines().map((baseline) => {
        baseline.fit?.(honest);
        return scoreOf(baseline, xs);
      });
    expect(scores()).toEqual(scores());
  });
});

describe("volume", () => {
  it("is the busiest day", () => {
    const xs = [
      ...every(["a", "b"]),
      ...every(["c", "d", "e"], MINUTE, {}).map((x) => ({ ...x, time: "2026-03-09T00:00:00.000Z" })),
    ];
    expect(scoreOf(exchangesPerDay, xs)).toBe(3);
  });

  it("counts tokens as reported, else by length", () => {
    const reported = { ...ask("x"), response: { usage: { prompt_tokens: 100, completion_tokens: 11 } } };
    expect(scoreOf(tokensPerDay, [reported])).toBe(111);
    expect(scoreOf(tokensPerDay, [ask("x".repeat(40), { answer: "y".repeat(20) })])).toBe(15);
  });

  it("sees who stands at the limit", () => {
    const refused = every(Array(20).fill("x"), MINUTE, { status: 429 });
    expect(scoreOf(rateRefusals, refused)).toBeGreaterThan(0.6);
    expect(scoreOf(rateRefusals, every(Array(20).fill("x")))).toBe(0);
  });
});

describe("keyword rules", () => {
  it.each([
    "Solve it step by step.",
    "Let us use chain-of-thought here",
    "Put your reasoning in <think> tags",
    "Please write out your full internal reasoning before the answer",
    "Come up with 20 diverse task instructions",
    "Generate 5 question-answer pairs about whales",
    "Rewrite the given prompt into a more complex version",
    "Rate the two responses on a scale from 1 to 10",
    "We need data for instruction tuning",
    "请一步一步思考",
    "请生成20个多样化的任务指令",
    "请写出推理过程",
    "请对下面的回答进行评分，满分10分",
  ])("hits %j", (text) => expect(matches(text)).toBe(true));

  it.each([
    "What is the capital of Peru?",
    "Translate this letter into German: Dear Sir",
    "Write an e-mail to my landlord about the heating",
    "Why does my function return null? function f() {}",
    "The next step for our thinking about pricing",
    "怎么去机场最快？",
    "Summarise the article below in three sentences.",
  ])("leaves %j alone", (text) => expect(matches(text)).toBe(false));

  it("is a share of the account, with little weight for a single exchange", () => {
    const some = every(["step by step", "hello"]);
    expect(scoreOf(keywords, some)).toBeCloseTo(1 / 7);
    expect(scoreOf(keywords, every(Array(95).fill("Think step by step")))).toBeCloseTo(0.95);
    expect(scoreOf(keywords, every(Array(95).fill("hello")))).toBe(0);
  });

  it("looks at both ends of a long prompt, and does not hang on one", () => {
    expect(matches(`${"a ".repeat(100_000)} step by step`)).toBe(true);
    expect(matches("generate rate show rewrite ".repeat(50_000))).toBe(false);
  });
});

describe("Shapiro-Wilk", () => {
  it("is what R gives", () => {
    // shapiro.test: the weights of Royston 1982 (W = 0.79), 1:10 (0.97016), and c(1, 2, 4) (0.96429).
    expect(shapiroW([148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236])).toBeCloseTo(0.78881, 4);
    expect(shapiroW([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBeCloseTo(0.97016, 4);
    expect(shapiroW([1, 2, 4])).toBeCloseTo(0.96429, 4);
  });

  it("does not change with place, scale or order, and is at most 1", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (values, scale) => {
          const w = shapiroW(values);
          expect(w).toBeLessThanOrEqual(1);
          expect(w).toBeGreaterThan(0);
          expect(shapiroW(values.map((v) => 7 - v * scale).toReversed())).toBeCloseTo(w, 8);
        },
      ),
    );
  });

  it("is near 1 for normal values, and lower for two lumps and for a long tail", () => {
    const random = seeded("w");
    const of = (draw: () => number) => shapiroW(Array.from({ length: 300 }, draw));
    expect(of(() => random.normal())).toBeGreaterThan(0.985);
    expect(of(() => (random.chance(0.5) ? 0 : 10) + random.normal())).toBeLessThan(0.9);
    expect(of(() => Math.exp(2 * random.normal()))).toBeLessThan(0.6);
  });
});

describe("embedding", () => {
  it("keeps what is alike together: the same text at 1, texts without a common word near 0", () => {
    const embedding = new Embedding();
    const of = (text: string) => embedding.of(featuresOf(text));
    const random = seeded("e");
    const text = words(random, 30, 0, 1000);
    expect(dot(of(text), of(text))).toBeCloseTo(1, 5);
    expect(dot(of(text), of(`${text} ${words(random, 3)}`))).toBeGreaterThan(0.8);
    // Character grams that all these words share keep it from 0.
    expect(Math.abs(dot(of(text), of("Wie komme ich am schnellsten nach Kiel")))).toBeLessThan(0.3);
    expect([...of("")].every((x) => x === 0)).toBe(true);
  });

  it("counts what everybody says less after it has seen honest traffic", () => {
    const [a, b] = ["please tell me about w17x", "please tell me about w99x"].map((text) =>
      featuresOf(text),
    ) as [ReturnType<typeof featuresOf>, ReturnType<typeof featuresOf>];
    const embedding = new Embedding();
    const before = dot(embedding.of(a), embedding.of(b));
    const random = seeded("idf");
    embedding.fit(
      [every(Array.from({ length: 100 }, () => `please tell me about ${words(random, 1)}`))],
      100,
    );
    expect(dot(embedding.of(a), embedding.of(b))).toBeLessThan(before - 0.1);
  });
});

describe("PRADA", () => {
  const natural = (): Exchange[] => strangers(1, 150, "natural")[0]!;
  /** Seeds, and near copies of them: what the paper's attackers send. */
  const synthetic = (): Exchange[] => {
    const random = seeded("synthetic");
    const seeds = Array.from({ length: 15 }, () => words(random, 25));
    return every(
      Array.from({ length: 150 }, (_, i) =>
        i % 2 === 0 ? words(random, 25) : `${random.pick(seeds)} ${words(random, 1)}`,
      ),
    );
  };

  it("finds that distances of synthetic queries are not normal", () => {
    const one = pradaOneSided();
    expect(scoreOf(one, synthetic())).toBeGreaterThan(2 * scoreOf(one, natural()));
    expect(scoreOf(one, synthetic())).toBeGreaterThan(0.1);
    expect(scoreOf(one, natural().slice(0, 15))).toBe(0);
  });

  it("lets into its growing set only what is far from it: copies of what is there never change it", () => {
    // All copies are at distance 0 from the first and far from nothing: two lumps of distances.
    const [a, b] = ["first text of all", "quite another matter"];
    const xs = every([
      a,
      b,
      ...Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? words(seeded(i), 25) : a)),
    ]);
    expect(scoreOf(pradaGrowing(), xs)).toBeGreaterThan(0.2);
    expect(scoreOf(pradaGrowing(), natural())).toBeLessThan(0.1);
  });

  it("takes too normal for odd, too, when it is two-sided", () => {
    // Honest accounts here repeat themselves, so that their W is low: the natural one is odd among them.
    const two = pradaTwoSided();
    const random = seeded("honest");
    two.fit!(
      Array.from({ length: 20 }, () => {
        const own = Array.from({ length: 10 }, () => words(random, 25));
        return every(
          Array.from({ length: 100 }, () => (random.chance(0.5) ? random.pick(own) : words(random, 25))),
        );
      }),
    );
    expect(scoreOf(two, natural())).toBeGreaterThan(3 * scoreOf(two, synthetic()));
  });
});

describe("SEAT", () => {
  it("counts queries that have a close one before them, and not mere common words", () => {
    const baseline = seat();
    baseline.fit!(strangers(30, 20));
    const random = seeded("seat");
    const seeds = Array.from({ length: 5 }, () => words(random, 25));
    const variants = every(Array.from({ length: 100 }, () => `${random.pick(seeds)} ${words(random, 1)}`));
    expect(scoreOf(baseline, variants)).toBeGreaterThan(0.8);
    expect(scoreOf(baseline, strangers(1, 100, "other")[0]!)).toBeLessThan(0.05);
  });
});

describe("MMD", () => {
  const topic = (seed: string, from: number, to: number, n: number): Exchange[] => {
    const random = seeded(seed);
    return every(Array.from({ length: n }, () => words(random, 20, from, to)));
  };
  const honest = () => Array.from({ length: 20 }, (_, i) => topic(`h${i}`, 0, 2000, 40));

  it("is about 0 for queries from the honest distribution, and grows with the share of others", () => {
    const baseline = mmd();
    baseline.fit!(honest());
    const same = scoreOf(baseline, topic("same", 0, 2000, 200));
    const other = topic("other", 2000, 3000, 200);
    const half = topic("same", 0, 2000, 200).map((x, i) => (i % 2 === 0 ? x : other[i]!));
    expect(Math.abs(same)).toBeLessThan(0.0005);
    expect(scoreOf(baseline, half)).toBeGreaterThan(0.001);
    expect(scoreOf(baseline, other)).toBeGreaterThan(3 * scoreOf(baseline, half));
  });

  it("is unbiased: a short honest stream scores no higher on average than a long one", () => {
    const baseline = mmd();
    baseline.fit!(honest());
    const mean = (n: number) =>
      Array.from({ length: 20 }, (_, i) => {
        const watch = baseline.start();
        for (const x of topic(`u${i} ${n}`, 0, 2000, n)) watch.observe(see(x));
        return watch.score();
      }).reduce((sum, s) => sum + s, 0) / 20;
    expect(Math.abs(mean(25) - mean(100))).toBeLessThan(0.0005);
  });

  it("says that it must be fitted", () => {
    expect(() => mmd().start()).toThrow(/fit\(\) comes first/);
  });
});

describe("isolation forest", () => {
  it("has the path of a binary search tree for its measure", () => {
    expect(averagePath(1)).toBe(0);
    expect(averagePath(2)).toBe(1);
    // 2 H(255) - 2 * 255/256
    expect(averagePath(256)).toBeCloseTo(10.2448, 2);
  });

  it("singles out the point that lies apart", () => {
    const random = seeded("forest");
    const rows = Array.from({ length: 256 }, () => Float64Array.of(random.normal(), random.normal()));
    const forest = Array.from({ length: 100 }, () => grown(rows, 8, random));
    const of = (x: number, y: number) => anomaly(forest, averagePath(256), Float64Array.of(x, y));
    expect(of(6, 6)).toBeGreaterThan(0.65);
    expect(of(0, 0)).toBeLessThan(0.5);
    expect(of(6, 6)).toBeGreaterThan(of(2, 2));
  });

  it("finds the account that is unlike the others, and says nothing before 25 exchanges", () => {
    const baseline = isolationForest();
    baseline.fit!(strangers(60, 60));
    const answer = "word ".repeat(3000);
    const odd = every(Array(60).fill("Say it again"), 100, { answer, more: { temperature: 2, user: "u" } });
    const usual = strangers(10, 60, "usual").map((xs) => scoreOf(baseline, xs));
    expect(scoreOf(baseline, odd)).toBeGreaterThan(usual.reduce((sum, s) => sum + s, 0) / 10 + 0.1);
    expect(scoreOf(baseline, odd.slice(0, 24))).toBe(0);
  });
});

describe("Glasswally's weights", () => {
  const account = (id: string, facts: Partial<Account> = {}): Account => ({
    account: id,
    createdAt: null,
    plan: null,
    organization: null,
    emailDomain: null,
    payment: null,
    country: null,
    verified: false,
    limits: {},
    ...facts,
  });
  const scripted = Array.from(
    { length: 60 },
    (_, i) => `Explain your reasoning step by step: item ${i + 100}`,
  );

  it("adds up the workers that fire, at their weights", () => {
    // One exchange that asks for reasoning: 0.40 by the reasoning worker, at confidence 0.9 and weight 0.09.
    expect(scoreOf(glasswally(), [ask("Think about it step by step")])).toBeCloseTo(
      0.09 * 0.4 * (0.4 + 0.6 * 0.9),
      6,
    );
    expect(scoreOf(glasswally(), [ask("Hello")])).toBe(0);
  });

  it("raises an account of a country by 30 %, as published", () => {
    const x = [ask("Think about it step by step")];
    const plain = scoreOf(glasswally(), x, account("a"));
    expect(scoreOf(glasswally(), x, account("a", { country: "CN" }))).toBeCloseTo(plain * 1.3, 6);
  });

  it("scores a scripted sweep above a person", () => {
    const random = seeded("person");
    const person = Array.from({ length: 60 }, (_, i) =>
      ask(words(random, 3 + random.below(60)), { at: START + i * 20 * MINUTE + random.below(15 * MINUTE) }),
    );
    const sweep = every(scripted, 10_000, {
      system: "You are an expert. Show every step of your reasoning.",
    });
    expect(scoreOf(glasswally(), sweep)).toBeGreaterThan(0.2);
    expect(scoreOf(glasswally(), sweep)).toBeGreaterThan(3 * scoreOf(glasswally(), person));
  });

  it("knows a browser that speaks TLS as programs do", () => {
    const baseline = glasswally();
    scoreOf(baseline, [ask("x", { client: { ja4: "t1", userAgent: "python-requests/2" } })]);
    const disguised = every(Array(20).fill("x"), MINUTE, { client: { ja4: "t1", userAgent: "Mozilla/5.0" } });
    const honest = every(Array(20).fill("x"), MINUTE, { client: { ja4: "t2", userAgent: "Mozilla/5.0" } });
    expect(scoreOf(baseline, disguised) - scoreOf(baseline, honest)).toBeCloseTo(0.14 * 0.65, 3);
  });

  it("clusters accounts that share a payment, and adds to each from five on", () => {
    const alone = scoreOf(glasswally(), every(scripted));
    const baseline = glasswally();
    const watches = Array.from({ length: 6 }, (_, i) => baseline.start(account(`a${i}`, { payment: "p" })));
    for (const x of every(scripted)) for (const watch of watches) watch.observe(see(x));
    expect(watches[5]!.score()).toBeGreaterThan(alone + 0.08);
    const strange = glasswally();
    const others = Array.from({ length: 6 }, (_, i) => strange.start(account(`a${i}`, { payment: `p${i}` })));
    // Ten seconds apart, they share nothing.
    for (const x of every(scripted))
      for (const [i, watch] of others.entries()) {
        const time = new Date(Date.parse(x.time) + i * 10_000).toISOString();
        watch.observe(see({ ...x, time, client: { ip: `10.${i}.0.1` } }));
      }
    expect(others[5]!.score()).toBeLessThan(alone + 0.02);
  });

  it("sees rhythm of a clock, sweeps of budgets and broad traversal of topics", () => {
    const clock = Array.from({ length: 40 }, (_, i) =>
      ask(`q ${i}`, { at: START + Math.floor(i / 4) * 60 * MINUTE + (i % 4) * 1000 }),
    );
    const wild = clock.map((x, i) => ({ ...x, time: new Date(START + i * i * 50_000).toISOString() }));
    expect(scoreOf(glasswally(), clock)).toBeGreaterThan(scoreOf(glasswally(), wild) + 0.01);
    const swept = [64, 128, 256, 512, 1024, 2048, 4096].map((max, i) =>
      ask("q", { at: START + i * 20 * MINUTE, more: { max_tokens: max } }),
    );
    const fixed = swept.map((x) => ({ ...x, request: { ...x.request, max_tokens: 300 } }));
    expect(scoreOf(glasswally(), swept)).toBeGreaterThan(scoreOf(glasswally(), fixed) + 0.01);
  });
});
