import type { DeliveryError } from "./error.ts";
import { connectionError } from "./error.ts";
import type { Message } from "./message.ts";
import type { Sink } from "./sink.ts";

/** Time and chance, passed in. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Resolves after so many ms, or when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Attempt {
  /** Failures in a row; 0 = the message was taken. */
  readonly failures: number;
  /** In one line; null when all is well. */
  readonly trouble: string | null;
  /** Nothing will change by itself: the receiver refuses. */
  readonly misconfigured: boolean;
  /** When it is tried again, ms since the epoch. */
  readonly nextAt: number | null;
}

/** First wait, and the longest, ms. A receiver that refuses is asked again, too: somebody will mend it. */
const WAITS = {
  broken: { first: 2_000, longest: 30 * 60_000 },
  refused: { first: 60_000, longest: 60 * 60_000 },
} as const;

/** What is on its way when Stillwatch stops has so long to arrive, ms. */
const LAST_CHANCE_MS = 3_000;

/**
 * Sends until the receiver has taken the message, for days if it must be: what comes later waits in the journal. Returns
 * false when it was stopped first.
 */
export async function sendUntilTaken(
  sink: Sink,
  message: Message,
  stop: AbortSignal,
  { now, random, wait }: Surroundings,
  report: (attempt: Attempt) => void,
): Promise<boolean> {
  for (let failures = 1; !stop.aborted; failures++) {
    try {
      const trouble = await sendOnce(sink, message, stop);
      report({ failures: 0, trouble, misconfigured: false, nextAt: null });
      return true;
    } catch (error) {
      if (stop.aborted) return false;
      const failure = connectionError(sink.where, error);
      const ms = waitAfter(failure, failures, random);
      const misconfigured = isRefused(failure);
      report({ failures, trouble: failure.message, misconfigured, nextAt: now() + ms });
      await wait(ms, stop);
    }
  }
  return false;
}

/** Exponential, and anywhere in its upper half, so that many senders do not come at once. */
export function waitAfter(error: DeliveryError, failures: number, random: () => number): number {
  const { first, longest } = isRefused(error) ? WAITS.refused : WAITS.broken;
  const most = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
  const asked = Math.min(error.retryAfterMs ?? 0, WAITS.refused.longest);
  return Math.max(asked, most * (0.5 + random() / 2));
}

function isRefused({ code }: DeliveryError): boolean {
  return code === "refused" || code === "config";
}

async function sendOnce(sink: Sink, message: Message, stop: AbortSignal): Promise<string | null> {
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onStop = (): void => {
    timer = setTimeout(() => giveUp.abort(), LAST_CHANCE_MS);
  };
  stop.addEventListener("abort", onStop, { once: true });
  try {
    return await sink.send(message, giveUp.signal);
  } finally {
    stop.removeEventListener("abort", onStop);
    clearTimeout(timer);
  }
}
