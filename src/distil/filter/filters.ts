import { emptyFilter } from "./empty.ts";
import { exactDuplicateFilter } from "./exact-duplicate.ts";
import type { Filter } from "./filter.ts";
import { finishFilter } from "./finish.ts";
import { nearDuplicateFilter } from "./near-duplicate.ts";
import { refusalFilter } from "./refusal.ts";

/** In the order in which they judge: what is cheap and certain first, duplicates last, so that a bad row is nobody's original. */
export const filters: readonly Filter[] = [
  finishFilter,
  emptyFilter,
  refusalFilter,
  exactDuplicateFilter,
  nearDuplicateFilter,
];
