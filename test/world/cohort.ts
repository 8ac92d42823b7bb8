import type { Account } from "../../src/exchange/account.ts";
import type { Random } from "../../src/stats/random.ts";
import type { Archetype } from "./actor.ts";
import type { Circumstances, Citizen } from "./citizen.ts";
import { citizen, drawn, honest } from "./population.ts";

/** An honest group that has much in common. */
export interface CohortPlan {
  readonly name: string;
  readonly accounts: number;
  /** What one member is and shares; `group` is the same for all members, `own` is its own. */
  member(
    own: Random,
    group: Random,
    i: number,
  ): { readonly archetype: Archetype; readonly given: Circumstances };
}

/** The accounts of one cohort. */
export function cohortOf(
  plan: CohortPlan,
  nth: number,
  random: Random,
  idOf: (i: number) => string,
): Citizen[] {
  return Array.from({ length: plan.accounts }, (_, i) => {
    const own = random.fork(`member ${i}`);
    const { archetype, given } = plan.member(own.fork("membership"), random, i);
    return citizen(own, idOf(i), archetype, { ...given, cohort: `${plan.name} ${nth}` });
  });
}

/** An honest archetype by name. */
export function honestNamed(name: string): Archetype {
  const archetype = honest.find((each) => each.name === name);
  if (!archetype) throw new RangeError(`no honest archetype is called "${name}"`);
  return archetype;
}

/** Any honest archetype of a kind, as common as it is in the world. */
export function anyOf(random: Random, kind: Archetype["kind"]): Archetype {
  return drawn(
    random,
    honest.filter((each) => each.kind === kind),
  );
}

export type Facts = Partial<Account>;
