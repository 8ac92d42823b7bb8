import { sizes, type Graph, type Value } from "../graph.ts";

export interface Targets {
  /** int32 [n, k]: tokens to which the target gives probability. Those with probability above 0 are distinct. */
  readonly ids: Value;
  /** float [n, k]: their probabilities; 0 is padding. What they leave of 1 belongs to all other tokens together. */
  readonly probs: Value;
  /** float [n]: 0 masks a position. */
  readonly weight: Value;
}

/** Keeps the loss of a token whose probability underflows finite. */
const TINY = 1e-30;
/** Less than this of a target's mass, or of the model's, on the unlisted is rounding. */
const ROUNDING = 1e-6;

/**
 * Sum over positions of weight · (- sum_k p_k log q_k - p_tail log q_tail), with q = softmax(logits [n, vocab]) and
 * q_tail = 1 - sum_k q_k: the cross-entropy of the distribution in which the unlisted tokens are one. (Where only the top
 * of a teacher's distribution is known, renormalising it would teach that the rest never occurs.)
 * Gives the loss (not differentiable as such) and its gradient with respect to the logits.
 */
export function crossEntropy(
  graph: Graph,
  logits: Value,
  targets: Targets,
): { loss: Value; gradient: Value } {
  const [n, vocab] = sizes(logits) as [number, number];
  const [, k] = sizes(targets.ids) as [number, number];
  const { probs } = targets;
  const one = graph.number(1);
  const each = [n, 1];
  const weight = graph.add("Reshape", [targets.weight, graph.list(n, 1)], each);
  const q = graph.add("Softmax", [logits], [n, vocab], { axis: -1 });
  const listed = graph.add("GatherElements", [q, targets.ids], [n, k], { axis: 1 });

  const sum = (x: Value): Value => graph.add("ReduceSum", [x, graph.list(1)], each, { keepdims: 1 });
  const log = (x: Value): Value =>
    graph.add("Log", [graph.add("Max", [x, graph.number(TINY)], x.dims)], x.dims);
  const rest = (x: Value): Value => graph.add("Sub", [one, sum(x)], each);
  const named = graph.add("Sign", [probs], [n, k]);
  const qTail = graph.add(
    "Max",
    [rest(graph.add("Mul", [listed, named], [n, k])), graph.number(ROUNDING)],
    each,
  );
  const left = rest(probs);
  const pTail = graph.add(
    "Where",
    [graph.add("Greater", [left, graph.number(ROUNDING)], each, {}, "bool"), left, graph.number(0)],
    each,
  );

  const ofListed = sum(graph.add("Mul", [probs, log(listed)], [n, k]));
  const ofTail = graph.add("Mul", [pTail, log(qTail)], each);
  const gain = graph.add("Mul", [graph.add("Add", [ofListed, ofTail], each), weight], each);
  const loss = graph.add("Neg", [graph.add("ReduceSum", [gain], [], { keepdims: 0 })], []);

  // d/dlogit_j = q_j - t_j with t_j = p_j for the listed and q_j ratio, ratio = p_tail / q_tail, for the others. So all
  // get q_j (1 - ratio), and the listed q_j ratio - p_j on top.
  const ratio = graph.add("Div", [pTail, qTail], each);
  const scale = graph.add("Mul", [graph.add("Sub", [one, ratio], each), weight], each);
  const base = graph.add("Mul", [q, scale], [n, vocab]);
  const extra = graph.add(
    "Sub",
    [graph.add("Mul", [graph.add("Mul", [listed, named], [n, k]), ratio], [n, k]), probs],
    [n, k],
  );
  const updates = graph.add("Mul", [extra, weight], [n, k]);
  const gradient = graph.add("ScatterElements", [base, targets.ids, updates], [n, vocab], {
    axis: 1,
    reduction: "add",
  });
  return { loss, gradient };
}
