import { Buffer } from "node:buffer";
import { UsageScanner } from "../exchange/usage-scanner.ts";
import type { Usage } from "../ledger/recorder.ts";

/** Up to this many bytes an answer is scanned in one go, which costs one copy and spares a look at every joint. */
const ONE_GO = 256 * 1024;
const USAGE = Buffer.from('"usage"');
const NOTHING: Usage = { input: null, output: null };

export interface Used {
  /** Tokens as the upstream reported them. */
  readonly usage: Usage;
  /** The same, with the number of events for output tokens that a stream did not report: most send one token an event. */
  readonly spent: Usage;
}

/** The tokens of an answer, from its pieces and their length together. */
export function usageOf(pieces: readonly Buffer[], bytes: number): Used {
  const [first] = pieces;
  if (first === undefined) return { usage: NOTHING, spent: NOTHING };
  if (bytes > ONE_GO) return scan(pieces);
  const whole = pieces.length === 1 ? first : Buffer.concat(pieces, bytes);
  // Most answers name their usage once, near the end: what stands before it need not be looked at byte by byte.
  const at = whole.indexOf(USAGE);
  const short = at < 0 ? null : scan([whole.subarray(at)]);
  return short === null || short.usage.output === null ? scan([whole]) : short;
}

function scan(pieces: readonly Buffer[]): Used {
  const scanner = new UsageScanner();
  for (const piece of pieces) scanner.push(piece);
  const usage = scanner.usage();
  const events = scanner.events();
  return {
    usage,
    spent: usage.output === null && events > 0 ? { input: usage.input, output: events } : usage,
  };
}
