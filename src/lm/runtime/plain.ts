import { setImmediate as breathe } from "node:timers/promises";
import { checkModel, type Model } from "../model/weights.ts";
import { keepPrefix, newCache, plainForward, type Cache } from "./plain-forward.ts";
import type { Reading, RowReader, Runtime } from "./runtime.ts";
import { commonPrefix, runtimeOf } from "./sequences.ts";

/** Known tokens that are read before other work of this thread has its turn: 8 take some 3 ms at 361 k parameters. */
const BREATH = 8;

interface Growing {
  readonly cache: Cache;
  readonly row: Float32Array;
}

/**
 * The decoder in plain TypeScript: no dependency, one token of one sequence at a time, keys and values kept.
 * 361 k parameters (width 128, 2 layers): some 3,000 tokens/CPU-s (M). Throws LmError "shape" or "weights".
 */
export function plainRuntime(model: Model): Runtime {
  const { shape } = checkModel(model);
  const forward = plainForward(model);

  /** Feeds tokens[cache.length…]; gives `each` the rows from position `from` on. */
  const feed = async (
    cache: Cache,
    tokens: ArrayLike<number>,
    from: number,
    row: Float32Array,
    each?: (position: number) => void,
  ): Promise<void> => {
    for (let at = cache.length; at < tokens.length; at++) {
      if (at % BREATH === BREATH - 1) await breathe();
      const wanted = at >= from;
      forward(cache, tokens[at] as number, wanted ? row : null);
      if (wanted) each?.(at);
    }
  };

  const start = async (prompts: readonly ArrayLike<number>[]): Promise<readonly Growing[]> => {
    const started: Growing[] = [];
    for (const [i, prompt] of prompts.entries()) {
      const before = started[i - 1];
      const shared = before === undefined ? 0 : commonPrefix(prompts[i - 1] as ArrayLike<number>, prompt);
      const same = before?.cache.length === prompt.length && shared === prompt.length;
      // The last token is read again where a prompt is only another's beginning: its row was not kept.
      const kept = same ? shared : Math.min(shared, prompt.length - 1);
      const cache = before === undefined ? newCache(shape) : keepPrefix(before.cache, kept);
      const row = same ? before.row.slice() : new Float32Array(shape.vocab);
      await feed(cache, prompt, prompt.length - 1, row);
      started.push({ cache, row });
    }
    return started;
  };

  const step = async (sequences: readonly Growing[], tokens: readonly number[]): Promise<void> => {
    for (const [i, { cache, row }] of sequences.entries()) {
      // Another request's turn after each: a hundred answers to one must not hold up the only answer to another.
      if (i > 0) await breathe();
      forward(cache, tokens[i] as number, row);
    }
  };

  const read = async (
    sequences: readonly Reading[],
    each: RowReader,
    signal?: AbortSignal,
  ): Promise<void> => {
    const row = new Float32Array(shape.vocab);
    const cache = newCache(shape);
    let before: ArrayLike<number> = [];
    for (const [i, { tokens, from }] of sequences.entries()) {
      cache.length = Math.min(commonPrefix(before, tokens), from);
      await feed(cache, tokens, from, row, (position) => {
        signal?.throwIfAborted();
        each(i, position, row);
      });
      before = tokens;
    }
  };

  return runtimeOf<Growing>({
    name: "plain",
    vocab: shape.vocab,
    context: shape.context,
    batch: 1,
    together: () => ({ start, step, row: ({ row }) => row, drop: () => {} }),
    read,
    stop: () => Promise.resolve(),
  });
}
