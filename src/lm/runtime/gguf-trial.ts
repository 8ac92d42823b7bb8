import { fork } from "node:child_process";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { LmError, type LmErrorCode } from "../error.ts";
import { printable } from "./llama-engine.ts";
import type { LlamaOptions } from "./llama.ts";

export interface Trial {
  readonly path: string;
  readonly options: LlamaOptions;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; code: LmErrorCode; message: string };

/** Half a minute to start, and then as a slow disk and a slow processor read: 10 MB a second. */
const START_MS = 30_000;
const BYTES_PER_MS = 10_000;

/** Of what llama.cpp writes before it ends the process. */
const KEPT = 16_384;

/**
 * Loads the file and runs it for a few tokens in a process of its own (`try-gguf.ts`): over a file that it does not
 * expect, llama.cpp aborts or reads where it must not, and takes the process with it.
 * Costs a second load, from the page cache: some 3 CPU-s for SmolLM2-135M with its default four sequences (M).
 * Throws LmError "format" when the process dies or its rows are not finite, else what opening the file threw there.
 */
export async function tryGguf(path: string, options: LlamaOptions): Promise<void> {
  const { size } = await stat(path);
  const limit = START_MS + size / BYTES_PER_MS;
  // Nothing of this process's own arguments is for it.
  const child = fork(fileURLToPath(new URL("./try-gguf.ts", import.meta.url)), [], {
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let verdict: Verdict | null = null;
  let late = false;
  let output = "";
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limit);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-KEPT);
    });
  child.on("message", (message) => {
    verdict = message as Verdict;
  });
  const ended = await new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.send({ path, options } satisfies Trial, () => {});
  });
  clearTimeout(timer);
  judge(path, verdict, late ? `was ended after ${Math.round(limit / 1000)} s` : `died of ${ended}`, output);
}

function judge(path: string, verdict: Verdict | null, end: string, output: string): void {
  if (verdict === null)
    throw new LmError(
      "format",
      `${path} is not opened: the process that tried it with llama.cpp ${end}; the file is damaged, needs more memory than there is, or is of a kind that llama.cpp cannot run${saying(output)}`,
    );
  if (verdict.ok) return;
  throw new LmError(verdict.code, verdict.message);
}

/** The line of what was written that says most. */
function saying(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((line) => /assert|error|what\(\)/i.test(line)) ?? lines.at(-1);
  return line === undefined ? "" : `: ${printable(line)}`;
}
