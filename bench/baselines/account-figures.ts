import { hashText } from "../../src/stats/hash.ts";
import type { Seen } from "./seen.ts";

const HOUR = 3_600_000;
/** Sets stop growing here; shares are of what was looked at until then. */
const MOST_KEPT = 5000;

/** What any provider's dashboard has of an account, without reading what is said. */
export class AccountFigures {
  n = 0;
  #first = 0;
  #last = 0;
  #input = 0;
  #output = 0;
  #outputSquare = 0;
  #turns = 0;
  #single = 0;
  #temperature = 0;
  #withTools = 0;
  #failed = 0;
  #gap = 0;
  #gapSquare = 0;
  readonly #hours = new Float64Array(24);
  readonly #prompts = new Set<number>();
  readonly #systems = new Set<number>();
  readonly #users = new Set<number>();
  readonly #addresses = new Set<string>();
  readonly #models = new Set<string>();
  readonly #agents = new Set<string>();

  add({ at, conversation, query, system, prompt, exchange }: Seen): void {
    const { inputTokens, outputTokens, answers, turns, sampling, tools, endUser } = conversation;
    const output = outputTokens ?? answers.reduce((sum, answer) => sum + answer.length, 0) / 4;
    const spoken = turns.filter(({ role }) => role === "user").length;
    if (this.n === 0) this.#first = at;
    else {
      // Minutes and days weigh alike in the variation of gaps.
      const gap = Math.log1p(Math.max(0, at - this.#last));
      this.#gap += gap;
      this.#gapSquare += gap * gap;
    }
    this.#last = at;
    this.n++;
    this.#input += inputTokens ?? prompt.length / 4;
    this.#output += output;
    this.#outputSquare += output * output;
    this.#turns += turns.length;
    if (spoken <= 1) this.#single++;
    this.#temperature += sampling.temperature ?? 1;
    if (tools > 0) this.#withTools++;
    if (exchange.status >= 400) this.#failed++;
    this.#hours[Math.floor(at / HOUR) % 24]!++;
    keep(this.#prompts, hashText(query));
    keep(this.#systems, hashText(system));
    if (endUser !== null) keep(this.#users, hashText(endUser));
    const { ip, userAgent } = exchange.client ?? {};
    if (ip !== undefined) keep(this.#addresses, ip);
    if (userAgent !== undefined) keep(this.#agents, userAgent);
    if (exchange.model !== undefined) keep(this.#models, exchange.model);
  }

  /** 19 figures; sizes and rates as logarithms. */
  row(): Float64Array {
    const { n } = this;
    const days = Math.max(1, (this.#last - this.#first) / (24 * HOUR));
    const output = this.#output / n;
    const gaps = Math.max(1, n - 1);
    return Float64Array.of(
      Math.log1p(n / days),
      Math.log1p((this.#input + this.#output) / days),
      Math.log1p(this.#input / n),
      Math.log1p(output),
      Math.sqrt(Math.max(0, this.#outputSquare / n - output * output)) / (output + 1),
      Math.log1p(this.#output) - Math.log1p(this.#input),
      this.#single / n,
      this.#turns / n,
      this.#prompts.size / Math.min(n, MOST_KEPT),
      Math.log1p(this.#systems.size),
      Math.log1p(this.#users.size),
      Math.log1p(this.#addresses.size),
      Math.log1p(this.#agents.size),
      Math.log1p(this.#models.size),
      entropy(this.#hours, n),
      Math.sqrt(Math.max(0, this.#gapSquare / gaps - (this.#gap / gaps) ** 2)),
      this.#temperature / n,
      this.#withTools / n,
      this.#failed / n,
    );
  }
}

function keep<T>(set: Set<T>, value: T): void {
  if (set.size < MOST_KEPT) set.add(value);
}

function entropy(counts: Float64Array, total: number): number {
  return counts.reduce((sum, c) => (c === 0 ? sum : sum - (c / total) * Math.log2(c / total)), 0);
}
