/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** Prices by model; `*` stands for every model without its own. */
export type Prices = Readonly<Record<string, Price>>;

/**
 * Price of a request in USD. A model that has no price costs as much as the dearest in the table, so that a money
 * limit cannot be passed by asking for an unlisted name; with an empty table everything costs 0.
 */
export function priceOf(
  prices: Prices,
  model: string | null,
  inputTokens: number,
  outputTokens: number,
): number {
  const own = model !== null && Object.hasOwn(prices, model) ? prices[model] : undefined;
  const price = own ?? prices["*"] ?? dearest(prices);
  return (inputTokens * price.input + outputTokens * price.output) / 1e6;
}

function dearest(prices: Prices): Price {
  const all = Object.values(prices);
  return {
    input: Math.max(0, ...all.map((price) => price.input)),
    output: Math.max(0, ...all.map((price) => price.output)),
  };
}
