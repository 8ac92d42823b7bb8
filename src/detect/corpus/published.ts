import { addDistinct } from "../../stats/distinct.ts";
import type { Reading } from "../reading.ts";
import type { Slot } from "../slot.ts";
import { TEST, TRAINING } from "./corpus-index.ts";

/** Evaluation harnesses decode greedily: their temperature is 0, or so near that nothing is drawn. */
const GREEDY = 0.01;

const found = { training: null as number | null, test: 0 };

/**
 * How much of what is new in a prompt (not template) was published: shares of the tokens that stand in segments long enough to be
 * looked up. `training` is null when nothing was looked up; `test` is 0 above temperature 0. One object, reused.
 * @param distinct counts the different segments from training corpora
 */
export function publishedIn(r: Reading, slot: Slot, distinct: Uint8Array): Readonly<typeof found> {
  let looked = 0;
  let training = 0;
  let test = 0;
  for (let i = 0; i < r.segments; i++) {
    const known = r.segmentKnown[i] as number;
    if (known === 0 || !slot.isNew(i)) continue;
    const tokens = r.segmentTokens[i] as number;
    looked += tokens;
    if (known === TEST) test += tokens;
    if (known !== TRAINING) continue;
    training += tokens;
    addDistinct(distinct, r.segmentHash[i] as number);
  }
  const greedy = r.temperature !== null && r.temperature <= GREEDY;
  found.training = looked === 0 ? null : training / looked;
  found.test = looked === 0 || !greedy ? 0 : test / looked;
  return found;
}
