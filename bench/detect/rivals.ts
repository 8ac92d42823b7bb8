import { see } from "../baselines/seen.ts";
import { allBaselines } from "../baselines/all.ts";
import type { Baseline, Watch } from "../baselines/baseline.ts";
import { CHECKPOINTS, HORIZON } from "../../src/detect/trajectory.ts";
import { judged } from "../../src/detect/detector.ts";
import { merged } from "../../test/world/merge.ts";
import type { Act } from "../../test/world/world.ts";
import type { Subject } from "./subjects.ts";

/** What each baseline says of an account, by its name: after every look (at the same exchanges as ours) and at the end. */
export type RivalScores = ReadonlyMap<string, readonly number[]>;

/** Honest accounts that baselines learn from in each fold, one an application while there are enough. */
const TAUGHT = 150;

/** Every baseline over the accounts of every fold, having learned from honest accounts of the other folds. */
export function rivalScores(subjects: readonly Subject[], folds: number): Map<Subject, RivalScores> {
  const all = new Map<Subject, RivalScores>();
  for (let fold = 0; fold < folds; fold++) {
    const baselines = allBaselines({ network: networkOf });
    const lessons = lessonsFor(subjects, fold);
    for (const baseline of baselines) baseline.fit?.(lessons);
    const tested = subjects.filter((subject) => subject.fold === fold);
    for (const [subject, scores] of watched(tested, baselines)) all.set(subject, scores);
  }
  return all;
}

function lessonsFor(subjects: readonly Subject[], fold: number): Act["exchange"][][] {
  const honest = subjects.filter(({ citizen, fold: its }) => !citizen.harvests && its !== fold);
  const byName = [...Map.groupBy(honest, ({ source, name }) => `${source} ${name}`).values()];
  const turns = Math.ceil(TAUGHT / byName.length);
  const taken = Array.from({ length: turns }, (_, turn) => byName.flatMap((its) => its[turn] ?? [])).flat();
  return taken.slice(0, TAUGHT).map(({ citizen, length }) => [...citizen.exchanges(length)].filter(judged));
}

/** All accounts of the fold at the same time, as a provider sees them: some baselines look at neighbours. */
function watched(subjects: readonly Subject[], baselines: readonly Baseline[]): Map<Subject, RivalScores> {
  const states = new Map(
    subjects.map((subject) => [
      subject.citizen.account.account,
      {
        subject,
        watches: baselines.map((baseline) => baseline.start(subject.citizen.account)),
        scores: baselines.map((): number[] => []),
        exchanges: 0,
      },
    ]),
  );
  const acts = merged(
    subjects.map(({ citizen, length }) => citizen.acts(length)),
    ({ exchange }) => exchange.time,
  );
  for (const { exchange } of acts) {
    const state = states.get(exchange.account);
    if (!state) continue;
    const seen = see(exchange);
    for (const watch of state.watches) watch.observe(seen);
    if (!judged(exchange)) continue;
    state.exchanges++;
    if (CHECKPOINTS.includes(((state.exchanges - 1) % HORIZON) + 1)) note(state);
  }
  for (const state of states.values()) note(state);
  return new Map(
    [...states.values()].map(({ subject, scores }) => [
      subject,
      new Map(baselines.map(({ name }, i) => [name, scores[i] as number[]])),
    ]),
  );
}

function note({
  watches,
  scores,
}: {
  readonly watches: readonly Watch[];
  readonly scores: readonly number[][];
}): void {
  for (const [i, watch] of watches.entries()) scores[i]?.push(watch.score());
}

/** The world's networks (test/world/infrastructure.ts), for the baseline whose authors know networks by their operators. */
function networkOf(asn: number): 0 | 1 | 2 {
  if (asn >= 64_512 && asn < 64_517) return 1;
  return (asn >= 64_517 && asn < 64_526) || (asn >= 64_580 && asn < 64_585) ? 2 : 0;
}
