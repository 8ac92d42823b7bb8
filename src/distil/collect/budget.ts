import { NOTHING, plus, type Bill } from "./bill.ts";

/** What a run may spend; null where there is no limit of that kind. */
export interface Limits {
  readonly dollars: number | null;
  /** Sent and answered together. */
  readonly tokens: number | null;
  readonly calls: number | null;
}

/** Sums of dollars are compared with this much room for rounding: a billionth of a dollar. */
const ROUNDING = 1e-9;

/**
 * A hard bound on what is spent. A call is reserved at its worst before it is sent; when its bill is known that takes the place
 * of the reservation, and a call whose outcome is unknown keeps it. So `upperBound` is never below the true bill, and a call that
 * could pass a limit is not sent.
 */
export class Budget {
  readonly limits: Limits;
  #known: Bill;
  #unknown: Bill;
  #reserved: Bill = NOTHING;

  /** @param before what earlier sessions of the run spent */
  constructor(
    limits: Limits,
    before: { readonly known: Bill; readonly unknown: Bill } = { known: NOTHING, unknown: NOTHING },
  ) {
    this.limits = limits;
    this.#known = before.known;
    this.#unknown = before.unknown;
  }

  /** Bills that are known. */
  get spent(): Bill {
    return this.#known;
  }

  /** Calls whose outcome is unknown, at their worst. */
  get unknown(): Bill {
    return this.#unknown;
  }

  /** No bill can be above this. */
  get upperBound(): Bill {
    return plus(plus(this.#known, this.#unknown), this.#reserved);
  }

  /** Whether a call fits now; `later`: not now, but perhaps when calls in flight turn out cheaper than their worst. */
  reserve(worst: Bill): "reserved" | "later" | "never" {
    if (this.#fits(plus(this.upperBound, worst))) {
      this.#reserved = plus(this.#reserved, worst);
      return "reserved";
    }
    return this.#fits(plus(plus(this.#known, this.#unknown), worst)) ? "later" : "never";
  }

  /** The call was billed so. */
  settle(worst: Bill, bill: Bill): void {
    this.#reserved = less(this.#reserved, worst);
    this.#known = plus(this.#known, bill);
  }

  /** A bill whose reservation was given back by itself. */
  add(bill: Bill): void {
    this.#known = plus(this.#known, bill);
  }

  /** The call surely was not billed. */
  release(worst: Bill): void {
    this.#reserved = less(this.#reserved, worst);
  }

  /** Nobody knows whether the call was billed. */
  lose(worst: Bill): void {
    this.#reserved = less(this.#reserved, worst);
    this.#unknown = plus(this.#unknown, worst);
  }

  /** A call that was unknown is now part of another one: the teacher bills one idempotency key once. */
  forget(worst: Bill): void {
    this.#unknown = less(this.#unknown, worst);
  }

  #fits({ calls, inputTokens, outputTokens, dollars }: Bill): boolean {
    const { limits } = this;
    return (
      (limits.dollars === null || dollars <= limits.dollars + ROUNDING) &&
      (limits.tokens === null || inputTokens + outputTokens <= limits.tokens) &&
      (limits.calls === null || calls <= limits.calls)
    );
  }
}

/** What is left when all calls are given back is nothing, not what rounding leaves; giving back more than there was is a fault of ours. */
function less(from: Bill, bill: Bill): Bill {
  if (bill.calls > from.calls)
    throw new RangeError(
      `${bill.calls} calls cannot be given back of ${from.calls}: the budget would count too little`,
    );
  return bill.calls === from.calls ? NOTHING : plus(from, bill, -1);
}
