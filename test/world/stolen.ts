import type { Act, Citizen } from "./citizen.ts";
import { merged } from "./merge.ts";

/**
 * An honest account one of whose keys came into other hands: the owner's exchanges, and from the owner's n-th on also the
 * thief's, under the owner's name and first key, from the thief's places. The owner is the victim.
 */
export function withStolenKey(owner: Citizen, thief: Citizen, from: number): Citizen {
  const { account: id } = owner.account;
  const key = `key_${id}`;
  function* taken(count: number): Generator<Act> {
    let shift: number | null = null;
    let since = "";
    for (const { time } of owner.exchanges(from)) since = time;
    let nth = 0;
    for (const { exchange, harvest } of thief.acts(count)) {
      shift ??= Date.parse(since) - Date.parse(exchange.time) + 60_000;
      const time = new Date(Date.parse(exchange.time) + shift).toISOString();
      yield { exchange: { ...exchange, id: `ex_${id}_s${nth++}`, time, account: id, key }, harvest };
    }
  }
  // As many of the thief's as of the owner's that are still to come.
  const acts = (count: number): Generator<Act> => {
    const others = Math.max(0, Math.floor((count - from) / 2));
    return merged([owner.acts(count - others), taken(others)], ({ exchange }) => exchange.time);
  };
  return {
    ...owner,
    harvests: true,
    family: thief.family,
    acts,
    *exchanges(count) {
      for (const { exchange } of acts(count)) yield exchange;
    },
  };
}
