import { elements } from "../model/shape.ts";
import type { Engine, EngineTensor, Tensors } from "../train/engine.ts";
import type { Random } from "../../stats/random.ts";
import { Graph, sizes, type Value } from "./graph.ts";

/** An operation under test: which inputs it has, and how it is built from them. Those of type int32 are not differentiated. */
export interface Checked {
  readonly inputs: Readonly<Record<string, EngineTensor>>;
  build(graph: Graph, inputs: Readonly<Record<string, Value>>): Value;
}

/** Truncation grows with the square of it, rounding of 32-bit numbers with its inverse; both are near 1e-4 here. */
const STEP = 1e-2;

/**
 * The largest difference between symbolic gradients of sum(seed · y) and central differences, for a random direction and some
 * single entries of every input, as a share of the input's largest gradient. Sums are done in 64 bits. For tests.
 */
export async function gradientError(engine: Engine, checked: Checked, random: Random): Promise<number> {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(checked.inputs).map(([name, { data, dims }]) => [
      name,
      graph.input(name, data instanceof Int32Array ? "int32" : "float32", dims),
    ]),
  );
  const y = checked.build(graph, inputs);
  const dims = sizes(y);
  const seed = Float32Array.from({ length: elements(dims) }, () => random.normal());
  const names = Object.keys(inputs).filter((name) => inputs[name]?.type === "float32");
  const gradients = graph.gradients(
    [[y, graph.constant(seed, dims)]],
    names.map((name) => inputs[name] as Value),
  );
  graph.output("y", y);
  for (const [i, name] of names.entries()) graph.output(`grad ${name}`, gradients[i] as Value);
  const session = await engine.open(graph.file());
  try {
    const given: Tensors = Object.fromEntries(
      Object.entries(checked.inputs).map(([name, { data, dims }]) => [name, engine.tensor(data, dims)]),
    );
    const out = await session.run(given);
    const value = async (tensors: Tensors): Promise<number> =>
      dot((await session.run(tensors))["y"]?.data ?? [], seed);
    let worst = 0;
    for (const name of names) {
      const tensor = checked.inputs[name] as EngineTensor;
      const gradient = out[`grad ${name}`]?.data as Float32Array;
      const scale = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 1e-3);
      for (const direction of directions(tensor.data.length, random)) {
        const at = (step: number): Tensors => ({
          ...given,
          [name]: engine.tensor(
            (tensor.data as Float32Array).map((x, i) => x + step * (direction[i] as number)),
            tensor.dims,
          ),
        });
        const difference = ((await value(at(STEP))) - (await value(at(-STEP)))) / (2 * STEP);
        worst = Math.max(worst, Math.abs(difference - dot(gradient, direction)) / scale);
      }
    }
    return worst;
  } finally {
    await session.close();
  }
}

function directions(n: number, random: Random): Float32Array[] {
  const everywhere = Float32Array.from({ length: n }, () => random.normal() / Math.sqrt(n));
  const entries = Array.from({ length: 6 }, () => new Float32Array(n).fill(1, random.below(n)));
  // Only the first 1 stays, so a direction is one entry.
  for (const entry of entries) entry.fill(0, entry.indexOf(1) + 1);
  return [everywhere, ...entries];
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
