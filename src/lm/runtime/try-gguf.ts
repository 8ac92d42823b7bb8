import { LmError } from "../error.ts";
import { openGguf, type GgufModel } from "./llama.ts";
import type { Trial, Verdict } from "./gguf-trial.ts";

// A process that opens one GGUF file and runs it for a few tokens, for `gguf-trial.ts`: it may die of it.

const TEXT = "Hello, wörld 🙂 12\n\t\u0000<|x|> ";
const TOKENS = 16;

process.on("disconnect", () => process.exit());
process.once("message", (trial: Trial) => {
  void attempt(trial).then((verdict) => process.send?.(verdict, () => process.exit()));
});

async function attempt({ path, options }: Trial): Promise<Verdict> {
  try {
    const model = await openGguf(path, { ...options, trusted: true });
    await run(path, model);
    return { ok: true };
  } catch (error) {
    const { code, message } =
      error instanceof LmError ? error : new LmError("engine_failed", `${path}: ${(error as Error).message}`);
    return { ok: false, code, message };
  }
}

/** Its tokenizer, a prompt in one batch, and a step. */
async function run(path: string, { runtime, tokenizer }: GgufModel): Promise<void> {
  for (const token of tokenizer.encode(TEXT)) tokenizer.bytes(token);
  const room = Math.min(TOKENS, runtime.context);
  const prompt = Array.from({ length: Math.max(1, room - 1) }, (_, i) => i % runtime.vocab);
  const decoding = await runtime.open([prompt]);
  checkRow(path, decoding.rows.get(0) as Float32Array);
  if (room > prompt.length) await decoding.extend(new Map([[0, runtime.vocab - 1]]));
  checkRow(path, decoding.rows.get(0) as Float32Array);
  decoding.close();
}

/** Some tokens may be impossible, not all. */
function checkRow(path: string, row: Float32Array): void {
  if (
    row.some((logit) => Number.isNaN(logit) || logit === Infinity) ||
    row.every((logit) => logit === -Infinity)
  )
    throw new LmError(
      "format",
      `${path} is not opened: what it computes is not finite (NaN or infinite logits); its weights or its rope and norm settings are damaged`,
    );
}
