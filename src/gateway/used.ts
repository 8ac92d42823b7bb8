import { Buffer } from "node:buffer";
import { UsageScanner } from "../exchange/usage-scanner.ts";
import type { Usage } from "../ledger/recorder.ts";

/** Up to this many bytes an answer is scanned in one go, which costs one copy and spares a look at every joint. */
const ONE_GO = 256 * 1024;
const NOTHING: Usage = { input: null, output: null };

/**
 * The tokens of an answer: `usage` as the upstream reported them, `spent` with the number of events in place of output
 * tokens that a stream did not report (most servers send one token an event).
 */
export function usageOf(pieces: readonly Buffer[], bytes: number): { usage: Usage; spent: Usage } {
  const [first] = pieces;
  if (first === undefined) return { usage: NOTHING, spent: NOTHING };
  const scanner = new UsageScanner();
  if (pieces.length === 1) scanner.push(first);
  else if (bytes <= ONE_GO) scanner.push(Buffer.concat(pieces, bytes));
  else for (const piece of pieces) scanner.push(piece);
  const usage = scanner.usage();
  const events = scanner.events();
  return {
    usage,
    spent: usage.output === null && events > 0 ? { input: usage.input, output: events } : usage,
  };
}
