import { blamed, type GenerateNext, type LlamaSequence, type NextOutput } from "./llama-engine.ts";
import { commonPrefix } from "./sequences.ts";

/** Rows of one call: each comes as a map of the whole vocabulary, 3 MB for 49,000 tokens. */
const ROWS_AT_ONCE = 8;

interface Slot {
  readonly sequence: LlamaSequence;
  owner: object | null;
  busy: boolean;
  used: number;
}

/** What is wanted after position `at`; null: nothing. */
export type Wanted = (at: number) => GenerateNext | null;

/**
 * llama.cpp's few sequences, lent for one evaluation at a time. Whoever evaluates says all of its tokens; what a slot
 * already holds of them is not computed again. So any number of sequences may be open, nobody waits for a slot while
 * holding one, and a dialogue's next request finds its beginning still there. When more are open than there are slots,
 * they take them from each other and pay with reading again.
 */
export class Slots {
  readonly #slots: readonly Slot[];
  readonly #waiting: (() => void)[] = [];
  #clock = 0;

  constructor(sequences: readonly LlamaSequence[]) {
    this.#slots = sequences.map((sequence) => ({ sequence, owner: null, busy: false, used: 0 }));
  }

  /** Gives `each` what is wanted, in order. Owned, the slot is kept for its owner while others are free. */
  async evaluate(
    owner: object | null,
    tokens: readonly number[],
    wanted: Wanted,
    each: (at: number, output: NextOutput["next"]) => void,
  ): Promise<void> {
    const slot = await this.#take(owner, tokens);
    try {
      await evaluate(slot.sequence, tokens, wanted, each);
    } finally {
      slot.busy = false;
      this.#waiting.shift()?.();
    }
  }

  release(owner: object): void {
    for (const slot of this.#slots) if (slot.owner === owner) slot.owner = null;
  }

  async #take(owner: object | null, tokens: readonly number[]): Promise<Slot> {
    let free = this.#slots.filter(({ busy }) => !busy);
    while (free.length === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      free = this.#slots.filter(({ busy }) => !busy);
    }
    const held = (slot: Slot): number => commonPrefix(slot.sequence.contextTokens, tokens);
    const preferred = (a: Slot, b: Slot): number => {
      const rank = (slot: Slot): number =>
        slot.owner === null ? 1 : owner !== null && slot.owner === owner ? 0 : 2;
      return rank(a) - rank(b) || (rank(a) === 1 ? held(b) - held(a) : 0) || a.used - b.used;
    };
    const slot = free.reduce((best, one) => (preferred(one, best) < 0 ? one : best));
    slot.busy = true;
    slot.owner = owner;
    slot.used = ++this.#clock;
    return slot;
  }
}

async function evaluate(
  sequence: LlamaSequence,
  tokens: readonly number[],
  wanted: Wanted,
  each: (at: number, output: NextOutput["next"]) => void,
): Promise<void> {
  const first = tokens.findIndex((_, at) => wanted(at) !== null);
  const keep = Math.min(commonPrefix(sequence.contextTokens, tokens), first);
  await blamed("go back", () => sequence.adaptStateToTokens(tokens.slice(0, keep), false));
  // Some architectures cannot forget only the end; then less is left than was asked for.
  let at = sequence.nextTokenIndex;
  if (at < first)
    await blamed("evaluate", () => sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, first)));
  for (at = first; at < tokens.length; at += ROWS_AT_ONCE) {
    const piece = tokens
      .slice(at, at + ROWS_AT_ONCE)
      .map((token, i): number | [number, { generateNext: GenerateNext }] => {
        const generateNext = wanted(at + i);
        return generateNext === null ? token : [token, { generateNext }];
      });
    const outputs = await blamed("evaluate", () => sequence.controlledEvaluate(piece));
    for (let i = 0; i < piece.length; i++) {
      const output = outputs[i];
      if (output !== undefined) each(at + i, output.next);
    }
  }
}
