import type { Baseline, Watch } from "./baseline.ts";
import type { Seen } from "./seen.ts";

const DAY = 86_400_000;

/** What every provider counts: the busiest day (UTC) of an account. */
function busiestDay(name: string, of: (seen: Seen) => number): Baseline {
  return {
    name,
    cite: "the thresholds every provider has; published campaigns run 13 to 860 exchanges per account and day",
    adapted: "nothing to adapt",
    interleaved: false,
    start: () => new DayWatch(of),
  };
}

export const exchangesPerDay: Baseline = busiestDay("volume: exchanges a day", () => 1);

/** Where the API reported no tokens, four characters count as one. */
export const tokensPerDay: Baseline = busiestDay("volume: tokens a day", ({ conversation, prompt }) => {
  const { inputTokens, outputTokens, answers } = conversation;
  const said = answers.reduce((sum, answer) => sum + answer.length, 0);
  return (inputTokens ?? prompt.length / 4) + (outputTokens ?? said / 4);
});

/** Share of exchanges refused for their rate, smoothed: who always stands at the limit. */
export const rateRefusals: Baseline = {
  name: "volume: share of 429",
  cite: "field practice: accounts that keep hitting their limits",
  adapted: "smoothed by ten exchanges",
  interleaved: false,
  start: () => {
    let n = 0;
    let refused = 0;
    return {
      observe: ({ exchange }) => {
        n++;
        if (exchange.status === 429) refused++;
      },
      score: () => refused / (n + 10),
    };
  },
};

class DayWatch implements Watch {
  readonly #of: (seen: Seen) => number;
  #day = -1;
  #today = 0;
  #most = 0;

  constructor(of: (seen: Seen) => number) {
    this.#of = of;
  }

  observe(seen: Seen): void {
    const day = Math.floor(seen.at / DAY);
    if (day !== this.#day) this.#today = 0;
    this.#day = day;
    this.#today += this.#of(seen);
    this.#most = Math.max(this.#most, this.#today);
  }

  score(): number {
    return this.#most;
  }
}
