import type { Random } from "../../stats/random.ts";
import { LmError } from "../error.ts";
import { checkShape, elements, EMBEDDING, tensorPlan, type ModelShape } from "./shape.ts";

/** Weights by tensor name, in the order of `tensorPlan`. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** A model: its sizes and its weights. */
export interface Model {
  readonly shape: ModelShape;
  readonly weights: Weights;
}

/**
 * Fresh weights: norms 1, the others normal with SD 0.02 as in GPT-2, but 1/sqrt(inputs) for matrices (at widths of
 * 64-256 the 0.02 of wide models starves the signal); what writes into the residual stream is divided by
 * sqrt(2 x layers) (Radford et al. 2019, section 2.3).
 */
export function freshModel(shape: ModelShape, random: Random): Model {
  checkShape(shape);
  const residual = 1 / Math.sqrt(2 * shape.layers);
  const weights = new Map<string, Float32Array>();
  for (const { name, dims } of tensorPlan(shape)) {
    const values = new Float32Array(elements(dims));
    if (dims.length === 1) values.fill(1);
    else {
      const draws = random.fork(name);
      const writes = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
      const scale = name === EMBEDDING ? 0.02 : (writes ? residual : 1) / Math.sqrt(dims[1] as number);
      for (let i = 0; i < values.length; i++) values[i] = draws.normal() * scale;
    }
    weights.set(name, values);
  }
  return { shape, weights };
}

/** Throws LmError "weights" when a tensor is missing, unknown, of a wrong size, or holds a value that is not finite. */
export function checkModel({ shape, weights }: Model): Model {
  checkShape(shape);
  const plan = tensorPlan(shape);
  for (const { name, dims } of plan) {
    const values = weights.get(name);
    if (values === undefined) throw new LmError("weights", `there is no tensor ${name}`);
    const wanted = elements(dims);
    if (values.length !== wanted)
      throw new LmError(
        "weights",
        `${name} has ${values.length} values; [${dims.join(", ")}] needs ${wanted}`,
      );
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new LmError("weights", `${name}[${bad}] is ${values[bad]}; weights must be finite`);
  }
  if (weights.size !== plan.length) {
    const known = new Set(plan.map((x) => x.name));
    const extra = [...weights.keys()].find((name) => !known.has(name));
    throw new LmError("weights", `the tensor ${extra} is not one of a model of ${shape.layers} layers`);
  }
  return { shape, weights };
}
