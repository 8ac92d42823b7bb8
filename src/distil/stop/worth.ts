import type { PredictedGain } from "./predict.ts";

export interface Worth {
  /** US dollars of the next round. */
  readonly price: number;
  /** US dollars that one point of quality (0.01) is worth. */
  readonly dollarsPerPoint?: number | undefined;
  /** The least gain in quality that a round must possibly bring. */
  readonly leastGain?: number | undefined;
}

export interface WorthVerdict {
  readonly go: boolean;
  /** A clause for people: "the next round …". */
  readonly because: string;
}

/**
 * Whether to pay for another round. It ends where the expected gain is worth less than its price, or where even the upper end of the
 * gain's interval is below the least gain. Without a prediction it goes on: ending would be a guess.
 */
export function worthIt(
  predicted: PredictedGain | null,
  { price, dollarsPerPoint, leastGain }: Worth,
): WorthVerdict {
  if (predicted === null)
    return { go: true, because: "there are too few rounds yet to predict what the next one brings" };
  const { gain, interval } = predicted;
  const adds = `the next round is predicted to add ${points(gain)} points (${points(interval[0])} to ${points(interval[1])})`;
  if (leastGain !== undefined && interval[1] < leastGain)
    return { go: false, because: `${adds}, not the ${points(leastGain)} that it must at least be able to` };
  if (dollarsPerPoint === undefined) return { go: true, because: adds };
  const value = gain * 100 * dollarsPerPoint;
  return {
    go: value >= price,
    because: `${adds}, worth ${dollars(value)} at ${dollars(dollarsPerPoint)} a point, for ${dollars(price)}`,
  };
}

function points(share: number): string {
  return (100 * share).toFixed(2);
}

function dollars(amount: number): string {
  return `$${amount > 0 && amount < 0.1 ? amount.toPrecision(2) : amount.toFixed(2)}`;
}
