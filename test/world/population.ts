import type { Random } from "../../src/stats/random.ts";
import type { Archetype } from "./actor.ts";
import { type Circumstances, type Citizen, settle } from "./citizen.ts";
import { carriers } from "./honest/carriers.ts";
import { code } from "./honest/code.ts";
import { evaluation } from "./honest/evaluation.ts";
import { labels } from "./honest/labels.ts";
import { lookup } from "./honest/lookup.ts";
import { neighbours } from "./honest/neighbours.ts";
import { people } from "./honest/people.ts";
import { talk } from "./honest/talk.ts";
import { texts } from "./honest/texts.ts";
import { writing } from "./honest/writing.ts";

export const honest: readonly Archetype[] = [
  ...labels,
  ...texts,
  ...lookup,
  ...code,
  ...talk,
  ...writing,
  ...carriers,
  ...people,
  ...neighbours,
  ...evaluation,
];

/** One account of an archetype; under a disguise with cover traffic of an honest one, unless another is given. */
export function citizen(
  random: Random,
  id: string,
  archetype: Archetype,
  given: Circumstances = {},
): Citizen {
  const cover = given.evasion ? (given.cover ?? drawn(random.fork("cover"), honest)) : undefined;
  return settle(random, id, archetype, { ...given, cover });
}

/** One of the archetypes by weight. Each has a draw of its own, so that a new one takes its share and moves no other (exponential race). */
export function drawn(random: Random, archetypes: readonly Archetype[]): Archetype {
  let first = archetypes[0] as Archetype;
  let soonest = Infinity;
  for (const archetype of archetypes) {
    const at = -Math.log(1 - random.fork(`draw ${archetype.name}`).uniform()) / archetype.weight;
    if (at < soonest) [first, soonest] = [archetype, at];
  }
  return first;
}
