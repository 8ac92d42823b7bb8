import { beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../../stats/random.ts";
import { hasEngine } from "../../engine.ts";
import { chooseEngine, type Engine, type EngineTensor } from "../../train/engine.ts";
import { gradientError, type Checked } from "../finite-differences.ts";
import { Graph } from "../graph.ts";
import { attention, causalMask } from "./attention.ts";
import { add, mul } from "./elementwise.ts";
import { gather, scatterAdd } from "./gather.ts";
import { concat, reshape, split, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { rmsNorm } from "./rms-norm.ts";
import { rope, ropeAngles } from "./rope.ts";
import { swiglu } from "./swiglu.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await chooseEngine();
});

let random = seeded("ops");
const floats = (...dims: number[]): EngineTensor => ({
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
  dims,
});
const whole = (dims: number[], ...numbers: number[]): EngineTensor => ({
  data: Int32Array.from(numbers),
  dims,
});
const TOLERANCE = 5e-3;

const cases: Record<string, () => Checked> = {
  ...Object.fromEntries(
    [0, 1, 2, 3].map((i) => {
      const transA = (i & 1) === 1;
      const transB = (i & 2) === 2;
      return [
        `matmul ${transA ? "a^T" : "a"} ${transB ? "b^T" : "b"}`,
        () => ({
          inputs: { a: transA ? floats(4, 3) : floats(3, 4), b: transB ? floats(5, 4) : floats(4, 5) },
          build: (g, v) => matmul(g, v["a"]!, v["b"]!, { transA, transB, alpha: 0.7 }),
        }),
      ] as [string, () => Checked];
    }),
  ),
  "matmul of batches by one matrix": () => ({
    inputs: { a: floats(2, 3, 4), b: floats(4, 5) },
    build: (g, v) => matmul(g, v["a"]!, v["b"]!),
  }),
  "add with broadcasting": () => ({
    inputs: { a: floats(2, 3, 4), b: floats(3, 1) },
    build: (g, v) => add(g, v["a"]!, v["b"]!),
  }),
  "mul with broadcasting": () => ({
    inputs: { a: floats(4), b: floats(3, 4) },
    build: (g, v) => mul(g, v["a"]!, v["b"]!),
  }),
  "a value used twice": () => ({
    inputs: { a: floats(3, 4) },
    build: (g, v) => add(g, mul(g, v["a"]!, v["a"]!), v["a"]!),
  }),
  rmsNorm: () => ({ inputs: { a: floats(3, 8) }, build: (g, v) => rmsNorm(g, v["a"]!, 1e-5) }),
  "rmsNorm of numbers as small as its epsilon": () => ({
    inputs: { a: floats(3, 8) },
    build: (g, v) => rmsNorm(g, mul(g, v["a"]!, g.number(0.1)), 1e-2),
  }),
  swiglu: () => ({
    inputs: { gate: floats(3, 4), up: floats(3, 4) },
    build: (g, v) => swiglu(g, v["gate"]!, v["up"]!),
  }),
  rope: () => ({
    inputs: { a: floats(2, 3, 4, 6) },
    build: (g, v) => rope(g, v["a"]!, ropeAngles(4, 6, 100)),
  }),
  gather: () => ({
    inputs: { table: floats(5, 3), at: whole([6], 4, 0, 0, 2, 4, 4) },
    build: (g, v) => gather(g, v["table"]!, v["at"]!),
  }),
  reshape: () => ({ inputs: { a: floats(3, 4) }, build: (g, v) => reshape(g, v["a"]!, [2, 6]) }),
  transpose: () => ({ inputs: { a: floats(2, 3, 4) }, build: (g, v) => transpose(g, v["a"]!, [2, 0, 1]) }),
  "concat and split": () => ({
    inputs: { a: floats(2, 3), b: floats(4, 3) },
    build: (g, v) => {
      const [x, y, z] = split(g, concat(g, [v["a"]!, v["b"]!], 0), 0, 3);
      return mul(g, mul(g, x!, y!), z!);
    },
  }),
  attention: () => ({
    inputs: {
      q: floats(2, 2, 4, 6),
      k: floats(2, 2, 4, 6),
      v: floats(2, 2, 4, 6),
      segments: whole([2, 4], 1, 1, 1, 1, 1, 2, 2, 0),
    },
    build: (g, v) => attention(g, v["q"]!, v["k"]!, v["v"]!, causalMask(g, v["segments"]!)),
  }),
};

describe("gradients against finite differences", () => {
  it.each(Object.entries(cases))("%s", async (name, make) => {
    random = seeded(name);
    expect(await gradientError(engine, make(), random)).toBeLessThan(TOLERANCE);
  });

  it("notices a gradient that is a tenth too large", async () => {
    const wrong: Checked = {
      inputs: { a: floats(3, 4) },
      build: (g, v) => {
        const a = v["a"]!;
        const y = g.add("Sigmoid", [a], a.dims);
        g.record([y], [a], (dy) => {
          const slope = g.add("Mul", [y, g.add("Sub", [g.number(1), y], a.dims)], a.dims);
          return [g.add("Mul", [g.add("Mul", [dy, slope], a.dims), g.number(1.1)], a.dims)];
        });
        return y;
      },
    };
    expect(await gradientError(engine, wrong, random)).toBeGreaterThan(5 * TOLERANCE);
  });

  it("notices a swapped matrix", async () => {
    const wrong: Checked = {
      inputs: { a: floats(4, 4) },
      build: (g, v) => {
        const y = g.add("Transpose", [v["a"]!], [4, 4], { perm: [1, 0] });
        g.record([y], [v["a"]!], (dy) => [dy]);
        return y;
      },
    };
    expect(await gradientError(engine, wrong, random)).toBeGreaterThan(5 * TOLERANCE);
  });
});

describe.runIf(hasEngine("onnxruntime-node"))("rows that are named often", () => {
  it("get all that is added to them, in the same order with one thread and with two", async () => {
    random = seeded("threads");
    const graph = new Graph();
    // As large as it takes for ScatterND to lose rows in most of ten runs.
    const [n, rows, width] = [16_384, 2, 128];
    const updates = {
      data: Float32Array.from({ length: n * width }, (_, i) => ((i * 0.618) % 1) - 0.5),
      dims: [n, width],
    };
    const numbers = Int32Array.from({ length: n }, () => random.below(rows));
    const table = graph.input("table", "float32", [rows, width]);
    const at = graph.input("at", "int32", [n]);
    graph.output("sum", scatterAdd(graph, table, at, graph.input("updates", "float32", [n, width])));
    const run = async (threads: number) => {
      const some = await chooseEngine({ engine: "onnxruntime-node", threads });
      const session = await some.open(graph.file());
      const out = await session.run({
        table: some.tensor(new Float32Array(rows * width), [rows, width]),
        at: some.tensor(numbers, [n]),
        updates: some.tensor(updates.data, updates.dims),
      });
      await session.close();
      return out["sum"]!.data;
    };
    const want = new Float32Array(rows * width);
    for (const [i, x] of updates.data.entries()) {
      const to = numbers[Math.floor(i / width)]! * width + (i % width);
      want[to] = want[to]! + x;
    }
    const once = await run(1);
    for (const [i, x] of want.entries()) expect(once[i]).toBeCloseTo(x, 3);
    for (let i = 0; i < 10; i++) expect(await run(2)).toEqual(once);
  });
});

describe("what the graph refuses while it is built", () => {
  const open = () => {
    const g = new Graph();
    return { g, a: g.input("a", "float32", [2, 3]), b: g.input("b", "float32", [4, 5]) };
  };
  it("shapes that do not fit", () => {
    const { g, a, b } = open();
    expect(() => add(g, a, b)).toThrow("a [2, 3] and b [4, 5] do not broadcast");
    expect(() => reshape(g, a, [4, 2])).toThrow("a [2, 3] cannot be seen as [4, 2]");
    expect(() => matmul(g, a, b)).toThrow("a [2, 3] · b [4, 5]");
  });
  it("gradients of what nothing depends on", () => {
    const { g, a, b } = open();
    const y = mul(g, a, a);
    expect(() => g.gradients([[y, y]], [b])).toThrow("depends on b");
  });
});
