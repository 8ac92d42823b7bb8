import { LmError } from "../error.ts";
import {
  evaluationGraph,
  FIRST,
  NEW,
  SECOND,
  trainingGraph,
  type BatchSize,
} from "../graph/training-graph.ts";
import { tensorPlan, type ModelShape } from "../model/shape.ts";
import type { Weights } from "../model/weights.ts";
import type { Batch } from "./batches.ts";
import type { Engine, EngineTensor, Session, Tensors } from "./engine.ts";
import type { Settings } from "./settings.ts";

/** Weights and Adam's moments: all that a step changes. */
export interface OptimizerState {
  readonly weights: Weights;
  readonly m: Weights;
  readonly v: Weights;
}

/**
 * Weights in training. ONNX has no state, so a step takes weights and moments as inputs and writes them to a second
 * set of buffers; then the two sets change places.
 */
export class Optimizer {
  readonly #shape: ModelShape;
  readonly #size: BatchSize;
  readonly #engine: Engine;
  readonly #training: Session;
  #evaluation: { readonly session: Session; readonly targets: number } | null = null;
  #current: Tensors;
  #spare: Tensors;

  private constructor(
    shape: ModelShape,
    size: BatchSize,
    engine: Engine,
    training: Session,
    state: OptimizerState,
  ) {
    this.#shape = shape;
    this.#size = size;
    this.#engine = engine;
    this.#training = training;
    this.#current = this.#tensors(
      ({ name, length }, kind) => state[kind].get(name)?.slice() ?? new Float32Array(length),
    );
    this.#spare = this.#tensors(({ length }) => new Float32Array(length));
  }

  /** Copies the state. Throws LmError "engine_failed". */
  static async open(
    shape: ModelShape,
    size: BatchSize,
    settings: Settings,
    engine: Engine,
    state: OptimizerState,
  ): Promise<Optimizer> {
    const { beta1, beta2, weightDecay, clip } = settings;
    const graph = trainingGraph(shape, size, { beta1, beta2, weightDecay, clip, epsilon: 1e-8 });
    return new Optimizer(shape, size, engine, await engine.open(graph), state);
  }

  /** One step, number `step` from 1. The loss is that before it, a mean in nats; the norm is that before clipping. */
  async step(batch: Batch, step: number, learningRate: number): Promise<{ loss: number; norm: number }> {
    const into: Record<string, EngineTensor | null> = { loss: null, norm: null };
    for (const [name, tensor] of Object.entries(this.#spare)) into[NEW + name] = tensor;
    const scalar = (x: number): EngineTensor => this.#engine.tensor(Float32Array.of(x), []);
    const inputs = { ...this.#current, ...this.#feed(batch, this.#size.targets) };
    const out = await this.#training.run(
      { ...inputs, learningRate: scalar(learningRate), step: scalar(step) },
      into,
    );
    this.#spare = this.#current;
    this.#current = Object.fromEntries(
      Object.keys(this.#spare).map((name) => [name, out[NEW + name] as EngineTensor]),
    );
    return { loss: only(out, "loss"), norm: only(out, "norm") };
  }

  /** Mean loss of some batches, in nats; they have the rows and length of training, and `targets` of their own. */
  async loss(batches: Iterable<Batch>, targets: number): Promise<number> {
    const session = await this.#openEvaluation(targets);
    const weights = Object.fromEntries(
      tensorPlan(this.#shape).map(({ name }) => [name, this.#current[name] as EngineTensor]),
    );
    let sum = 0;
    let weight = 0;
    for (const batch of batches) {
      sum += only(await session.run({ ...weights, ...this.#feed(batch, targets) }), "total");
      weight += batch.total;
    }
    return sum / weight;
  }

  /** A copy. */
  state(): OptimizerState {
    const copy = (prefix: string): Weights =>
      new Map(
        tensorPlan(this.#shape).map(({ name }) => [
          name,
          (this.#current[prefix + name] as EngineTensor).data.slice() as Float32Array,
        ]),
      );
    return { weights: copy(""), m: copy(FIRST), v: copy(SECOND) };
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#evaluation?.session.close();
    this.#evaluation = null;
    await this.#training.close();
  }

  async #openEvaluation(targets: number): Promise<Session> {
    if (this.#evaluation?.targets === targets) return this.#evaluation.session;
    await this.#evaluation?.session.close();
    const session = await this.#engine.open(evaluationGraph(this.#shape, { ...this.#size, targets }));
    this.#evaluation = { session, targets };
    return session;
  }

  #feed(batch: Batch, targets: number): Tensors {
    const { rows, length } = this.#size;
    const n = rows * length;
    const tensor = this.#engine.tensor.bind(this.#engine);
    return {
      tokens: tensor(batch.tokens, [rows, length]),
      segments: tensor(batch.segments, [rows, length]),
      ids: tensor(batch.ids, [n, targets]),
      probs: tensor(batch.probs, [n, targets]),
      weight: tensor(batch.weight, [n]),
    };
  }

  #tensors(
    values: (tensor: { name: string; length: number }, kind: keyof OptimizerState) => Float32Array,
  ): Tensors {
    const kinds = [["", "weights"] as const, [FIRST, "m"] as const, [SECOND, "v"] as const];
    return Object.fromEntries(
      tensorPlan(this.#shape).flatMap(({ name, dims }) => {
        const length = dims.reduce((product, n) => product * n, 1);
        return kinds.map(
          ([prefix, kind]) =>
            [prefix + name, this.#engine.tensor(values({ name, length }, kind), dims)] as const,
        );
      }),
    );
  }
}

function only(out: Tensors, name: string): number {
  const value = out[name]?.data[0];
  if (value === undefined) throw new LmError("engine_failed", `the graph gave no ${name}`);
  return value;
}
