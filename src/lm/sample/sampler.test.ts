import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LmError } from "../error.ts";
import { best } from "./row.ts";
import { sampler, type Drawn } from "./sampler.ts";
import type { SamplerOptions } from "./sampling-options.ts";

const row = Float32Array.of(1.5, -0.3, 2.2, 0, 2.1, -4, 0.7, 1.1);
const vocab = row.length;

describe("sampler", () => {
  it("draws with the frequencies of the distribution, at any temperature and truncation", () => {
    const settings: Omit<SamplerOptions, "seed">[] = [
      {},
      { temperature: 0.5 },
      { temperature: 2 },
      { topK: 3 },
      { topP: 0.8 },
      { topP: 0.8, topK: 4, temperature: 1.5 },
      { minP: 0.3 },
      {
        logitBias: new Map([
          [2, -100],
          [5, 3.5],
          [0, -1],
        ]),
      },
    ];
    for (const options of settings) {
      const wanted = exact(options);
      const counts = countDraws({ ...options, seed: "frequencies" }, 20_000);
      for (const [token, share] of wanted.entries()) if (share === 0) expect(counts[token]).toBe(0);
      const used = wanted.filter((share) => share > 0);
      const chiSquare = wanted.reduce((sum, share, i) => {
        const expected = share * 20_000;
        return share === 0 ? sum : sum + ((counts[i] as number) - expected) ** 2 / expected;
      }, 0);
      // The largest chi-square that 1 draw in 10,000 passes is below 29.9 at 7 degrees of freedom; the seed is fixed.
      expect(chiSquare, JSON.stringify([options, used.length])).toBeLessThan(29.9);
    }
  });

  it("keeps exactly the tokens of the exact truncations", () => {
    const logits = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(
        logits,
        fc.nat(8),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(0, 0.05, 0.4, 1),
        fc.constantFrom(0.3, 1, 2),
        (tenths, topK, p, minP, temperature) => {
          const values = Float32Array.from(tenths, (x) => x / 10);
          const options = { temperature, topK, topP: p / 20, minP };
          const allowed = exact(options, values);
          const seen = countDraws({ ...options, seed: 1 }, 300, values);
          for (const [token, count] of seen.entries())
            if (count > 0) expect(allowed[token]).toBeGreaterThan(0);
          // What is certain to be seen in 300 draws (missed with probability below 1e-12) was.
          for (const [token, share] of allowed.entries())
            if (share > 0.09) expect(seen[token]).toBeGreaterThan(0);
        },
      ),
    );
  });

  it("takes the most probable token at temperature 0, the first of equal ones", () => {
    expect(countDraws({ temperature: 0, seed: 1 }, 5)[2]).toBe(5);
    expect(countDraws({ temperature: 0, seed: 1 }, 5, Float32Array.of(1, 3, 3, 2))).toEqual([0, 5, 0, 0]);
    expect(countDraws({ topK: 1, seed: 1 }, 5, Float32Array.of(1, 3, 3, 2))).toEqual([0, 5, 0, 0]);
    expect(countDraws({ temperature: 1e-9, seed: 1 }, 5)[2]).toBe(5);
  });

  it("gives the same draws for the same seed, and others for another", () => {
    const draws = (seed: string): number[] => {
      const draw = sampler({ seed }, vocab);
      return Array.from({ length: 50 }, () => draw(row.slice(), [], []).token);
    };
    expect(draws("a")).toEqual(draws("a"));
    expect(draws("a")).not.toEqual(draws("b"));
  });

  it("never draws a token at -100, and only those at 100", () => {
    const forbidden = countDraws({ seed: 1, logitBias: new Map([[2, -100]]) }, 2_000);
    expect(forbidden[2]).toBe(0);
    expect(countDraws({ seed: 1, temperature: 0, logitBias: new Map([[2, -100]]) }, 3)[4]).toBe(3);
    const alone = countDraws(
      {
        seed: 1,
        logitBias: new Map([
          [5, 100],
          [3, 100],
          [2, 99],
        ]),
      },
      2_000,
    );
    expect(alone.flatMap((count, token) => (count > 0 ? [token] : []))).toEqual([3, 5]);
    expect(countDraws({ seed: 1, temperature: 0, logitBias: new Map([[5, 100]]) }, 3)[5]).toBe(3);
  });

  it("reports the model's own log-probabilities, whatever was done to the row", () => {
    const own = exact({}).map(Math.log);
    const draw = sampler(
      {
        seed: 1,
        temperature: 0.2,
        topK: 2,
        logitBias: new Map([[5, 100]]),
        adjust: (changed) => {
          changed[1] = 50;
        },
        topLogprobs: 3,
      },
      vocab,
    );
    const { token, logprob, top } = draw(row.slice(), [], []);
    expect(token).toBe(1);
    expect(logprob).toBeCloseTo(own[1] as number, 5);
    expect(top.map((x) => x.token)).toEqual([2, 4, 0]);
    for (const x of top) expect(x.logprob).toBeCloseTo(own[x.token] as number, 5);
    expect(sampler({ seed: 1, topLogprobs: 0 }, vocab)(row.slice(), [], []).top).toEqual([]);
    expect(sampler({ seed: 1 }, vocab)(row.slice(), [], [])).toMatchObject({ logprob: null, top: [] });
  });

  it("lets `adjust` see what came before and forbid tokens", () => {
    const seen: unknown[] = [];
    const draw = sampler(
      {
        seed: 1,
        adjust: (changed, prompt, answer) => {
          seen.push([prompt, answer]);
          changed.fill(-Infinity);
          if (answer.length === 0) changed[7] = 0;
        },
      },
      vocab,
    );
    expect(draw(row.slice(), [1, 2], []).token).toBe(7);
    expect(seen).toEqual([[[1, 2], []]]);
    expect(() => draw(row.slice(), [1, 2], [7])).toThrow(/no token can be drawn/);
  });

  it("refuses values out of range, naming the option", () => {
    const refused: [Partial<Record<keyof SamplerOptions, unknown>>, string][] = [
      [{ temperature: -0.1 }, "temperature"],
      [{ temperature: 2.1 }, "temperature"],
      [{ temperature: Number.NaN }, "temperature"],
      [{ temperature: "1" }, "temperature"],
      [{ topP: 0 }, "topP"],
      [{ topP: 1.01 }, "topP"],
      [{ topK: -1 }, "topK"],
      [{ topK: 1.5 }, "topK"],
      [{ minP: 2 }, "minP"],
      [{ topLogprobs: 21 }, "topLogprobs"],
      [{ logitBias: new Map([[8, 1]]) }, "logitBias"],
      [{ logitBias: new Map([[1, 101]]) }, "logitBias"],
      [{ logitBias: new Map(Array.from(row, (_, token) => [token, -100] as const)) }, "logitBias"],
    ];
    for (const [options, param] of refused) {
      const attempt = (): unknown => sampler({ seed: 1, ...options } as SamplerOptions, vocab);
      expect(attempt).toThrow(LmError);
      expect(attempt).toThrow(expect.objectContaining({ code: "sampling", param }) as Error);
    }
  });
});

describe("best", () => {
  it("is the head of a stable sort", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 })), fc.nat(12), (values, count) => {
        const sorted = values
          .map((_, i) => i)
          .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
        expect(best(values, count)).toEqual(sorted.slice(0, count));
      }),
    );
  });
});

function countDraws(options: SamplerOptions, times: number, values: Float32Array = row): number[] {
  const draw = sampler(options, values.length);
  const counts = Array.from(values, () => 0);
  for (let i = 0; i < times; i++) {
    const { token }: Drawn = draw(values.slice(), [], []);
    counts[token] = (counts[token] as number) + 1;
  }
  return counts;
}

/** The distribution that is drawn from, by sorting all of it. */
function exact(options: Omit<SamplerOptions, "seed">, values: Float32Array = row): number[] {
  const { temperature = 1, topK = 0, topP = 1, minP = 0, logitBias = new Map<number, number>() } = options;
  const biased = Array.from(values, (x, token) => {
    const bias = logitBias.get(token) ?? 0;
    return bias === -100 ? -Infinity : x + bias;
  });
  const top = Math.max(...biased);
  const weights = biased.map((x) => Math.exp((x - top) / temperature));
  const order = weights
    .map((_, i) => i)
    .sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const first = order.slice(0, topK === 0 ? order.length : topK);
  const share = topP * first.reduce((sum, token) => sum + (weights[token] as number), 0);
  const kept = new Set<number>();
  let held = 0;
  for (const token of first) {
    if (topP < 1 && held >= share) break;
    held += weights[token] as number;
    if ((weights[token] as number) >= minP) kept.add(token);
  }
  const total = [...kept].reduce((sum, token) => sum + (weights[token] as number), 0);
  return weights.map((weight, token) => (kept.has(token) ? weight / total : 0));
}
