import type { Account } from "../../src/exchange/account.ts";
import type { Baseline, Watch } from "./baseline.ts";
import { Neighbours, type Network, type Party } from "./glasswally-neighbours.ts";
import {
  biometric,
  fingerprint,
  HourAndDay,
  reasoning,
  refusalProbe,
  rolePreamble,
  semantic,
  sequenceModel,
  sessionGap,
  tokenBudget,
  velocity,
  watermark,
  type Signal,
} from "./glasswally-workers.ts";
import type { Seen } from "./seen.ts";

/** As published, with their sum of 1 (glasswally/src/engine/fusion.rs, 16 workers). */
const WEIGHTS = {
  fingerprint: 0.14,
  velocity: 0.1,
  reasoning: 0.09,
  semantic: 0.08,
  hydra: 0.08,
  timing: 0.07,
  asn: 0.07,
  // HTTP/2 settings are not in our logs; its share stays unused, as it would for its authors.
  http2: 0.06,
  preamble: 0.06,
  pivot: 0.05,
  biometric: 0.05,
  watermark: 0.04,
  session: 0.04,
  budget: 0.03,
  refusal: 0.02,
  sequence: 0.02,
} as const;

type Worker = keyof typeof WEIGHTS;

/** Above so many events in a day, every eighth is judged: the published code looks at all events again at each. */
const ALWAYS_JUDGED = 100;
const JUDGED_EVERY = 8;

export interface GlasswallyOptions {
  /** Which kind of network an address is in, which the published code knows from the operator's name. */
  readonly network?: (asn: number) => Network;
}

/**
 * The composite score of Glasswally's workers at the published weights and bars, written anew from what they do. Its own
 * bars: 0.35 limit the rate, 0.55 look, 0.72 suspend.
 */
export function glasswally({ network = knownNetwork }: GlasswallyOptions = {}): Baseline {
  const neighbours = new Neighbours(network);
  return {
    name: "Glasswally's weights",
    cite: "github.com/m0rs3c0d3/Glasswally (MIT, February 2026), from its description",
    adapted:
      "JA4 and user agent instead of JA3; no header order, no HTTP/2 settings; phrase lists in our own words; the highest score an account ever had; payments compared one by one",
    interleaved: true,
    start: (account) => new GlasswallyWatch(neighbours, account ?? null),
  };
}

class GlasswallyWatch implements Watch {
  readonly #neighbours: Neighbours;
  readonly #window = new HourAndDay();
  readonly #country: string | null;
  readonly #party: Party;
  #events = 0;
  #most = 0;

  constructor(neighbours: Neighbours, account: Account | null) {
    this.#neighbours = neighbours;
    this.#country = account?.country ?? null;
    this.#party = neighbours.join(account);
  }

  observe(seen: Seen): void {
    this.#window.add(seen);
    this.#neighbours.add(this.#party, seen);
    this.#events++;
    if (this.#window.day.length > ALWAYS_JUDGED && this.#events % JUDGED_EVERY !== 0) return;
    this.#most = Math.max(this.#most, this.#composite(seen));
  }

  score(): number {
    return this.#most;
  }

  #composite(seen: Seen): number {
    const [window, neighbours, party] = [this.#window, this.#neighbours, this.#party];
    const chinese = this.#country === "CN";
    const signals: Partial<Record<Worker, Signal | null>> = {
      fingerprint: fingerprint(window, neighbours.clientsLike(party, seen), chinese),
      velocity: velocity(window),
      reasoning: reasoning(window),
      semantic: semantic(seen),
      hydra: neighbours.hydra(party, chinese),
      timing: neighbours.timing(seen.at),
      asn: neighbours.asn(party),
      preamble: rolePreamble(window, seen, neighbours.samePreamble(window)),
      pivot: neighbours.pivot(party, seen.at),
      biometric: biometric(window),
      watermark: watermark(seen),
      session: sessionGap(window),
      budget: tokenBudget(window),
      refusal: refusalProbe(window),
      sequence: sequenceModel(window),
    };
    let sum = 0;
    for (const [worker, signal] of Object.entries(signals) as [Worker, Signal | null][])
      if (signal !== null) sum += WEIGHTS[worker] * signal.score * (0.4 + 0.6 * signal.confidence);
    if (chinese) sum = Math.min(1, sum * 1.3);
    return neighbours.clusterSize(party) >= 5 ? Math.min(1, sum + 0.08) : sum;
  }
}

/** Some autonomous systems of the operators that are named. */
const CLOUDS = new Set([16509, 14618, 15169, 396982, 8075, 45102, 37963, 132203, 45090, 31898]);
const HOSTERS = new Set([
  14061, 63949, 20473, 24940, 16276, 12876, 51167, 60781, 174, 6939, 8100, 9009, 60068, 212238, 53667,
]);
const ABUSED = new Set([46844, 40676, 30058]);

function knownNetwork(asn: number): Network {
  return ABUSED.has(asn) ? 3 : HOSTERS.has(asn) ? 2 : CLOUDS.has(asn) ? 1 : 0;
}
