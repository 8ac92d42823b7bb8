import { writeOnnx, type FileNode } from "../../../lm/graph/onnx-file.ts";
import { LONGEST, SHORTEST } from "./n-grams.ts";
import type { Classifier } from "./student-file.ts";
import { LENGTH } from "./vocabulary.ts";

/**
 * The classifier as an ONNX graph, for runtimes that are not ours. What a text is to the graph is told by `buckets` and `rarity` of student.json:
 *
 *   rows   int32 [texts, n]    row of each n-gram of the text (0 where `values` is 0)
 *   values float32 [texts, n]  its value
 *   probabilities float32 [texts, labels]
 */
export function encodeOnnx({ vocabulary, model }: Classifier): Uint8Array {
  const { labels, weights, scales, bias, temperature } = model;
  const rows = vocabulary.buckets.length;
  const node = (
    op: string,
    inputs: string[],
    output: string,
    attributes: FileNode["attributes"] = {},
  ): FileNode => ({
    op,
    domain: "",
    inputs,
    outputs: [output],
    attributes,
  });
  return writeOnnx({
    nodes: [
      node("Gather", ["weights", "rows"], "bytes"),
      // 1 is FLOAT.
      node("Cast", ["bytes"], "whole", { to: 1 }),
      node("Gather", ["scales", "rows"], "scale"),
      node("Mul", ["values", "scale"], "scaled"),
      node("Unsqueeze", ["scaled", "one"], "across"),
      // [texts, 1, n] x [texts, n, labels]
      node("MatMul", ["across", "whole"], "sums"),
      node("Squeeze", ["sums", "one"], "flat"),
      node("Add", ["flat", "bias"], "raw"),
      node("Div", ["raw", "temperature"], "logits"),
      node("Softmax", ["logits"], "probabilities", { axis: -1 }),
    ],
    constants: [
      { name: "weights", type: "int8", dims: [rows, labels], values: weights },
      { name: "scales", type: "float32", dims: [rows], values: scales },
      { name: "bias", type: "float32", dims: [labels], values: bias },
      { name: "temperature", type: "float32", dims: [], values: Float32Array.of(temperature) },
      { name: "one", type: "int64", dims: [1], values: BigInt64Array.of(1n) },
    ],
    inputs: [
      { name: "rows", type: "int32", dims: ["texts", "n"] },
      { name: "values", type: "float32", dims: ["texts", "n"] },
    ],
    outputs: [{ name: "probabilities", type: "float32", dims: ["texts", labels] }],
  });
}

/** How a text becomes the graph's input, for the card. */
export const RECIPE = [
  "text: the first `characters` UTF-16 units, NFKC, lower case, white space runs as one space, trimmed",
  "words: runs of letters, marks and digits; each character of Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar and each other character alone",
  `n-grams: words, pairs of neighbouring words (hash 0 at both ends), and runs of ${SHORTEST} to ${LONGEST} UTF-16 units of the text between two spaces`,
  "hash: FNV-1a over UTF-16 units, murmur3 finaliser; bucket: its upper 22 bits (word: one more FNV step with 1; pair: FNV of both hashes, then 2)",
  `value: sqrt(occurrences) * rarity of the row whose bucket it is, n-grams without a row left out, scaled to Euclidean length ${LENGTH}`,
] as const;
