import type { AttributionTest } from "./attribution-test.ts";
import { canaries } from "./canaries.ts";
import { lexical } from "./lexical.ts";
import { linear } from "./linear.ts";
import { sign } from "./sign.ts";
import { twins } from "./twins.ts";

/** Every test there is; `conformance.test.ts` runs over them. */
export const attributionTests: readonly AttributionTest[] = [twins, lexical, canaries, sign, linear];
