import { type Course, CourseRecorder } from "../../src/detect/course.ts";
import { judged } from "../../src/detect/detector.ts";
import { Reader } from "../../src/detect/reading.ts";
import { builtInWeights } from "../../src/detect/weights.ts";
import { conversation } from "../../src/exchange/conversation.ts";
import { seeded } from "../../src/stats/random.ts";
import type { Evasion } from "../../test/world/disguise.ts";
import { around } from "../../test/world/text.ts";
import { type Citizen, generateWorld } from "../../test/world/world.ts";

/** Courses of world accounts by the weights that ship, to draw populations from. */
export interface Pool {
  readonly honest: readonly Course[];
  readonly harvest: readonly (Course & { readonly evasion: Evasion })[];
  readonly exchanges: number;
}

export interface PoolOptions {
  readonly seed: string;
  readonly honest: number;
  readonly harvest: number;
}

/** Accounts are of all lengths, most short; a fifth of them too short for a look. */
const MEDIAN_LENGTH = 80;
const LONGEST = 800;

export function poolOf({ seed, honest, harvest }: PoolOptions): Pool {
  const reader = new Reader();
  const weights = builtInWeights();
  let exchanges = 0;
  const courseOf = (citizen: Citizen, i: number): Course => {
    const length = Math.min(LONGEST, around(seeded(`${seed} length ${i}`), MEDIAN_LENGTH, 1));
    const course = new CourseRecorder(weights, citizen.account);
    for (const x of citizen.exchanges(length)) {
      exchanges++;
      if (judged(x)) course.observe(course.trajectory.read(reader, conversation(x)), x);
    }
    // Without the sketches, which are most of it.
    return { scores: course.scores, signals: course.signals, facts: course.facts };
  };
  const world = (name: string, accounts: number, share: number): Citizen[] => [
    ...generateWorld({
      seed: `${seed} ${name}`,
      accounts,
      exchangesPerAccount: 1,
      harvest: share,
      evasion: "mixed",
    }).citizens,
  ];
  const good = world("honest", honest, 0).map(courseOf);
  const bad = world("harvest", harvest, 1).map((citizen, i) => ({
    ...courseOf(citizen, i),
    evasion: citizen.evasion,
  }));
  return { honest: good, harvest: bad, exchanges };
}
