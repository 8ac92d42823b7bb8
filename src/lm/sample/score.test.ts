import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { freshModel } from "../model/weights.ts";
import { onnxRuntime } from "../runtime/onnx.ts";
import { plainRuntime } from "../runtime/plain.ts";
import { distributions, divergence, likelihoods } from "./score.ts";

const shape = {
  vocab: 31,
  width: 16,
  layers: 1,
  heads: 2,
  hidden: 20,
  context: 24,
  ropeTheta: 1e4,
  normEpsilon: 1e-5,
};
const one = plainRuntime(freshModel(shape, seeded(1)));
const other = plainRuntime(freshModel(shape, seeded(2)));
const random = seeded("score");
const tokens = (length: number): number[] => Array.from({ length }, () => random.below(31));

describe("likelihoods", () => {
  it("are the products of what the rows say, step by step", async () => {
    const asked = Array.from({ length: 150 }, (_, i) => ({
      prompt: tokens(1 + (i % 5)),
      tokens: tokens(i % 7),
    }));
    const scored = await likelihoods(one, asked);
    for (const [i, { prompt, tokens }] of asked.slice(0, 20).entries()) {
      const sequence = [...prompt, ...tokens];
      const rows = (await distributions(one, [{ tokens: sequence, from: 0 }]))[0] as Float32Array[];
      const each = tokens.map((token, at) => rows[prompt.length + at - 1]?.[token] as number);
      expect(Array.from(scored[i]?.tokens as Float64Array)).toEqual(
        each.map((x) => expect.closeTo(x, 5) as number),
      );
      expect(scored[i]?.logprob).toBeCloseTo(
        each.reduce((sum, x) => sum + x, 0),
        5,
      );
    }
    expect(scored).toHaveLength(150);
  });

  it("sum to one over all continuations of a length", async () => {
    const all = Array.from({ length: 31 * 31 }, (_, i) => ({
      prompt: [3, 4],
      tokens: [i % 31, Math.floor(i / 31)],
    }));
    const total = (await likelihoods(one, all)).reduce((sum, { logprob }) => sum + Math.exp(logprob), 0);
    expect(total).toBeCloseTo(1, 5);
  });

  it("need a prompt, known tokens, and room", async () => {
    await expect(likelihoods(one, [{ prompt: [], tokens: [1] }])).rejects.toMatchObject({ code: "prompt" });
    await expect(likelihoods(one, [{ prompt: [1], tokens: [31] }])).rejects.toMatchObject({
      code: "vocabulary",
    });
    await expect(likelihoods(one, [{ prompt: tokens(20), tokens: tokens(6) }])).rejects.toMatchObject({
      code: "prompt",
    });
    expect(await likelihoods(one, [{ prompt: tokens(20), tokens: tokens(5) }])).toHaveLength(1);
    expect(await likelihoods(one, [])).toEqual([]);
  });
});

describe("divergence", () => {
  const texts = Array.from({ length: 80 }, (_, i) => ({ tokens: tokens(2 + (i % 9)), from: i % 2 }));

  it("is zero of a model to itself, and the mean of sum p log(p/q) to another", async () => {
    expect((await divergence(one, one, texts)).mean).toBeCloseTo(0, 6);
    const { mean, positions, standardError } = await divergence(one, other, texts);
    const perText: { sum: number; count: number }[] = [];
    const [p, q] = [await distributions(one, texts), await distributions(other, texts)];
    for (const [i, rows] of p.entries()) {
      let sum = 0;
      for (const [j, row] of rows.entries())
        for (const [token, logprob] of row.entries())
          sum += Math.exp(logprob) * (logprob - (q[i]?.[j]?.[token] as number));
      perText.push({ sum, count: rows.length });
    }
    const count = perText.reduce((n, x) => n + x.count, 0);
    expect(positions).toBe(count);
    expect(mean).toBeCloseTo(perText.reduce((sum, x) => sum + x.sum, 0) / count, 5);
    // The jackknife over texts is another way to the same standard error.
    const total = perText.reduce((sum, x) => sum + x.sum, 0);
    const without = perText.map((x) => (total - x.sum) / (count - x.count));
    const middle = without.reduce((sum, x) => sum + x, 0) / 80;
    const jackknife = Math.sqrt((79 / 80) * without.reduce((sum, x) => sum + (x - middle) ** 2, 0));
    expect((standardError as number) / jackknife).toBeGreaterThan(0.95);
    expect((standardError as number) / jackknife).toBeLessThan(1.05);
  });

  it("is the same with the batched runtime", async () => {
    const batched = await onnxRuntime(freshModel(shape, seeded(2)), { engine: "onnxruntime-web" });
    const [a, b] = [await divergence(one, other, texts), await divergence(one, batched, texts)];
    expect(b.mean).toBeCloseTo(a.mean, 4);
    expect(b.standardError as number).toBeCloseTo(a.standardError as number, 4);
    await batched.stop();
  });

  it("needs one vocabulary and some text", async () => {
    const larger = plainRuntime(freshModel({ ...shape, vocab: 32 }, seeded(1)));
    await expect(divergence(one, larger, texts)).rejects.toMatchObject({ code: "vocabulary" });
    await expect(divergence(one, other, [])).rejects.toMatchObject({ code: "not_found" });
    expect((await divergence(one, other, texts.slice(0, 1))).standardError).toBeNull();
  });
});
