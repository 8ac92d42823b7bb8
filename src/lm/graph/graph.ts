import {
  writeOnnx,
  type Attribute,
  type Dim,
  type ElementType,
  type FileConstant,
  type FileNode,
  type FileValue,
} from "./onnx-file.ts";

/** What flows along an edge. Two values are the same when their names are. */
export type Value = FileValue;

/** Gradients with respect to an operation's inputs from those of its outputs; null where there is none to give. */
export type Backward = (...outputs: Value[]) => readonly (Value | null)[];

interface Recorded {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly backward: Backward;
}

/** A graph in the making. Operations are functions that take it first (`op/*.ts`). */
export class Graph {
  readonly #nodes: FileNode[] = [];
  readonly #constants = new Map<string, FileConstant>();
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #tape: Recorded[] = [];
  readonly #numbers = new Map<number, Value>();
  /** Names that are not the caller's are % and a number. */
  #count = 0;

  input(name: string, type: ElementType, dims: readonly Dim[]): Value {
    const value = { name, type, dims };
    this.#inputs.push(value);
    return value;
  }

  constant(values: Float32Array | Int32Array | BigInt64Array, dims: readonly number[]): Value {
    const type =
      values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "int64";
    const name = `%${this.#count++}`;
    this.#constants.set(name, { name, type, dims, values });
    return { name, type, dims };
  }

  /** A float of no dimensions. */
  number(x: number): Value {
    let value = this.#numbers.get(x);
    if (value === undefined) this.#numbers.set(x, (value = this.constant(Float32Array.of(x), [])));
    return value;
  }

  /** A list of whole numbers, as axes and shapes are given. */
  list(...numbers: number[]): Value {
    return this.constant(BigInt64Array.from(numbers, BigInt), [numbers.length]);
  }

  /** Adds a node of one output, whose dims and type the caller knows. An `op` with a dot before it is com.microsoft's. */
  add(
    op: string,
    inputs: readonly (Value | null)[],
    dims: readonly Dim[],
    attributes: Readonly<Record<string, Attribute>> = {},
    type: ElementType = "float32",
  ): Value {
    return this.addMany(op, inputs, [dims], attributes, type)[0] as Value;
  }

  /** Adds a node of several outputs of one type. */
  addMany(
    op: string,
    inputs: readonly (Value | null)[],
    outputDims: readonly (readonly Dim[])[],
    attributes: Readonly<Record<string, Attribute>> = {},
    type: ElementType = "float32",
  ): Value[] {
    const outputs = outputDims.map((dims) => ({ name: `%${this.#count++}`, type, dims }));
    this.#nodes.push({
      op: op.startsWith(".") ? op.slice(1) : op,
      domain: op.startsWith(".") ? "com.microsoft" : "",
      inputs: inputs.map((value) => value?.name ?? ""),
      outputs: outputs.map((value) => value.name),
      attributes,
    });
    return outputs;
  }

  /** Remembers how gradients pass an operation. */
  record(outputs: readonly Value[], inputs: readonly Value[], backward: Backward): void {
    this.#tape.push({ outputs, inputs, backward });
  }

  /** Names a value as an output of the graph. */
  output(name: string, value: Value): void {
    this.#nodes.push({
      op: "Identity",
      domain: "",
      inputs: [value.name],
      outputs: [name],
      attributes: {},
    });
    this.#outputs.push({ ...value, name });
  }

  /**
   * Reverse mode: extends the graph by the gradients of `sum(seed * value)` over the given pairs with respect to `wanted`,
   * walking what was recorded backwards and adding up where a value was used more than once.
   */
  gradients(seeds: readonly (readonly [Value, Value])[], wanted: readonly Value[]): Value[] {
    const found = new Map<string, Value>();
    const collect = (at: Value, gradient: Value): void => {
      const before = found.get(at.name);
      found.set(at.name, before === undefined ? gradient : this.add("Add", [before, gradient], at.dims));
    };
    for (const [value, seed] of seeds) collect(value, seed);
    for (const { inputs, outputs, backward } of this.#tape.toReversed()) {
      const given = outputs.map((value) => found.get(value.name));
      if (given.every((gradient) => gradient === undefined)) continue;
      if (!given.every((gradient) => gradient !== undefined))
        throw new Error(`${outputs.map((x) => x.name).join(", ")}: only some outputs have a gradient`);
      for (const [i, gradient] of backward(...given).entries())
        if (gradient !== null) collect(inputs[i] as Value, gradient);
    }
    return wanted.map((value) => {
      const gradient = found.get(value.name);
      if (gradient === undefined) throw new Error(`nothing that is differentiated depends on ${value.name}`);
      return gradient;
    });
  }

  /** The graph as an ONNX file, without what no output needs. */
  file(): Uint8Array {
    const needed = new Set(this.#outputs.map((value) => value.name));
    const nodes: FileNode[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      for (const name of node.inputs) needed.add(name);
      nodes.push(node);
    }
    return writeOnnx({
      nodes: nodes.toReversed(),
      constants: [...this.#constants.values()].filter((constant) => needed.has(constant.name)),
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }
}

/** The sizes of a value all of whose sizes are known. */
export function sizes(value: Value): number[] {
  return value.dims.map((dim) => {
    if (typeof dim === "string") throw new Error(`${value.name} has the open size ${dim}`);
    return dim;
  });
}

/** A value's sizes with the last one 1, as a sum over the last dim leaves them. */
export function lastOne(value: Value): number[] {
  return [...sizes(value).slice(0, -1), 1];
}

/** For messages. */
export function described({ name, dims }: Value): string {
  return `${name} [${dims.join(", ")}]`;
}
