import { describe, expect, it } from "vitest";
import { seeded } from "../../stats/random.ts";
import { hasEngine } from "../engine.ts";
import { tensorPlan, type ModelShape } from "../model/shape.ts";
import { freshModel } from "../model/weights.ts";
import {
  chooseEngine,
  type Engine,
  type EngineName,
  type EngineTensor,
  type Tensors,
} from "../train/engine.ts";
import { decoderLogits, weightInputs } from "./decoder-graph.ts";
import { Graph } from "./graph.ts";
import { FORBIDDEN } from "./op/attention.ts";
import { stepGraph } from "./step-graph.ts";

const shape: ModelShape = {
  vocab: 50,
  width: 32,
  layers: 2,
  heads: 4,
  hidden: 48,
  context: 16,
  ropeTheta: 1e4,
  normEpsilon: 1e-5,
};
const [S, T, HEADS, HEAD_DIM] = [2, 8, 4, 8];
const random = seeded("step");
const model = freshModel(shape, random);
for (const values of model.weights.values())
  for (const [i, x] of values.entries()) values[i] = x + 0.1 * random.normal();
const tokens = Int32Array.from({ length: S * T }, () => random.below(50));

async function whole(engine: Engine): Promise<ArrayLike<number>> {
  const graph = new Graph();
  const weights = weightInputs(graph, shape);
  const inputs = {
    tokens: graph.input("tokens", "int32", [S, T]),
    segments: graph.input("segments", "int32", [S, T]),
  };
  graph.output("logits", decoderLogits(graph, shape, weights, inputs));
  const session = await engine.open(graph.file());
  const out = await session.run({
    tokens: engine.tensor(tokens, [S, T]),
    segments: engine.tensor(new Int32Array(S * T), [S, T]),
    ...Object.fromEntries(
      tensorPlan(shape).map(({ name, dims }) => [name, engine.tensor(model.weights.get(name)!, dims)]),
    ),
  });
  await session.close();
  return out["logits"]!.data;
}

/** Inputs of L tokens after `filled`, in a cache with room for P. */
function inputs(engine: Engine, L: number, P: number, filled: number): Tensors {
  const mask = new Float32Array(S * L * (P + L)).fill(FORBIDDEN);
  const positions = new Int32Array(S * L);
  const news = new Int32Array(S * L);
  for (let s = 0; s < S; s++)
    for (let l = 0; l < L; l++) {
      const at = (s * L + l) * (P + L);
      mask.fill(0, at, at + filled).fill(0, at + P, at + P + l + 1);
      positions[s * L + l] = filled + l;
      news[s * L + l] = tokens[s * T + filled + l]!;
    }
  return {
    tokens: engine.tensor(news, [S, L]),
    positions: engine.tensor(positions, [S, L]),
    mask: engine.tensor(mask, [S, 1, L, P + L]),
  };
}

const engines: EngineName[] = hasEngine("onnxruntime-node")
  ? ["onnxruntime-node", "onnxruntime-web"]
  : ["onnxruntime-web"];

describe.each(engines)("stepGraph on %s", (name) => {
  it("gives the logits of the whole sequence, from an empty and from a half-filled cache", async () => {
    const engine = await chooseEngine({ engine: name });
    const want = await whole(engine);
    const session = await engine.open(stepGraph(shape, model.weights));
    const rows = (...numbers: number[]): EngineTensor =>
      engine.tensor(Int32Array.from(numbers), [numbers.length]);
    const past = (P: number, of: (name: string) => Float32Array): Tensors =>
      Object.fromEntries(
        [0, 1].flatMap((i) =>
          ["key", "value"].map((part) => [
            `past_${part}.${i}`,
            engine.tensor(of(`${part}.${i}`), [S, HEADS, P, HEAD_DIM]),
          ]),
        ),
      );
    const near = (got: ArrayLike<number>, row: number, position: number): void => {
      for (let v = 0; v < 50; v++) expect(got[row * 50 + v]).toBeCloseTo(want[position * 50 + v]!, 5);
    };

    const first = await session.run({
      ...inputs(engine, 5, 0, 0),
      rows: rows(9, 2),
      ...past(0, () => new Float32Array()),
    });
    expect(first["logits"]!.dims).toEqual([2, 50]);
    near(first["logits"]!.data, 0, T + 4);
    near(first["logits"]!.data, 1, 2);

    // A place beyond what is filled holds something absurd that the mask hides.
    const widened = (name: string): Float32Array => {
      const wide = new Float32Array(S * HEADS * 6 * HEAD_DIM).fill(1000);
      for (let b = 0; b < S * HEADS; b++)
        wide.set(first[name]!.data.subarray(b * 5 * HEAD_DIM, (b + 1) * 5 * HEAD_DIM), b * 6 * HEAD_DIM);
      return wide;
    };
    const second = await session.run({
      ...inputs(engine, 3, 6, 5),
      rows: rows(0, 1, 2, 3, 4, 5),
      ...past(6, widened),
    });
    expect(second["key.1"]!.dims).toEqual([S, HEADS, 3, HEAD_DIM]);
    for (let i = 0; i < 6; i++) near(second["logits"]!.data, i, i < 3 ? 5 + i : T + 2 + i);
    await session.close();
  });
});
