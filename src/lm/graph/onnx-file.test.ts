import { describe, expect, it } from "vitest";
import { chooseEngine } from "../train/engine.ts";
import { Graph } from "./graph.ts";
import { writeOnnx } from "./onnx-file.ts";

describe("writeOnnx", () => {
  it("writes the bytes that protocol buffers prescribe", () => {
    const bytes = writeOnnx({
      nodes: [{ op: "Neg", domain: "", inputs: ["a"], outputs: ["b"], attributes: { axis: -1 } }],
      constants: [],
      inputs: [{ name: "a", type: "float32", dims: [300, "n"] }],
      outputs: [],
    });
    const hex = Buffer.from(bytes).toString("hex");
    // ir_version 10; the graph is field 7.
    expect(hex.startsWith("080a3a")).toBe(true);
    // node: input "a", output "b", name "Neg b", op_type "Neg", attribute {name "axis", i -1, type INT}, domain "".
    expect(hex).toContain(
      "0a01611201621a054e6567206222034e65672a140a046178697318ffffffffffffffffff01a001023a00",
    );
    // input: name "a", tensor_type {elem_type 1, shape {dim_value 300 = ac 02, dim_param "n"}}
    expect(hex).toContain("0a016112100a0e0801120a0a0308ac020a0312016e");
    // opset_import: "" 21, "com.microsoft" 1
    expect(hex.endsWith("42040a00101542110a0d636f6d2e6d6963726f736f66741001")).toBe(true);
  });

  it("leaves out what no output needs", async () => {
    const graph = new Graph();
    const a = graph.input("a", "float32", [2]);
    graph.add("NoSuchOperation", [a], [2]);
    graph.output("b", graph.add("Mul", [a, graph.number(3)], [2]));
    const engine = await chooseEngine();
    const session = await engine.open(graph.file());
    const out = await session.run({ a: engine.tensor(Float32Array.of(1, -2), [2]) });
    expect([...out["b"]!.data]).toEqual([3, -6]);
    await session.close();
  });
});
