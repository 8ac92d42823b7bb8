/**
 * Writer of ONNX files (protocol buffers, onnx/onnx.proto of ONNX 1.16). Only what the graphs here need.
 *
 * A protobuf field is `tag = number << 3 | kind` as varint, then for kind 0 a varint, for kind 5 four bytes little
 * endian, for kind 2 a varint length and that many bytes. So `08 0a` is field 1, varint 10 (ModelProto.ir_version).
 */

export type ElementType = "float32" | "int8" | "int32" | "int64" | "bool";
/** A size, or the name of one that is known when the graph runs. */
export type Dim = number | string;

export interface FileValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly Dim[];
}
export interface FileConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly values: Float32Array | Int8Array | Int32Array | BigInt64Array;
}
/** A whole number is written as INT (list: INTS), `{float}` as FLOAT, text as STRING. */
export type Attribute = number | readonly number[] | string | { readonly float: number };
export interface FileNode {
  readonly op: string;
  /** "" is ONNX's own operator set. */
  readonly domain: "" | "com.microsoft";
  /** "" stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}
export interface OnnxFile {
  readonly nodes: readonly FileNode[];
  readonly constants: readonly FileConstant[];
  readonly inputs: readonly FileValue[];
  readonly outputs: readonly FileValue[];
}

/** TensorProto.DataType. */
const TYPE_NUMBERS: Record<ElementType, number> = { float32: 1, int8: 3, int32: 6, int64: 7, bool: 9 };

export function writeOnnx(file: OnnxFile): Uint8Array {
  const graph = message(
    ...file.nodes.map((node) => field(1, writeNode(node))),
    text(2, "stillwatch"),
    ...file.constants.map((constant) => field(5, writeTensor(constant))),
    ...file.inputs.map((value) => field(11, writeValue(value))),
    ...file.outputs.map((value) => field(12, writeValue(value))),
  );
  // ModelProto: 1 ir_version, 7 graph, 8 opset_import {1 domain, 2 version}. IR 10 goes with operator set 21.
  return message(
    whole(1, 10),
    field(7, graph),
    field(8, message(text(1, ""), whole(2, 21))),
    field(8, message(text(1, "com.microsoft"), whole(2, 1))),
  );
}

/** NodeProto: 1 input, 2 output, 3 name, 4 op_type, 5 attribute, 7 domain. */
function writeNode(node: FileNode): Uint8Array {
  return message(
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(3, `${node.op} ${node.outputs[0]}`),
    text(4, node.op),
    ...Object.entries(node.attributes).map(([name, value]) => field(5, writeAttribute(name, value))),
    text(7, node.domain),
  );
}

/** AttributeProto: 1 name, 2 f, 3 i, 4 s, 8 ints, 20 type (1 FLOAT, 2 INT, 3 STRING, 7 INTS). */
function writeAttribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "number") return message(text(1, name), whole(3, value), whole(20, 2));
  if (typeof value === "string") return message(text(1, name), text(4, value), whole(20, 3));
  if ("float" in value) {
    const bytes = Buffer.alloc(5);
    bytes[0] = (2 << 3) | 5;
    bytes.writeFloatLE(value.float, 1);
    return message(text(1, name), bytes, whole(20, 1));
  }
  return message(text(1, name), ...value.map((n) => whole(8, n)), whole(20, 7));
}

/** TensorProto: 1 dims, 2 data_type, 8 name, 9 raw_data (little endian, as typed arrays are on every Node platform). */
function writeTensor({ name, type, dims, values }: FileConstant): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return message(...dims.map((n) => whole(1, n)), whole(2, TYPE_NUMBERS[type]), text(8, name), field(9, raw));
}

/** ValueInfoProto: 1 name, 2 type {1 tensor_type {1 elem_type, 2 shape {1 dim {1 dim_value | 2 dim_param}}}}. */
function writeValue({ name, type, dims }: FileValue): Uint8Array {
  const shape = message(
    ...dims.map((dim) => field(1, typeof dim === "number" ? whole(1, dim) : text(2, dim))),
  );
  const tensor = message(whole(1, TYPE_NUMBERS[type]), field(2, shape));
  return message(text(1, name), field(2, field(1, tensor)));
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

function text(number: number, content: string): Uint8Array {
  return field(number, Buffer.from(content, "utf8"));
}

/** Negative numbers are ten bytes of two's complement, as protobuf's int64 wants. */
function whole(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
