import { describe, expect, it } from "vitest";
import { hasEngine } from "../engine.ts";
import { Graph } from "../graph/graph.ts";
import { chooseEngine, type EngineName } from "./engine.ts";

const engines: EngineName[] = hasEngine("onnxruntime-node")
  ? ["onnxruntime-node", "onnxruntime-web"]
  : ["onnxruntime-web"];

/** b = 2 a. */
function doubling(): Uint8Array {
  const graph = new Graph();
  graph.output("b", graph.add("Mul", [graph.input("a", "float32", [2]), graph.number(2)], [2]));
  return graph.file();
}

describe("chooseEngine", () => {
  it("prefers onnxruntime-node where it is installed", async () => {
    expect((await chooseEngine()).name).toBe(engines[0]);
  });

  it.each([0, 1.5, Number.NaN, 1000])("refuses %s threads", async (threads) => {
    await expect(chooseEngine({ threads })).rejects.toMatchObject({ name: "LmError", code: "training" });
  });
});

describe.each(engines)("%s", (name) => {
  it("runs a graph, with and without memory offered for its outputs", async () => {
    const engine = await chooseEngine({ engine: name });
    const session = await engine.open(doubling());
    const a = engine.tensor(Float32Array.of(1, -3), [2]);
    const offered = engine.tensor(new Float32Array(2), [2]);
    for (const into of [undefined, { b: null }, { b: offered }]) {
      const { b } = await session.run({ a }, into);
      expect([...b!.data]).toEqual([2, -6]);
      expect(b!.dims).toEqual([2]);
    }
    await session.close();
  });

  it("reports a file or inputs that it cannot take as LmError", async () => {
    const engine = await chooseEngine({ engine: name });
    await expect(engine.open(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
      name: "LmError",
      code: "engine_failed",
      message: expect.stringContaining(`${name} did not load`),
    });
    const session = await engine.open(doubling());
    await expect(session.run({})).rejects.toMatchObject({ code: "engine_failed" });
    await expect(session.run({ a: engine.tensor(new Float32Array(3), [3]) })).rejects.toMatchObject({
      code: "engine_failed",
    });
    await session.close();
  });
});
