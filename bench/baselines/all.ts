import type { Baseline } from "./baseline.ts";
import { Embedding } from "./embedding.ts";
import { isolationForest } from "./forest.ts";
import { glasswally, type GlasswallyOptions } from "./glasswally.ts";
import { keywords } from "./keywords.ts";
import { mmd } from "./mmd.ts";
import { pradaGrowing, pradaOneSided, pradaTwoSided } from "./prada.ts";
import { seat } from "./seat.ts";
import { exchangesPerDay, rateRefusals, tokensPerDay } from "./volume.ts";

/**
 * Every baseline, new. Those in an embedding share one, so each must be given the same honest accounts. `fit` all that have it,
 * then `start` one watch an account and show all of them the same `see(x)`.
 */
export function allBaselines(options: GlasswallyOptions = {}): Baseline[] {
  const embedding = new Embedding();
  return [
    exchangesPerDay,
    tokensPerDay,
    rateRefusals,
    keywords,
    pradaGrowing(embedding),
    pradaOneSided(embedding),
    pradaTwoSided(embedding),
    seat(embedding),
    mmd(embedding),
    glasswally(options),
    isolationForest(),
  ];
}
