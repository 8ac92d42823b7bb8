import { beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../../stats/random.ts";
import { chooseEngine, type Engine } from "../../train/engine.ts";
import { Graph } from "../graph.ts";
import { crossEntropy } from "./cross-entropy.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine();
});

interface Case {
  logits: number[][];
  ids: number[][];
  probs: number[][];
  weight: number[];
}

async function run({ logits, ids, probs, weight }: Case) {
  const n = logits.length;
  const vocab = logits[0]!.length;
  const k = ids[0]!.length;
  const graph = new Graph();
  const { loss, gradient } = crossEntropy(graph, graph.input("logits", "float32", [n, vocab]), {
    ids: graph.input("ids", "int32", [n, k]),
    probs: graph.input("probs", "float32", [n, k]),
    weight: graph.input("weight", "float32", [n]),
  });
  graph.output("loss", loss);
  graph.output("gradient", gradient);
  const session = await engine.open(graph.file());
  const out = await session.run({
    logits: engine.tensor(Float32Array.from(logits.flat()), [n, vocab]),
    ids: engine.tensor(Int32Array.from(ids.flat()), [n, k]),
    probs: engine.tensor(Float32Array.from(probs.flat()), [n, k]),
    weight: engine.tensor(Float32Array.from(weight), [n]),
  });
  await session.close();
  const flat = [...out["gradient"]!.data];
  return {
    loss: out["loss"]!.data[0]!,
    gradient: logits.map((_, i) => flat.slice(i * vocab, (i + 1) * vocab)),
  };
}

/** The docstring's formula, in 64 bits. */
function wanted({ logits, ids, probs, weight }: Case) {
  let loss = 0;
  const gradient = logits.map((row, i) => {
    const top = Math.max(...row);
    const exps = row.map((x) => Math.exp(x - top));
    const sum = exps.reduce((a, b) => a + b);
    const q = exps.map((x) => x / sum);
    const listed = new Map(ids[i]!.map((id, j) => [id, probs[i]![j]!] as const).filter(([, p]) => p > 0));
    const pTail = 1 - [...listed.values()].reduce((a, b) => a + b, 0);
    const qTail = 1 - [...listed.keys()].reduce((a, id) => a + q[id]!, 0);
    for (const [id, p] of listed) loss -= weight[i]! * p * Math.log(q[id]!);
    if (pTail > 1e-6) loss -= weight[i]! * pTail * Math.log(qTail);
    return q.map((x, j) => weight[i]! * (x - (listed.get(j) ?? (pTail > 1e-6 ? (x * pTail) / qTail : 0))));
  });
  return { loss, gradient };
}

const random = seeded("cross-entropy");
const rows = (n: number, vocab: number) =>
  Array.from({ length: n }, () => Array.from({ length: vocab }, () => 2 * random.normal()));
const near = (a: number[][], b: number[][]) => {
  for (const [i, row] of a.entries()) for (const [j, x] of row.entries()) expect(x).toBeCloseTo(b[i]![j]!, 5);
};

describe("crossEntropy", () => {
  const logits = rows(3, 6);
  const cases: Record<string, Case> = {
    "one token": { logits, ids: [[1], [5], [0]], probs: [[1], [1], [1]], weight: [1, 0.5, 2] },
    "the top of a distribution, the rest in one bucket": {
      logits,
      ids: [
        [1, 2],
        [5, 0],
        [3, 4],
      ],
      probs: [
        [0.5, 0.2],
        [0.9, 0.05],
        [0.1, 0.1],
      ],
      weight: [1, 1, 1],
    },
    "padding with probability 0, of any id": {
      logits,
      ids: [
        [1, 0, 1],
        [5, 5, 5],
        [2, 3, 3],
      ],
      probs: [
        [0.7, 0, 0],
        [1, 0, 0],
        [0.25, 0.5, 0],
      ],
      weight: [1, 1, 1],
    },
  };
  it.each(Object.entries(cases))("%s", async (_, given) => {
    const [got, want] = [await run(given), wanted(given)];
    expect(got.loss).toBeCloseTo(want.loss, 4);
    near(got.gradient, want.gradient);
  });

  it("of a whole distribution (k = vocabulary) has the gradient softmax - target", async () => {
    const p = rows(3, 6).map((row) => {
      const sum = row.reduce((a, x) => a + Math.exp(x), 0);
      return row.map((x) => Math.exp(x) / sum);
    });
    const ids = logits.map(() => [0, 1, 2, 3, 4, 5]);
    const { gradient } = await run({ logits, ids, probs: p, weight: [1, 1, 1] });
    near(
      gradient,
      logits.map((row, i) => {
        const sum = row.reduce((a, x) => a + Math.exp(x), 0);
        return row.map((x, j) => Math.exp(x) / sum - p[i]![j]!);
      }),
    );
  });

  it("is 0 in its gradient where the model agrees with the top and the bucket", async () => {
    const even = [Array.from({ length: 6 }, () => 0)];
    const { gradient } = await run({ logits: even, ids: [[0, 3]], probs: [[1 / 6, 1 / 6]], weight: [1] });
    near(gradient, [[0, 0, 0, 0, 0, 0]]);
  });

  it("has neither loss nor gradient where the weight is 0", async () => {
    const { loss, gradient } = await run({
      logits,
      ids: [[1], [5], [0]],
      probs: [[1], [1], [1]],
      weight: [0, 0, 0],
    });
    expect(loss).toBeCloseTo(0, 12);
    expect(gradient.flat().every((x) => x === 0)).toBe(true);
  });

  it("stays finite when the model is certain and wrong", async () => {
    const { loss, gradient } = await run({
      logits: [
        [200, 0, 0],
        [200, 0, 0],
      ],
      ids: [[1], [0]],
      probs: [[1], [0.5]],
      weight: [1, 1],
    });
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.flat().every(Number.isFinite)).toBe(true);
    expect(gradient[0]![1]).toBeCloseTo(-1, 5);
  });
});
