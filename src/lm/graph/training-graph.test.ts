import { beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { hasEngine } from "../engine.ts";
import { elements, tensorPlan, type ModelShape } from "../model/shape.ts";
import { freshModel } from "../model/weights.ts";
import { chooseEngine, type Engine, type EngineTensor, type Session, type Tensors } from "../train/engine.ts";
import { dot } from "./finite-differences.ts";
import { evaluationGraph, gradientGraph } from "./training-graph.ts";

const shape: ModelShape = {
  vocab: 11,
  width: 16,
  layers: 2,
  heads: 2,
  hidden: 12,
  context: 8,
  ropeTheta: 100,
  normEpsilon: 1e-5,
};
const size = { rows: 3, length: 8, targets: 3 };
const N = 24;

let engine: Engine;
let gradients: Session;
let evaluation: Session;
beforeAll(async () => {
  engine = await chooseEngine();
  gradients = await engine.open(gradientGraph(shape, size));
  evaluation = await engine.open(evaluationGraph(shape, size));
  return async () => {
    await gradients.close();
    await evaluation.close();
  };
});

/** Weights that are nowhere special, gains included. */
function weights(on = engine): Tensors {
  const random = seeded("weights");
  const model = freshModel(shape, random);
  return Object.fromEntries(
    tensorPlan(shape).map(({ name, dims }) => [
      name,
      on.tensor(
        model.weights.get(name)!.map((x) => x + 0.2 * random.normal()),
        dims,
      ),
    ]),
  );
}

interface Plain {
  tokens: Int32Array;
  segments: Int32Array;
  ids: Int32Array;
  probs: Float32Array;
  weight: Float32Array;
}

function batch(): Plain {
  const random = seeded("batch");
  const targets = Array.from({ length: N }, () => {
    const first = random.below(11);
    return { ids: [first, (first + 3) % 11, 0], probs: random.chance(0.5) ? [1, 0, 0] : [0.6, 0.3, 0] };
  });
  return {
    tokens: Int32Array.from({ length: N }, () => random.below(11)),
    segments: Int32Array.from([1, 1, 1, 2, 2, 2, 2, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 0, 0]),
    ids: Int32Array.from(targets.flatMap((target) => target.ids)),
    probs: Float32Array.from(targets.flatMap((target) => target.probs)),
    weight: Float32Array.from({ length: N }, (_, i) => [1, 0, 0.5][i % 3]!),
  };
}

function feed(plain: Plain, on = engine): Tensors {
  return {
    tokens: on.tensor(plain.tokens, [3, 8]),
    segments: on.tensor(plain.segments, [3, 8]),
    ids: on.tensor(plain.ids, [N, 3]),
    probs: on.tensor(plain.probs, [N, 3]),
    weight: on.tensor(plain.weight, [N]),
  };
}

const total = async (plain: Plain, tensors = weights()): Promise<number> =>
  (await evaluation.run({ ...feed(plain), ...tensors }))["total"]!.data[0]!;

/** Relative differences of slopes along the gradient of each tensor and along a random direction. */
async function errors(spoil: (name: string, gradient: Float32Array) => Float32Array = (_, g) => g) {
  const plain = batch();
  const tensors = weights();
  const out = await gradients.run({ ...feed(plain), ...tensors });
  const sum = plain.weight.reduce((a, b) => a + b);
  const random = seeded("directions");
  const found = new Map<string, number>();
  for (const { name, dims } of tensorPlan(shape)) {
    const gradient = spoil(name, out[`grad/${name}`]!.data as Float32Array);
    const norm = Math.sqrt(dot(gradient, gradient));
    const directions = [
      gradient.map((g) => g / norm),
      Float32Array.from({ length: elements(dims) }, () => random.normal()).map(
        (x) => x / Math.sqrt(elements(dims)),
      ),
    ];
    let worst = 0;
    for (const direction of directions) {
      const at = (step: number): Promise<number> => {
        const moved = (tensors[name] as EngineTensor).data as Float32Array;
        return total(plain, {
          ...tensors,
          [name]: engine.tensor(
            moved.map((x, i) => x + step * direction[i]!),
            dims,
          ),
        });
      };
      const slope = ((await at(0.01)) - (await at(-0.01))) / 0.02 / sum;
      worst = Math.max(worst, Math.abs(slope - dot(gradient, direction)) / norm);
    }
    found.set(name, worst);
  }
  return found;
}

describe("the whole model", () => {
  it("has gradients that agree with finite differences in every tensor", async () => {
    for (const [name, error] of await errors()) expect(error, name).toBeLessThan(0.01);
  });

  it("would not, were one gradient 5 % too large", async () => {
    const spoilt = "model.layers.1.self_attn.k_proj.weight";
    const found = await errors((name, g) => (name === spoilt ? g.map((x) => 1.05 * x) : g));
    expect(found.get(spoilt)).toBeGreaterThan(0.03);
  });

  it("gives the mean loss beside the gradients, the sum in evaluation", async () => {
    const plain = batch();
    const out = await gradients.run({ ...feed(plain), ...weights() });
    const sum = plain.weight.reduce((a, b) => a + b);
    expect(out["loss"]!.data[0]).toBeCloseTo((await total(plain)) / sum, 5);
  });
});

describe("documents in one row", () => {
  it("do not see each other, whatever stands before and after", async () => {
    const plain = batch();
    // Only the second document of row 0 (positions 3..6) counts.
    plain.weight = plain.weight.map((_, i) => (i >= 3 && i <= 6 ? 1 : 0));
    const before = await total(plain);
    for (const i of [0, 1, 2, 7, 8, 20]) plain.tokens[i] = (plain.tokens[i]! + 1) % 11;
    expect(await total(plain)).toBe(before);
    // Were they one document, it would be another loss.
    plain.segments.fill(1);
    expect(Math.abs((await total(plain)) - before)).toBeGreaterThan(1e-3);
  });

  it("are read as if they stood alone at the start of a row", async () => {
    const plain = batch();
    plain.weight = plain.weight.map((_, i) => (i >= 3 && i <= 6 ? 1 : 0));
    const packed = await total(plain);
    const alone = { ...plain, segments: Int32Array.from({ length: N }, (_, i) => (i < 4 ? 1 : 0)) };
    alone.weight = plain.weight.map((_, i) => (i < 4 ? 1 : 0));
    alone.tokens = Int32Array.from({ length: N }, (_, i) => (i < 4 ? plain.tokens[i + 3]! : 0));
    alone.ids = plain.ids.slice();
    alone.probs = plain.probs.slice();
    alone.ids.set(plain.ids.subarray(9, 21));
    alone.probs.set(plain.probs.subarray(9, 21));
    expect(await total(alone)).toBeCloseTo(packed, 4);
  });

  it("give the same gradients to the bit whatever masked targets are", async () => {
    const plain = batch();
    const before = await gradients.run({ ...feed(plain), ...weights() });
    for (const [i, weight] of plain.weight.entries()) if (weight === 0) plain.ids.fill(7, 3 * i, 3 * i + 1);
    const after = await gradients.run({ ...feed(plain), ...weights() });
    for (const { name } of tensorPlan(shape))
      expect(after[`grad/${name}`]!.data, name).toEqual(before[`grad/${name}`]!.data);
  });

  it("may be all without weight: no loss, no gradient, no NaN", async () => {
    const plain = batch();
    plain.weight.fill(0);
    const out = await gradients.run({ ...feed(plain), ...weights() });
    for (const { data } of Object.values(out)) expect(data.every((x) => Math.abs(x) === 0)).toBe(true);
  });
});

describe.runIf(hasEngine("onnxruntime-node"))("onnxruntime-web", () => {
  it("gives the same loss and gradients as onnxruntime-node", async () => {
    const web = await chooseEngine({ engine: "onnxruntime-web" });
    const session = await web.open(gradientGraph(shape, size));
    const there = await session.run({ ...feed(batch(), web), ...weights(web) });
    const here = await gradients.run({ ...feed(batch()), ...weights() });
    expect(Object.keys(there).sort()).toEqual(Object.keys(here).sort());
    for (const [name, { data }] of Object.entries(here))
      for (const [i, x] of data.entries()) expect(there[name]!.data[i], name).toBeCloseTo(x, 4);
    await session.close();
  });
});
