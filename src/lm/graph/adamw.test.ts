import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { chooseEngine } from "../train/engine.ts";
import { adamW, globalNorm, type AdamW } from "./adamw.ts";
import { dot } from "./finite-differences.ts";
import { Graph } from "./graph.ts";

const options: AdamW = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1, clip: 1 };
const DIMS = [[2, 3], [4]] as const;

/** Three steps with given gradients on a matrix and on a gain. */
async function steps(gradients: readonly (readonly Float32Array[])[]) {
  const engine = await chooseEngine();
  const graph = new Graph();
  const given = DIMS.map((dims, i) =>
    ["w", "m", "v", "g"].map((name) => graph.input(`${name}${i}`, "float32", dims)),
  );
  const norm = globalNorm(
    graph,
    given.map(([, , , g]) => g!),
  );
  const step = {
    learningRate: graph.input("learningRate", "float32", []),
    step: graph.input("step", "float32", []),
  };
  const move = adamW(graph, options, step, norm);
  graph.output("norm", norm);
  for (const [i, [w, m, v, g]] of given.entries()) {
    const moved = move(w!, m!, v!, g!);
    graph.output(`new w${i}`, moved.weight);
    graph.output(`new m${i}`, moved.m);
    graph.output(`new v${i}`, moved.v);
  }
  const session = await engine.open(graph.file());
  const state = new Map<string, Float32Array>(
    DIMS.flatMap((dims, i) => {
      const n = dims.reduce((a: number, b) => a * b, 1);
      return [
        [`w${i}`, new Float32Array(n).fill(0.5)],
        [`m${i}`, new Float32Array(n)],
        [`v${i}`, new Float32Array(n)],
      ] as const;
    }),
  );
  const norms: number[] = [];
  for (const [t, both] of gradients.entries()) {
    const out = await session.run({
      ...Object.fromEntries(
        [...state].map(([name, values]) => [name, engine.tensor(values, DIMS[Number(name[1])]!)]),
      ),
      ...Object.fromEntries(both.map((g, i) => [`g${i}`, engine.tensor(g, DIMS[i]!)])),
      learningRate: engine.tensor(Float32Array.of(0.01), []),
      step: engine.tensor(Float32Array.of(t + 1), []),
    });
    norms.push(out["norm"]!.data[0]!);
    for (const name of state.keys()) state.set(name, out[`new ${name}`]!.data as Float32Array);
  }
  await session.close();
  return { state, norms };
}

/** Loshchilov and Hutter 2019, algorithm 2, line by line in 64 bits. */
function reference(gradients: readonly (readonly Float32Array[])[]) {
  const weights = DIMS.map((dims) => Array<number>(dims.reduce((a: number, b) => a * b, 1)).fill(0.5));
  const m = weights.map((list) => list.map(() => 0));
  const v = weights.map((list) => list.map(() => 0));
  for (const [t, both] of gradients.entries()) {
    const norm = Math.sqrt(both.reduce((sum, g) => sum + dot(g, g), 0));
    for (const [i, list] of weights.entries())
      for (const j of list.keys()) {
        const g = both[i]![j]! * Math.min(1, options.clip / norm);
        m[i]![j] = options.beta1 * m[i]![j]! + (1 - options.beta1) * g;
        v[i]![j] = options.beta2 * v[i]![j]! + (1 - options.beta2) * g * g;
        const mHat = m[i]![j] / (1 - options.beta1 ** (t + 1));
        const vHat = v[i]![j] / (1 - options.beta2 ** (t + 1));
        const decay = DIMS[i]!.length > 1 ? options.weightDecay * list[j]! : 0;
        list[j] = list[j]! - 0.01 * (mHat / (Math.sqrt(vHat) + options.epsilon) + decay);
      }
  }
  return weights;
}

describe("adamW", () => {
  const random = seeded("adamw");
  const draw = (scale: number) =>
    DIMS.map((dims) =>
      Float32Array.from({ length: dims.reduce((a: number, b) => a * b, 1) }, () => scale * random.normal()),
    );
  it.each([
    ["short gradients, which stay as they are", 0.05],
    ["long ones, which are shortened together", 20],
  ])("takes the steps of the paper with %s", async (_, scale) => {
    const gradients = [draw(scale), draw(scale), draw(scale)];
    const { state, norms } = await steps(gradients);
    for (const [i, list] of reference(gradients).entries())
      for (const [j, x] of list.entries()) expect(state.get(`w${i}`)![j]).toBeCloseTo(x, 5);
    for (const [t, both] of gradients.entries())
      expect(norms[t]! / Math.sqrt(both.reduce((sum, g) => sum + dot(g, g), 0))).toBeCloseTo(1, 5);
  });

  it("moves nothing but by decay where the gradient is 0", async () => {
    const { state } = await steps([
      DIMS.map((dims) => new Float32Array(dims.reduce((a: number, b) => a * b, 1))),
    ]);
    expect(state.get("w0")![0]).toBeCloseTo(0.5 * (1 - 0.01 * 0.1), 6);
    expect(state.get("w1")![0]).toBe(0.5);
  });
});
