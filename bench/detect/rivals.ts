import { see } from "../baselines/seen.ts";
import { allBaselines } from "../baselines/all.ts";
import type { Baseline, Watch } from "../baselines/baseline.ts";
import { CHECKPOINTS, HORIZON } from "../../src/detect/trajectory.ts";
import { judged } from "../../src/detect/detector.ts";
import { merged } from "../../test/world/merge.ts";
import type { Account } from "../../src/exchange/account.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import type { Subject } from "./subjects.ts";

/** What each baseline says of an account, by its name: after every look (at the same exchanges as ours) and at the end. */
export type RivalScores = ReadonlyMap<string, readonly number[]>;

/** Honest accounts that baselines learn from in each fold, one an application while there are enough. */
const TAUGHT = 150;

/** Every baseline over the accounts of some folds, having learned from honest accounts of the others. By account. */
export function rivalScores(
  subjects: readonly Subject[],
  folds: readonly number[],
): Map<string, RivalScores> {
  const all = new Map<string, RivalScores>();
  for (const fold of folds) {
    const baselines = allBaselines({ network: networkOf });
    const lessons = lessonsFor(subjects, fold);
    for (const baseline of baselines) baseline.fit?.(lessons);
    const tested = subjects.filter((subject) => subject.fold === fold);
    for (const [account, scores] of watched(tested, baselines)) all.set(account, scores);
  }
  return all;
}

function lessonsFor(subjects: readonly Subject[], fold: number): Exchange[][] {
  const honest = subjects.filter(({ citizen, fold: its }) => !citizen.harvests && its !== fold);
  const byName = [...Map.groupBy(honest, ({ source, name }) => `${source} ${name}`).values()];
  const turns = Math.ceil(TAUGHT / byName.length);
  const taken = Array.from({ length: turns }, (_, turn) => byName.flatMap((its) => its[turn] ?? [])).flat();
  return taken.slice(0, TAUGHT).map(({ citizen, length }) => [...citizen.exchanges(length)].filter(judged));
}

/** Account by account, but for baselines that look at neighbours: those see all accounts of the fold at the same time, as a provider does. */
function watched(subjects: readonly Subject[], baselines: readonly Baseline[]): Map<string, RivalScores> {
  const alone = baselines.filter(({ interleaved }) => !interleaved);
  const together = baselines.filter(({ interleaved }) => interleaved);
  const states = new Map(
    subjects.map(({ citizen: { account } }) => [account.account, new Watching(account, together)]),
  );
  const acts = merged(
    subjects.map(({ citizen, length }) => citizen.acts(length)),
    ({ exchange }) => exchange.time,
  );
  for (const { exchange } of acts) states.get(exchange.account)?.observe(exchange);
  return new Map(
    subjects.map(({ citizen, length }) => {
      const own = new Watching(citizen.account, alone);
      for (const exchange of citizen.exchanges(length)) own.observe(exchange);
      const { account } = citizen.account;
      return [account, new Map([...own.end(), ...(states.get(account)?.end() ?? [])])];
    }),
  );
}

/** Some baselines on one account: their scores whenever ours looks. */
class Watching {
  readonly #watches: readonly { readonly name: string; readonly watch: Watch; readonly scores: number[] }[];
  #exchanges = 0;

  constructor(account: Account, baselines: readonly Baseline[]) {
    this.#watches = baselines.map((baseline) => ({
      name: baseline.name,
      watch: baseline.start(account),
      scores: [],
    }));
  }

  observe(exchange: Exchange): void {
    const seen = see(exchange);
    for (const { watch } of this.#watches) watch.observe(seen);
    if (!judged(exchange)) return;
    this.#exchanges++;
    if (CHECKPOINTS.includes(((this.#exchanges - 1) % HORIZON) + 1)) this.#note();
  }

  end(): RivalScores {
    this.#note();
    return new Map(this.#watches.map(({ name, scores }) => [name, scores]));
  }

  #note(): void {
    for (const { watch, scores } of this.#watches) scores.push(watch.score());
  }
}

/** The world's networks (test/world/infrastructure.ts), for the baseline whose authors know networks by their operators. */
function networkOf(asn: number): 0 | 1 | 2 {
  if (asn >= 64_512 && asn < 64_517) return 1;
  return (asn >= 64_517 && asn < 64_526) || (asn >= 64_580 && asn < 64_585) ? 2 : 0;
}
