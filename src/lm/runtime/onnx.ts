import { FORBIDDEN } from "../graph/op/attention.ts";
import { stepGraph } from "../graph/step-graph.ts";
import type { ModelShape } from "../model/shape.ts";
import { checkModel, type Model } from "../model/weights.ts";
import {
  chooseEngine,
  type Engine as OnnxEngine,
  type EngineOptions,
  type Session,
  type Tensors,
} from "../train/engine.ts";
import { KeyValueTable } from "./key-value-table.ts";
import type { Reading, RowReader, Runtime } from "./runtime.ts";
import { commonPrefix, runtimeOf, type Together } from "./sequences.ts";

/** Tokens of one run over prompts or texts: enough to fill the processor, little enough to stay in its caches. */
const RUN_TOKENS = 2_048;
/** Logits of one run: 16 MB. */
const RUN_LOGITS = 4_194_304;

/**
 * The batched decoder: one ONNX graph over many sequences at a time, for harvests and scoring. Throws LmError "shape",
 * "weights", "engine_missing" or "engine_failed".
 */
export async function onnxRuntime(model: Model, options: EngineOptions = {}): Promise<Runtime> {
  const { shape } = checkModel(model);
  const engine = await chooseEngine(options);
  const session = oneAtATime(await engine.open(stepGraph(shape, model.weights)));
  const pass = { shape, engine, session };
  return runtimeOf<Row>({
    name: "onnx",
    vocab: shape.vocab,
    context: shape.context,
    batch: 64,
    together: () => tableOf(pass),
    read: (sequences, each, signal) => readAll(pass, sequences, each, signal),
    stop: () => session.close(),
  });
}

interface Pass {
  readonly shape: ModelShape;
  readonly engine: OnnxEngine;
  readonly session: Session;
}

/** A sequence: where it stands in the table, and its last row of logits. */
interface Row {
  index: number;
  length: number;
  logits: Float32Array;
}

function tableOf(pass: Pass): Together<Row> {
  const { shape } = pass;
  const table = new KeyValueTable(shape);
  const open: Row[] = [];

  const start = async (prompts: readonly ArrayLike<number>[]): Promise<readonly Row[]> => {
    const longest = Math.max(0, ...prompts.map(({ length }) => length), ...open.map(({ length }) => length));
    table.fit(open.length + prompts.length, longest + 1);
    const started = prompts.map(({ length }, i): Row => ({ index: open.length + i, length, logits: NONE }));
    const isNew = (i: number): boolean =>
      i === 0 || !sameTokens(prompts[i] as ArrayLike<number>, prompts[i - 1] as ArrayLike<number>);
    const distinct = prompts
      .map((tokens, i) => ({ tokens, from: tokens.length - 1, i }))
      .filter(({ i }) => isNew(i));
    await overBatches(pass, distinct, (outputs, batch, steps) => {
      for (const [at, { i, tokens }] of batch.entries()) {
        const row = started[i] as Row;
        keep(outputs, steps, at, row.index, 0, tokens.length);
        row.logits = rowOf(outputs, at, shape.vocab);
      }
    });
    for (const [i, row] of started.entries()) {
      if (isNew(i)) continue;
      table.copyRow(row.index - 1, row.index);
      row.logits = (started[i - 1] as Row).logits.slice();
    }
    open.push(...started);
    table.rows = open.length;
    return started;
  };

  const step = async (sequences: readonly Row[], tokens: readonly number[]): Promise<void> => {
    // Room for the new places too, so that nothing moves once the graph has run.
    table.fit(open.length, Math.max(...open.map(({ length }) => length)) + 1);
    const next = new Int32Array(open.length);
    for (const [i, { index }] of sequences.entries()) next[index] = tokens[i] as number;
    const outputs = await pass.session.run(stepInputs(pass, table, open, next));
    for (const row of open) {
      keep(outputs, 1, row.index, row.index, row.length, 1);
      row.logits = rowOf(outputs, row.index, shape.vocab);
      row.length++;
    }
  };

  const drop = (row: Row): void => {
    const last = open.pop() as Row;
    table.rows = open.length;
    if (last === row) return;
    table.copyRow(last.index, row.index);
    last.index = row.index;
    open[last.index] = last;
  };

  const keep = (
    outputs: Tensors,
    steps: number,
    from: number,
    to: number,
    at: number,
    length: number,
  ): void => {
    for (let layer = 0; layer < shape.layers; layer++) {
      table.put("keys", layer, numbers(outputs, `key.${layer}`), steps, from, to, at, length);
      table.put("values", layer, numbers(outputs, `value.${layer}`), steps, from, to, at, length);
    }
  };

  return { start, step, row: ({ logits }) => logits, drop };
}

/** One new token for each open sequence, whose places so far are in the table. */
function stepInputs(
  { shape, engine }: Pass,
  table: KeyValueTable,
  open: readonly Row[],
  tokens: Int32Array,
): Tensors {
  const rows = open.length;
  const columns = table.places + 1;
  const mask = new Float32Array(rows * columns).fill(FORBIDDEN);
  const positions = new Int32Array(rows);
  for (const { index, length } of open) {
    positions[index] = length;
    mask.fill(0, index * columns, index * columns + length);
    mask[index * columns + table.places] = 0;
  }
  const past = [rows, shape.heads, table.places, shape.width / shape.heads];
  const used = rows * table.rowSize;
  const inputs: Tensors = {
    tokens: engine.tensor(tokens, [rows, 1]),
    positions: engine.tensor(positions, [rows, 1]),
    mask: engine.tensor(mask, [rows, 1, 1, columns]),
    rows: engine.tensor(
      Int32Array.from({ length: rows }, (_, i) => i),
      [rows],
    ),
  };
  for (let layer = 0; layer < shape.layers; layer++) {
    inputs[`past_key.${layer}`] = engine.tensor((table.keys[layer] as Float32Array).subarray(0, used), past);
    inputs[`past_value.${layer}`] = engine.tensor(
      (table.values[layer] as Float32Array).subarray(0, used),
      past,
    );
  }
  return inputs;
}

async function readAll(
  pass: Pass,
  sequences: readonly Reading[],
  each: RowReader,
  signal?: AbortSignal,
): Promise<void> {
  const numbered = sequences.map((reading, i) => ({ ...reading, i }));
  await overBatches(pass, numbered, (outputs, batch) => {
    signal?.throwIfAborted();
    let row = 0;
    for (const { i, tokens, from } of batch)
      for (let position = from; position < tokens.length; position++)
        each(i, position, rowOf(outputs, row++, pass.shape.vocab));
  });
}

/**
 * Runs sequences from their beginning in batches of like length, padded on the right. The logits are the rows wanted
 * (`from` to the end), sequence by sequence; `steps` is the length of the longest.
 */
async function overBatches<R extends Reading>(
  pass: Pass,
  sequences: readonly R[],
  done: (outputs: Tensors, batch: readonly R[], steps: number) => void,
): Promise<void> {
  for (const batch of batchesOfLikeLength(sequences, pass.shape.vocab)) {
    const steps = Math.max(...batch.map(({ tokens }) => tokens.length));
    done(await pass.session.run(promptInputs(pass, batch, steps)), batch, steps);
  }
}

function batchesOfLikeLength<R extends Reading>(sequences: readonly R[], vocab: number): R[][] {
  const batches: R[][] = [];
  let batch: R[] = [];
  let rows = 0;
  for (const sequence of sequences.toSorted((a, b) => a.tokens.length - b.tokens.length)) {
    const { tokens, from } = sequence;
    const more = tokens.length - from;
    // The longest comes last, so it sets the padded size.
    const full = (batch.length + 1) * tokens.length > RUN_TOKENS || (rows + more) * vocab > RUN_LOGITS;
    if (full && batch.length > 0) {
      batches.push(batch);
      batch = [];
      rows = 0;
    }
    batch.push(sequence);
    rows += more;
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}

function promptInputs({ shape, engine }: Pass, batch: readonly Reading[], steps: number): Tensors {
  const count = batch.length;
  const tokens = new Int32Array(count * steps);
  const positions = new Int32Array(count * steps);
  const mask = new Float32Array(count * steps * steps).fill(FORBIDDEN);
  const rows: number[] = [];
  for (const [s, reading] of batch.entries()) {
    tokens.set(reading.tokens, s * steps);
    for (let l = 0; l < steps; l++) {
      const at = s * steps + l;
      positions[at] = l;
      // Padding comes after all that is real, so what no real token sees may see anything.
      mask.fill(0, at * steps, at * steps + l + 1);
    }
    for (let l = reading.from; l < reading.tokens.length; l++) rows.push(s * steps + l);
  }
  const inputs: Tensors = {
    tokens: engine.tensor(tokens, [count, steps]),
    positions: engine.tensor(positions, [count, steps]),
    mask: engine.tensor(mask, [count, 1, steps, steps]),
    rows: engine.tensor(Int32Array.from(rows), [rows.length]),
  };
  const past = [count, shape.heads, 0, shape.width / shape.heads];
  for (let layer = 0; layer < shape.layers; layer++) {
    inputs[`past_key.${layer}`] = engine.tensor(NONE, past);
    inputs[`past_value.${layer}`] = engine.tensor(NONE, past);
  }
  return inputs;
}

const NONE = new Float32Array(0);

function rowOf(outputs: Tensors, row: number, vocab: number): Float32Array {
  return numbers(outputs, "logits").subarray(row * vocab, (row + 1) * vocab);
}

function numbers(outputs: Tensors, name: string): Float32Array {
  return outputs[name]?.data as Float32Array;
}

function sameTokens(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && commonPrefix(a, b) === a.length;
}

/** onnxruntime-web runs one thing at a time, and more at a time would only share the processor. */
function oneAtATime(session: Session): Session {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (inputs, into) => {
      const next = last.then(() => session.run(inputs, into));
      last = next.catch(() => {});
      return next;
    },
    close: () => session.close(),
  };
}
