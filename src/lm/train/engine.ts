import { hasEngine, loadEngine } from "../engine.ts";
import { LmError } from "../error.ts";

export type EngineName = "onnxruntime-node" | "onnxruntime-web";

/** A tensor as both packages have it (their class `Tensor`). */
export interface EngineTensor {
  readonly data: Float32Array | Int32Array;
  readonly dims: readonly number[];
}
export type Tensors = Record<string, EngineTensor>;

/** A graph ready to run. */
export interface Session {
  /**
   * Runs the graph once and gives its outputs. Tensors in `into` are memory that an output may be written to, so their
   * numbers are lost; the outputs are what is returned. Throws LmError "engine_failed".
   */
  run(inputs: Tensors, into?: Record<string, EngineTensor | null>): Promise<Tensors>;
  close(): Promise<void>;
}

export interface Engine {
  readonly name: EngineName;
  /** Wraps numbers without copying them. */
  tensor(data: Float32Array | Int32Array, dims: readonly number[]): EngineTensor;
  /** Throws LmError "engine_failed" for a file that does not load. */
  open(file: Uint8Array): Promise<Session>;
}

export interface EngineOptions {
  /** Default: onnxruntime-node where it is installed, else onnxruntime-web (about a third of the speed). */
  readonly engine?: EngineName | undefined;
  /** Threads inside an operation (default 1; more only with onnxruntime-node). */
  readonly threads?: number | undefined;
}

/** The part of onnxruntime-common that is used. */
interface Ort {
  readonly Tensor: new (
    type: string,
    data: Float32Array | Int32Array,
    dims: readonly number[],
  ) => EngineTensor;
  readonly InferenceSession: {
    create(file: Uint8Array, options: Record<string, unknown>): Promise<OrtSession>;
  };
  readonly env: { logLevel?: string; wasm: { numThreads?: number } };
}
interface OrtSession {
  run(inputs: Tensors, into?: Record<string, EngineTensor | null>): Promise<Tensors>;
  release(): Promise<void>;
}

/** Throws LmError "engine_missing" or "engine_failed". */
export async function chooseEngine({ engine, threads = 1 }: EngineOptions = {}): Promise<Engine> {
  if (!Number.isInteger(threads) || threads < 1 || threads > 256)
    throw new LmError("training", `threads is ${threads}; it must be a whole number in 1..256`);
  const name = engine ?? (hasEngine("onnxruntime-node") ? "onnxruntime-node" : "onnxruntime-web");
  const ort = await loadOrt(name, threads);
  // onnxruntime-web 1.30 copies such a tensor in, but never back.
  const inPlace = name === "onnxruntime-node";
  const options = {
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Moments of weights that are hardly used decay into denormals, which are slow on most processors.
    extra: { session: { set_denormal_as_zero: "1" } },
  };
  return {
    name,
    tensor: (data, dims) => new ort.Tensor(data instanceof Float32Array ? "float32" : "int32", data, dims),
    open: async (file) => {
      const session = await blamed(name, "load", () => ort.InferenceSession.create(file, options));
      return {
        run: (inputs, into) =>
          blamed(name, "run", () =>
            into === undefined || !inPlace ? session.run(inputs) : session.run(inputs, into),
          ),
        close: () => session.release(),
      };
    },
  };
}

async function loadOrt(name: EngineName, threads: number): Promise<Ort> {
  if (name === "onnxruntime-node") {
    const ort = (await loadEngine(name)) as Ort;
    ort.env.logLevel = "error";
    return ort;
  }
  if (threads !== 1)
    throw new LmError("training", `threads is ${threads}; onnxruntime-web runs here with 1 only`);
  const ort = await blamed(name, "load", async () => (await import("onnxruntime-web")) as unknown as Ort);
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  return ort;
}

async function blamed<T>(name: EngineName, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new LmError("engine_failed", `${name} did not ${verb}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
